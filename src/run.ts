/**
 * Owns which command runs, and how it ends. In: the arguments, and the kernel's side, which is opened for commands that need it.
 * Out: an exit code: 0 when done, 1 when something outside is in the way, 2 for bad usage, 70 when only a new process helps.
 * What one command alone needs is loaded with it.
 * @module
 */
import { type Invocation, parse, reload } from "./cli/parse.ts";
import { CHECK_NAMES, type CheckName } from "./commands/check_rows.ts";
import type { Sampler } from "./commands/once.ts";
import {
  type CommandOutput,
  emit,
  EXIT,
  layoutFor,
} from "./commands/output.ts";
import { HANDLES } from "./config/environment.ts";
import { readRegularFile } from "./config/text_file.ts";
import { initOf, type KernelSide, leftOut } from "./kernel_side.ts";
import { type Note, prepare, type Prepared } from "./lives.ts";
import {
  stderrIsTerminal,
  stderrWriter,
  stdoutScreen,
  stdoutWriter,
} from "./log.ts";
import { collectorSpecs } from "./supervisor/collector_specs.ts";
import { startEarly } from "./supervisor/early_workers.ts";
import { VERSION, versionText } from "./version.ts";

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
    const invocation = await parse(args, {
      ...parsePorts(),
      requirable: CHECK_NAMES,
    });
    if (!("config" in invocation)) {
      finish(await outputOf(invocation, openKernelSide));
    }
    const side = openKernelSide();
    const prepared = await prepare(invocation, side);
    if ("acquired" in prepared) return await work(prepared, args, side);
    const { exitCode, message } = prepared;
    if (invocation.kind !== "serve") finish(failed(exitCode, message));
    // The last line says why, in the form that its readers expect.
    const { stderrLog } = await import("./stderr_log.ts");
    const log = stderrLog(invocation.config, side.clock);
    log.error(message);
    await log.flush();
    Deno.exit(exitCode);
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
  if (invocation.kind === "serve") {
    const { config } = invocation;
    const init = initOf(config, prepared.acquired, side);
    const early = startEarly({ ...side, init }, collectorSpecs(config));
    const { serve } = await import("./serve.ts");
    return await serve({
      ...prepared,
      config,
      init,
      early,
      reload: () => reload(args, parsePorts()),
    }, side);
  }
  finish(await sampled(invocation, prepared, side));
}

function parsePorts(): Parameters<typeof reload>[1] {
  return {
    stderrIsTerminal: stderrIsTerminal(),
    env: Deno.env.toObject(),
    readTextFile: readRegularFile,
  };
}

async function outputOf(
  invocation: Exclude<Invocation<CheckName>, { config: unknown }>,
  openKernelSide: () => KernelSide,
): Promise<CommandOutput> {
  switch (invocation.kind) {
    case "bench": {
      const { benchOutput } = await import("./commands/bench_wiring.ts");
      return await benchOutput(invocation, openKernelSide(), layout());
    }
    case "catalog": {
      const { catalogOutput } = await import("./commands/catalog.ts");
      return catalogOutput({ format: invocation.format, layout: layout() });
    }
    case "version":
      return printed(`${versionText()}\n`);
    case "help":
    case "print-config":
      return printed(invocation.text);
    case "error":
      return failed(invocation.exitCode, invocation.message);
  }
}

async function sampled(
  invocation: Exclude<Prepared["invocation"], { kind: "serve" }>,
  { acquired }: Prepared,
  side: KernelSide,
): Promise<CommandOutput> {
  const { config } = invocation;
  const sampleOnce = await side.loadSampler();
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
  const { check } = await import("./commands/check.ts");
  return check({ ...ports, ...invocation });
}

function layout(): ReturnType<typeof layoutFor> {
  return layoutFor(stdoutScreen(), Deno.env.get("COLUMNS"));
}

function printed(stdout: string): CommandOutput {
  return { stdout, stderr: [], exitCode: EXIT.done };
}

function failed(
  exitCode: CommandOutput["exitCode"],
  sentence: string,
): CommandOutput {
  return { stdout: "", stderr: [sentence], exitCode };
}

function finish(output: CommandOutput): never {
  const write = { stdout: stdoutWriter(), stderr: stderrWriter() };
  Deno.exit(emit(output, write));
}
