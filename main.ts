/**
 * Wires the agent to its process. The only place with the real threads and exit. In: the command line. Out: exit code 0 after a
 * stop, 1 when it cannot listen, 2 for bad usage, 70 when only a new process helps.
 * @module
 */
import { keepAllocatorSmall, openLibc } from "./ffi/mod.ts";
import { startAgent } from "./src/agent.ts";
import { parse } from "./src/cli/parse.ts";
import { systemClock } from "./src/clock.ts";
import type { Config } from "./src/config/config.ts";
import { ListenError } from "./src/http/listen_error.ts";
import { createLog, stderrWriter, stdoutWriter } from "./src/log.ts";
import { versionText } from "./src/version.ts";
import { acquire } from "./workers/acquire.ts";
import { mainThread } from "./workers/main_thread.ts";
import { initMessage } from "./workers/protocol.ts";

const EXIT = { cannotListen: 1, usage: 2, cannotGoOn: 70 } as const;

async function serve(config: Config): Promise<void> {
  keepAllocatorSmall();
  const kernel = openLibc();
  const clock = systemClock(kernel.monotonicMs);
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    write: stderrWriter(),
    unixMs: clock.unixMs,
  });
  function exit(code: number, message: string): never {
    log.error(message);
    Deno.exit(code);
  }
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    exit(EXIT.cannotGoOn, `Cannot go on: ${event.reason}`);
  });
  log.info(`${versionText()} starts`, { pid: Deno.pid });
  const acquired = acquire(kernel, config);
  const leaveOut = config.includeSelf ? undefined : acquired.ownIds;
  const agent = await startAgent({
    ...mainThread(kernel),
    config,
    facts: acquired.facts,
    clock,
    log,
    spawn: (name) =>
      new Worker(new URL(`./workers/${name}/worker.ts`, import.meta.url), {
        type: "module",
        name,
      }),
    init: (epoch, intervalMs) => initMessage(epoch, intervalMs, leaveOut),
    fatal: (message) => exit(EXIT.cannotGoOn, message),
  }).catch((error) => {
    if (!(error instanceof ListenError)) throw error;
    return exit(EXIT.cannotListen, error.message);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, async () => {
      await agent.stop(signal);
      Deno.exit(0);
    });
  }
}

const stderrIsTerminal = Deno.stderr.isTerminal();
const invocation = parse(Deno.args, { stderrIsTerminal });
switch (invocation.kind) {
  case "serve":
    await serve(invocation.config);
    break;
  case "version":
    stdoutWriter()(versionText() + "\n");
    break;
  case "help":
    stdoutWriter()(invocation.text);
    break;
  case "usage-error":
    stderrWriter()(invocation.message + "\n");
    Deno.exit(EXIT.usage);
}
