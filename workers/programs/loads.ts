/**
 * Owns the programs worker's end of the kernel's stream of loads and unloads. In: the worker's Init. Out: a reader, or nothing
 * where there is no stream: then births and ids alone tell what came and went.
 * @module
 */
import {
  LoadEventReader,
  type LoadEventsPort,
  openLoadEventsPort,
} from "../../ffi/sampling.ts";
import type { CollectInit } from "../protocol.ts";

export function loadsOf(
  { loadEvents }: CollectInit,
  openPort: () => LoadEventsPort = openLoadEventsPort,
): LoadEventReader | undefined {
  if (loadEvents === undefined) return undefined;
  const reader = LoadEventReader.over(openPort(), loadEvents);
  // Locked memory may have run out since it was opened.
  return typeof reader === "string" ? undefined : reader;
}
