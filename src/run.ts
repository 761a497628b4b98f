/**
 * Owns which command runs, and how it ends. In: the arguments, and the kernel's side, which is opened for commands that need it.
 * Out: an exit code: 0 when done, 1 when something outside is in the way, 2 for bad usage, 70 when only a new process helps.
 * What one command alone needs is loaded with it.
 * @module
 */
import { type Invocation, parse } from "./cli/parse.ts";
import { CHECK_NAMES, type CheckName } from "./commands/check_rows.ts";
import type { Sampler } from "./commands/once.ts";
import {
  type CommandOutput,
  emit,
  EXIT,
  layoutFor,
} from "./commands/output.ts";
import { readRegularFile } from "./config/text_file.ts";
import { type KernelSide, leftOut } from "./kernel_side.ts";
import {
  stderrIsTerminal,
  stderrWriter,
  stdoutScreen,
  stdoutWriter,
} from "./log.ts";
import { VERSION, versionText } from "./version.ts";

/** Runs a command to its end, but for `serve`, which returns once it serves. */
export async function run(
  args: readonly string[],
  openKernelSide: () => KernelSide,
): Promise<void> {
  try {
    const invocation = await parse(args, {
      stderrIsTerminal: stderrIsTerminal(),
      env: Deno.env.toObject(),
      readTextFile: readRegularFile,
      requirable: CHECK_NAMES,
    });
    if (invocation.kind === "serve") {
      const { serve } = await import("./serve.ts");
      return await serve(invocation, openKernelSide());
    }
    finish(await outputOf(invocation, openKernelSide));
  } catch (error) {
    finish(failed(EXIT.cannotGoOn, `Cannot go on: ${error}`));
  }
}

async function outputOf(
  invocation: Exclude<Invocation<CheckName>, { kind: "serve" }>,
  openKernelSide: () => KernelSide,
): Promise<CommandOutput> {
  switch (invocation.kind) {
    case "once":
    case "check":
      return await sampled(invocation, openKernelSide());
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
  invocation: Extract<Invocation<CheckName>, { kind: "once" | "check" }>,
  side: KernelSide,
): Promise<CommandOutput> {
  const { config } = invocation;
  const sampleOnce = await side.loadSampler();
  // Two samples of `once` are told apart by what ran between them; one alone shows what has been counted so far.
  const runStats = config.runStats &&
    (invocation.kind === "check" || invocation.rates);
  using acquired = side.acquire({ runStats, backend: config.backend });
  if (acquired.refused !== undefined) {
    return failed(EXIT.failed, acquired.refused);
  }
  const ports = {
    ...side,
    facts: acquired.facts,
    layout: layout(),
    version: VERSION,
    sample: (sink: Parameters<Sampler>[0]) =>
      sampleOnce(sink, {
        leaveOut: leftOut(config, acquired),
        iterators: acquired.iterators,
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
