/**
 * Owns the programs worker's end of the kernel's stream of loads and unloads. In: the worker's Init. Out: a reader, or nothing
 * where there is no stream: then births and ids alone tell what came and went.
 * @module
 */
import { type KernelPort, LoadEventReader } from "../../ffi/sampling.ts";
import type { CollectInit } from "../protocol.ts";

export function loadsOf(
  kernel: KernelPort,
  { loadEvents }: CollectInit,
): LoadEventReader | undefined {
  if (loadEvents === undefined) return undefined;
  const reader = LoadEventReader.over(kernel, loadEvents);
  // Locked memory may have run out since it was opened.
  return typeof reader === "string" ? undefined : reader;
}
