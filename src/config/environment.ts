/**
 * Owns the configuration's variables: `BPFPULSE_` and a setting's name. In: the environment of the process. Out: what it
 * assigns, or one sentence about the first variable that is wrong. Other programs' variables are never looked at.
 * @module
 */
import { HANDLES } from "./handles.ts";
import { nearestName } from "./nearest.ts";
import { quoted } from "./quoted.ts";
import type { Assignment } from "./resolve.ts";
import { identityOf, type Setting, SETTINGS } from "./settings.ts";
import { filePath, refusalSentence } from "./value_kind.ts";

export type Environment = Readonly<Record<string, string>>;

export interface EnvironmentRead {
  readonly assignments: readonly Assignment[];
  /** What BPFPULSE_CONFIG says. */
  readonly configPath: string | undefined;
}

const PREFIX = "BPFPULSE_";

const CONFIG = variableName("config");

/**
 * What Kubernetes sets in every pod beside a Service that is called bpfpulse. Source: kubelet's enableServiceLinks, and
 * the variables of Docker's links that it copies.
 */
const SERVICE_LINK =
  /^BPFPULSE_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/** `BPFPULSE_LOG_LEVEL` for `log-level`. */
export function variableName(setting: string): string {
  return PREFIX + setting.toUpperCase().replaceAll("-", "_");
}

export function readEnvironment(env: Environment): EnvironmentRead | string {
  const settings = new Map(
    SETTINGS.map((setting) => [variableName(setting.name), setting]),
  );
  const assignments: Assignment[] = [];
  let configPath: string | undefined;
  for (const [name, text] of Object.entries(env).sort()) {
    if (!name.startsWith(PREFIX) || isOthers(name, text)) continue;
    const setting = settings.get(name);
    if (name === CONFIG) {
      const parsed = filePath.parse(text);
      if (!parsed.ok) return refusalSentence(name, filePath, text, parsed);
      configPath = parsed.value;
    } else if (setting === undefined) {
      return unknownVariable(name, [...settings.keys(), CONFIG]);
    } else {
      const read = readVariable(name, setting, text);
      if (typeof read === "string") return read;
      assignments.push(...read);
    }
  }
  return { assignments, configPath };
}

function isOthers(name: string, text: string): boolean {
  return name === HANDLES || SERVICE_LINK.test(name) ||
    (name === "BPFPULSE_PORT" && /^(?:tcp|udp|sctp):\/\//.test(text));
}

/** Several values stand between commas. */
function readVariable(
  name: string,
  setting: Setting,
  text: string,
): Assignment[] | string {
  const assignments: Assignment[] = [];
  const seen = new Set<string>();
  for (const part of setting.form === "one" ? [text] : text.split(",")) {
    const parsed = setting.kind.parse(part);
    if (!parsed.ok) return refusalSentence(name, setting.kind, part, parsed);
    const identity = identityOf(setting, part);
    if (seen.has(identity)) {
      return `Cannot use ${name}: expected each value once, found ${
        quoted(identity)
      } twice`;
    }
    seen.add(identity);
    assignments.push({
      setting: setting.form === "keys"
        ? `${setting.name}.${identity}`
        : setting.name,
      change: parsed.value,
      origin: `variable ${name}`,
    });
  }
  return assignments;
}

/** The value is not shown: who mistypes a variable may have put a secret in it. */
function unknownVariable(name: string, names: readonly string[]): string {
  const nearest = nearestName(
    name.slice(PREFIX.length),
    names.map((name) => name.slice(PREFIX.length)),
  );
  return `Cannot use the variable ${
    quoted(name)
  }: expected ${PREFIX} and the name of a setting; did you mean ${PREFIX}${nearest}?`;
}
