/**
 * A thread that runs a program so many times each ms by test runs, on schedule in the long run however late it is called. In: a message
 * with the program's descriptor. Out: a count of runs that is right at any time, but for the batch that is under way.
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openLibc, testRunProgram } from "../../ffi/mod.ts";
import { BATCH_RUNS, RUNS, type Steady, STOP } from "./steady_runs.ts";

const PACKET_BYTES = 64;

self.onmessage = ({ data }: MessageEvent<Steady>) => {
  const kernel = openLibc();
  const packet = kernel.allocate(PACKET_BYTES);
  const words = new Int32Array(data.shared);
  const startMs = kernel.monotonicMs();
  let runs = 0;
  while (Atomics.wait(words, STOP, 0, 1) === "timed-out") {
    const due = (kernel.monotonicMs() - startMs) * data.runsPerMs;
    while (runs + BATCH_RUNS <= due && Atomics.load(words, STOP) === 0) {
      testRunProgram(kernel, data.programFd, packet, PACKET_BYTES, BATCH_RUNS);
      runs += BATCH_RUNS;
      Atomics.store(words, RUNS, runs);
    }
  }
  self.close();
};
