/**
 * Owns what the program is asked to do. In: the arguments, the environment, the configuration file. Out: one invocation with
 * a frozen Config; or one sentence about the first mistake and the exit code that goes with it.
 * @module
 */
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import { nearestName } from "../config/nearest.ts";
import { printConfig } from "../config/print.ts";
import { quoted } from "../config/quoted.ts";
import type { Resolved } from "../config/resolve.ts";
import type { FileRefusal, ReadTextFile } from "../config/text_file.ts";
import { orList } from "../config/value_kind.ts";
import { type BenchRequest, benchRequest } from "./bench_flags.ts";
import { type CommandLine, readCommandLine } from "./command_line.ts";
import {
  BENCH_FORMATS,
  CATALOG_FORMATS,
  CHECK_FORMATS,
  ONCE_FORMATS,
  ONCE_VIEWS,
  readNameList,
  settingsOf,
} from "./flags.ts";
import { commandPage, overviewPage } from "./usage.ts";

export interface ParsePorts<Requirable extends string = string> {
  readonly stderrIsTerminal: boolean;
  readonly env: Environment;
  readonly readTextFile: ReadTextFile;
  /** What `check --require` may name; at least one. */
  readonly requirable: readonly Requirable[];
}

export type OnceView = typeof ONCE_VIEWS[number];
export type OnceFormat = typeof ONCE_FORMATS[number];
export type CheckFormat = typeof CHECK_FORMATS[number];
export type BenchFormat = typeof BENCH_FORMATS[number];
export type CatalogFormat = typeof CATALOG_FORMATS[number];

/** The message is one sentence for the log. */
export type Reloaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly message: string };

/** Plain values: it can be handed to a later life of the process. */
export type Invocation<Requirable extends string = string> =
  | { readonly kind: "serve"; readonly config: Config }
  | {
    readonly kind: "once";
    readonly config: Config;
    readonly format: OnceFormat;
    readonly rates: boolean;
    readonly by: OnceView;
  }
  | {
    readonly kind: "check";
    readonly config: Config;
    readonly format: CheckFormat;
    /** Each of them once, in the order of `requirable`. */
    readonly require: readonly Requirable[];
  }
  | {
    readonly kind: "bench";
    readonly format: BenchFormat;
    readonly request: BenchRequest;
  }
  | {
    readonly kind: "catalog";
    readonly config: Config;
    readonly format: Exclude<CatalogFormat, "markdown">;
  }
  /** The same on every machine, whatever the configuration. */
  | { readonly kind: "catalog-markdown" }
  | { readonly kind: "version" }
  /** For standard output, with its final newline. */
  | { readonly kind: "help" | "print-config"; readonly text: string }
  /** For standard error; one line, without its newline. */
  | {
    readonly kind: "error";
    readonly exitCode: 1 | 2;
    readonly message: string;
  };

/** Never rejects, whatever the arguments, the variables and the file are. */
export async function parse<Requirable extends string>(
  args: readonly string[],
  ports: ParsePorts<Requirable>,
): Promise<Invocation<Requirable>> {
  const line = readCommandLine(args);
  if (typeof line === "string") return usageError(line);
  const { command: { name }, request, topic, options } = line;
  if (request !== "help" && (request === "version" || name === "version")) {
    return { kind: "version" };
  }
  if (request === "help" || name === "help" || name === "version") {
    const text = topic === undefined ? overviewPage() : commandPage(topic);
    return { kind: "help", text };
  }
  const catalogFormat = pick(CATALOG_FORMATS, options);
  if (name === "catalog" && catalogFormat === "markdown") {
    return { kind: "catalog-markdown" };
  }
  if (name === "bench") {
    return {
      kind: "bench",
      format: pick(BENCH_FORMATS, options),
      request: benchRequest(options),
    };
  }
  const required = readNameList(options.get("require") ?? "");
  const require = ports.requirable.filter((what) => required.includes(what));
  const names: readonly string[] = ports.requirable;
  const unknown = required.find((what) => !names.includes(what));
  if (unknown !== undefined) return usageError(notRequirable(unknown, names));
  const resolved = await configure(line, ports);
  if ("message" in resolved) return { kind: "error", ...resolved };
  if (request === "print-config") {
    const text = printConfig(resolved, settingsOf(name));
    return { kind: "print-config", text };
  }
  const { config } = resolved;
  switch (name) {
    case "serve":
      return { kind: "serve", config };
    case "once":
      return {
        kind: "once",
        config,
        format: pick(ONCE_FORMATS, options),
        rates: options.get("rates") === "true",
        by: ONCE_VIEWS.find((view) => view === options.get("by")) ?? "type",
      };
    case "check":
      return {
        kind: "check",
        config,
        format: pick(CHECK_FORMATS, options),
        require,
      };
    case "catalog":
      return {
        kind: "catalog",
        config,
        format: catalogFormat === "json" ? "json" : "table",
      };
  }
}

function usageError(message: string): Invocation & { kind: "error" } {
  return { kind: "error", exitCode: 2, message };
}

function configure(
  { assignments, options }: CommandLine,
  ports: Omit<ParsePorts, "requirable">,
): Promise<Resolved | FileRefusal> {
  return loadConfig({
    ...ports,
    flags: assignments,
    configPath: options.get("config"),
  });
}

/** Reads the file anew, under the arguments and the environment of the start. Never rejects for what is in the file. */
export async function reload(
  args: readonly string[],
  ports: Omit<ParsePorts, "requirable">,
): Promise<Reloaded> {
  const line = readCommandLine(args);
  const resolved = typeof line === "string"
    ? { message: line }
    : await configure(line, ports);
  return "message" in resolved
    ? {
      ok: false,
      message: `Keeping the configuration as it is: ${resolved.message}`,
    }
    : { ok: true, config: resolved.config };
}

/** The format that was asked for; the first one where none was. */
function pick<const T extends readonly [string, ...string[]]>(
  formats: T,
  options: ReadonlyMap<string, string>,
): T[number] {
  const asked = options.get("format");
  return formats.find((name) => name === asked) ?? formats[0];
}

function notRequirable(what: string, names: readonly string[]): string {
  return `Cannot use --require: expected ${orList(names)}, found ${
    quoted(what)
  }; did you mean ${nearestName(what, names)}?`;
}
