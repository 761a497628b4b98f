/**
 * Owns what happens between a command's line and its work: everything privileged is opened, then the process gives up what it
 * may do and begins a second life. In: an invocation, and the kernel's side. Out: what the command works with, in whichever life
 * that is; or one sentence and an exit code.
 * @module
 */
import type { Acquisition } from "../workers/acquire.ts";
import type { UserIds } from "../workers/lives.ts";
import type { CheckName } from "./check_names.ts";
import type { Invocation } from "./cli/parse.ts";
import { EXIT } from "./commands/output.ts";
import type { Config } from "./config/config.ts";
import { readRegularFile } from "./config/text_file.ts";
import type {
  HeldListener,
  PrivilegedListeners,
} from "./http/privileged_listeners.ts";
import type { KernelSide } from "./kernel_side.ts";
import { ownFiles } from "./own_files.ts";
import type { SecretTexts } from "./secrets.ts";

/** A command that samples. */
export type Sampling = Extract<
  Invocation<CheckName>,
  { kind: "serve" | "once" | "check" | "catalog" }
>;

/** What a command needs beside what was acquired, whichever life prepared it. Plain values. */
export interface Note {
  readonly invocation: Sampling;
  readonly secrets: SecretTexts;
  readonly listeners: readonly HeldListener[];
}

export interface Prepared extends Note {
  readonly acquired: Acquisition;
}

export interface Refused {
  readonly exitCode: typeof EXIT.failed | typeof EXIT.usage;
  readonly message: string;
}

const NOTHING_BOUND: PrivilegedListeners = {
  held: [],
  keep: [],
  abandon: () => Promise.resolve(),
};

/** Returns in this life only where no privilege is given up, or something is in the way. */
export async function prepare(
  invocation: Sampling,
  side: KernelSide,
): Promise<Prepared | Refused> {
  const { config } = invocation;
  const user = config.user === undefined
    ? undefined
    : side.findUser(config.user);
  if (typeof user === "string") return { exitCode: EXIT.usage, message: user };
  const unreadable = user && side.unreadableBy(user, ownFiles());
  if (user !== undefined && unreadable !== undefined) {
    return failed(
      `Cannot run as user ${user.name}: expected ${unreadable} to be readable by it, found that it is not; use the compiled binary, or put what bpfpulse runs from where ${user.name} can read it`,
    );
  }
  const leaves = !config.keepPrivileges &&
    (user !== undefined || side.hasPrivileges());
  if (leaves && invocation.kind === "serve") side.holdSignals();
  const secrets = await readSecrets(invocation);
  if ("message" in secrets) return secrets;
  const acquired = await side.acquire({
    runStats: whenRunsAreCounted(invocation),
    operations: invocation.kind === "once" ? "off" : config.operations,
    mapCpuEntries: config.mapCpuEntries,
    ringLosses: config.ringLosses,
    backend: config.backend,
    keepPrivileges: config.keepPrivileges,
    isDryRun: invocation.kind === "catalog",
  });
  if (acquired.refused !== undefined) return failed(acquired.refused);
  if (!leaves) return { invocation, secrets, listeners: [], acquired };
  const bound = await bindListeners(invocation, side, user);
  if ("message" in bound) return bound;
  const { held: listeners } = bound;
  const sentence = side.handOver(
    {
      acquired: { ...acquired, keep: [...acquired.keep, ...bound.keep] },
      note: { invocation, secrets, listeners },
    },
    { fds: listeners.map(({ fd }) => fd), user },
  );
  await bound.abandon();
  return failed(sentence);
}

/**
 * Two samples of `once` are told apart by what ran between them, which is a window of its own; one alone shows what has been counted so
 * far.
 */
function whenRunsAreCounted(invocation: Sampling): Config["runStats"] {
  const { runStats } = invocation.config;
  if (invocation.kind !== "once" || runStats === "off") return runStats;
  return invocation.rates ? "on" : "off";
}

async function readSecrets(
  { kind, config }: Sampling,
): Promise<SecretTexts | Refused> {
  if (kind !== "serve" || (config.tls ?? config.authTokenFile) === undefined) {
    return {};
  }
  const { SecretError, Secrets } = await import("./secrets.ts");
  try {
    return new Secrets(config, readRegularFile).texts;
  } catch (error) {
    if (error instanceof SecretError) return failed(error.message);
    throw error;
  }
}

async function bindListeners(
  { kind, config }: Sampling,
  side: KernelSide,
  owner: UserIds | undefined,
): Promise<PrivilegedListeners | Refused> {
  const firstUnprivilegedPort = side.firstUnprivilegedPort();
  const privileged = config.listen.some((address) =>
    "path" in address || address.port < firstUnprivilegedPort
  );
  if (kind !== "serve" || !privileged) return NOTHING_BOUND;
  const { bindPrivileged } = await import("./http/privileged_listeners.ts");
  const { ListenError } = await import("./http/listen_error.ts");
  try {
    return await bindPrivileged(config.listen, {
      clock: side.clock,
      firstUnprivilegedPort,
      denoVersion: Deno.version.deno,
      owner,
      bind: (address, backlog) => side.bind(address, backlog),
    });
  } catch (error) {
    if (error instanceof ListenError) return failed(error.message);
    throw error;
  }
}

function failed(message: string): Refused {
  return { exitCode: EXIT.failed, message };
}
