/**
 * Owns the life of the serving process: its log, its signals, its end. In: the invocation, and what only `main.ts` may reach.
 * Out: an exit code (README has their meaning), after a last line that says why.
 * @module
 */
import { type AgentPorts, type RunningAgent, startAgent } from "./agent.ts";
import type { Reloaded } from "./cli/parse.ts";
import { EXIT } from "./commands/output.ts";
import type { Config } from "./config/config.ts";
import { formatListen } from "./config/listen.ts";
import { readRegularFile } from "./config/text_file.ts";
import type { Inherited } from "./http/listen.ts";
import { ListenError } from "./http/listen_error.ts";
import { removeSockets } from "./http/privileged_listeners.ts";
import { TlsError } from "./http/tls.ts";
import type { KernelSide } from "./kernel_side.ts";
import type { Prepared } from "./lives.ts";
import { Secrets } from "./secrets.ts";
import { stderrLog } from "./stderr_log.ts";
import { versionText } from "./version.ts";

/** What the operator can put right by reading one sentence. */
const THEIRS_TO_MEND = [ListenError, TlsError];

export interface ServeOptions
  extends
    Pick<Prepared, "acquired" | "secrets" | "listeners">,
    Pick<AgentPorts, "init" | "early"> {
  readonly config: Config;
  /** Reads the configuration anew. */
  reload(): Promise<Reloaded>;
}

export async function serve(
  { config, reload, init, early, acquired, secrets, listeners }: ServeOptions,
  side: KernelSide,
): Promise<void> {
  const { clock } = side;
  const log = stderrLog(config, clock);
  const inherited = inheritedOf(listeners, side);
  let agent: RunningAgent | undefined;
  let ending = false;
  let reloadAsked = false;

  async function end(code: number): Promise<void> {
    await inherited.abandon();
    await log.flush();
    Deno.exit(code);
  }
  function fail(code: number, message: string): void {
    if (ending) return;
    ending = true;
    log.error(message);
    void end(code);
  }
  async function stop(signal: string): Promise<void> {
    if (ending) return;
    ending = true;
    await agent?.stop(signal);
    await end(EXIT.done);
  }

  async function renew(): Promise<void> {
    reloadAsked = true;
    if (agent === undefined) return;
    const reloaded = await reload();
    if (reloaded.ok) agent.reload(reloaded.config);
    else log.warn(reloaded.message);
  }

  // Before anything else: a signal may come at once, and unheard each of them ends the process.
  Deno.addSignalListener("SIGTERM", () => void stop("SIGTERM"));
  Deno.addSignalListener("SIGINT", () => void stop("SIGINT"));
  Deno.addSignalListener("SIGHUP", () => void renew());
  side.releaseSignals();
  for (const kind of ["unhandledrejection", "error"] as const) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      const cause = "reason" in event ? event.reason : event.message;
      fail(EXIT.cannotGoOn, `Cannot go on: ${cause}`);
    });
  }
  log.info(`${versionText()} starts`, { pid: Deno.pid });
  try {
    agent = await startAgent({
      ...side,
      config,
      secrets: new Secrets(config, readRegularFile, secrets),
      facts: acquired.facts,
      newestIds: acquired.newestIds,
      inherited,
      log,
      init,
      early,
      buried: (name) => side.closeLeftOpen(name, acquired),
      fatal: (message) => fail(EXIT.cannotGoOn, message),
    });
  } catch (error) {
    const known = THEIRS_TO_MEND.some((kind) => error instanceof kind);
    return known
      ? fail(EXIT.failed, (error as Error).message)
      : fail(EXIT.cannotGoOn, `Cannot start: ${error}`);
  }
  if (reloadAsked) await renew();
}

function inheritedOf(
  listeners: Prepared["listeners"],
  side: Pick<KernelSide, "duplicate" | "close">,
): Inherited & {
  /** Ends what no server has released: it never began, or could not stop in order. */
  abandon(): Promise<void>;
} {
  const held = new Map(
    listeners.map((listener) => [formatListen(listener.address), listener]),
  );
  return {
    duplicate(address) {
      const listener = held.get(formatListen(address));
      return listener && side.duplicate(listener.fd);
    },
    release(address) {
      const listener = held.get(formatListen(address));
      if (listener !== undefined) side.close(listener.fd);
      held.delete(formatListen(address));
    },
    abandon: () => removeSockets([...held.values()]),
  };
}
