/**
 * Owns which command runs, and how it ends. In: the arguments, and the kernel's side, which is opened for commands that need it.
 * Out: an exit code: 0 when done, 1 when something outside is in the way, 2 for bad usage, 70 when only a new process helps.
 * What one command or one life of the process alone needs is loaded with it.
 * @module
 */
import type { Reloaded } from "./cli/parse.ts";
import type { Sampler } from "./commands/once.ts";
import { type CommandOutput, emit, EXIT, failed } from "./commands/output.ts";
import { HANDLES } from "./config/handles.ts";
import { initOf, type KernelSide, leftOut } from "./kernel_side.ts";
import type { Note, Prepared } from "./lives.ts";
import { stderrWriter, stdoutWriter } from "./log.ts";
import { collectorSpecs } from "./supervisor/collector_specs.ts";
import { startEarly } from "./supervisor/early_workers.ts";
import { VERSION } from "./version.ts";

/** Runs a command to its end, but for `serve`, which returns once it serves. */
export async function run(
  args: readonly string[],
  openKernelSide: () => KernelSide,
): Promise<void> {
  try {
    // A second life has been told everything; the arguments are the first one's.
    if (Deno.env.has(HANDLES)) {
      const side = openKernelSide();
      const left = side.takeOver<Note>();
      if (typeof left === "string") finish(failed(EXIT.usage, left));
      if (left !== undefined) {
        const { note, acquired } = left;
        return await work({ ...note, acquired }, args, side);
      }
    }
    const { firstLife } = await import("./first_life.ts");
    const ready = await firstLife(args, openKernelSide);
    if ("exitCode" in ready) finish(ready);
    await work(ready.prepared, args, ready.side);
  } catch (error) {
    finish(failed(EXIT.cannotGoOn, `Cannot go on: ${error}`));
  }
}

/** Does what was prepared for. */
async function work(
  prepared: Prepared,
  args: readonly string[],
  side: KernelSide,
): Promise<void> {
  const { invocation } = prepared;
  if (invocation.kind !== "serve") {
    finish(await sampled(invocation, prepared, side));
  }
  const { config } = invocation;
  const init = initOf(config, prepared.acquired, side);
  const early = startEarly({ ...side, init }, collectorSpecs(config));
  const { serve } = await import("./serve.ts");
  await serve({
    ...prepared,
    config,
    init,
    early,
    reload: () => reloaded(args),
  }, side);
}

async function reloaded(args: readonly string[]): Promise<Reloaded> {
  const { reload } = await import("./cli/parse.ts");
  const { processPorts } = await import("./cli/process_ports.ts");
  return await reload(args, processPorts());
}

async function sampled(
  invocation: Exclude<Prepared["invocation"], { kind: "serve" }>,
  { acquired }: Prepared,
  side: KernelSide,
): Promise<CommandOutput> {
  const { config } = invocation;
  const sampleOnce = await side.loadSampler();
  const { layout } = await import("./commands/screen.ts");
  const ports = {
    ...side,
    facts: acquired.facts,
    layout: layout(),
    version: VERSION,
    sample: (sink: Parameters<Sampler>[0]) =>
      sampleOnce(sink, {
        leaveOut: leftOut(config, acquired),
        opened: acquired,
        intervalMs: config.intervalMs,
      }),
  };
  if (invocation.kind === "once") {
    const { once } = await import("./commands/once.ts");
    return await once({ ...ports, ...invocation });
  }
  if (invocation.kind === "catalog") {
    const { catalogHere } = await import("./commands/catalog.ts");
    return catalogHere({ ...ports, ...invocation });
  }
  const { check } = await import("./commands/check.ts");
  return check({ ...ports, ...invocation });
}

function finish(output: CommandOutput): never {
  const write = { stdout: stdoutWriter(), stderr: stderrWriter() };
  Deno.exit(emit(output, write));
}
