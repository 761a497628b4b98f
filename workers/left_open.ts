/**
 * Owns the end of what a worker left open: a thread that ends leaves its descriptors to the process, so that a window of counting would
 * stay open, and what it attached would count everything twice once another worker took its place. In: what was opened at start. Out:
 * nothing is counted by anybody who is gone.
 * @module
 */
import type { KernelPort, ReadLink } from "../ffi/process.ts";
import { closeLinksOf } from "./programs/own_links.ts";
import { closeStatsOf } from "./programs/own_stats.ts";
import type { CollectorName, Opened } from "./protocol.ts";

/** Only once the worker's thread is gone, and before another one is started. */
export function closeLeftOpen(
  kernel: KernelPort,
  name: CollectorName,
  { runStats, operations }: Pick<Opened, "runStats" | "operations">,
  readLink?: ReadLink,
): void {
  if (name !== "programs") return;
  if (runStats !== undefined) closeStatsOf(kernel, readLink);
  // Attached for good, it is the main thread's.
  if (operations !== undefined && operations.mode !== "on") {
    closeLinksOf(kernel, operations.programs.ids);
  }
}
