/**
 * Owns what the process does before it gives its privileges up: the arguments are read, and what they ask for is prepared. In: the
 * arguments, and the kernel's side, which is opened for commands that need it. Out: what a command works with, where it goes on
 * in this life; or how it ended.
 * @module
 */
import { type Invocation, parse } from "./cli/parse.ts";
import { processPorts } from "./cli/process_ports.ts";
import { CHECK_NAMES, type CheckName } from "./check_names.ts";
import { type CommandOutput, failed, printed } from "./commands/output.ts";
import { layout } from "./commands/screen.ts";
import type { KernelSide } from "./kernel_side.ts";
import { prepare, type Prepared } from "./lives.ts";
import { versionText } from "./version.ts";

export async function firstLife(
  args: readonly string[],
  openKernelSide: () => KernelSide,
): Promise<{ prepared: Prepared; side: KernelSide } | CommandOutput> {
  const invocation = await parse(args, {
    ...processPorts(),
    requirable: CHECK_NAMES,
  });
  if (!("config" in invocation)) {
    return await outputOf(invocation, openKernelSide);
  }
  const side = openKernelSide();
  const prepared = await prepare(invocation, side);
  if ("acquired" in prepared) return { prepared, side };
  const { exitCode, message } = prepared;
  if (invocation.kind !== "serve") return failed(exitCode, message);
  // The last line says why, in the form that its readers expect.
  const { stderrLog } = await import("./stderr_log.ts");
  const log = stderrLog(invocation.config, side.clock);
  log.error(message);
  await log.flush();
  return { stdout: "", stderr: [], exitCode };
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
    case "catalog-markdown": {
      const { catalogAsMarkdown } = await import("./commands/catalog.ts");
      return catalogAsMarkdown();
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
