/**
 * Wires the commands to the kernel and to threads, which src/ may not reach. In: the command line. Out: an exit code (README
 * has their meaning).
 * @module
 */
import {
  keepAllocatorSmall,
  openLibc,
  refuseDebugger,
  unlimitLockedMemory,
} from "./ffi/process.ts";
import { systemClock } from "./src/clock.ts";
import { HANDLES } from "./src/config/handles.ts";
import type { KernelSide } from "./src/kernel_side.ts";
import { run } from "./src/run.ts";
import { livesOf } from "./workers/lives.ts";
import { mainThread } from "./workers/main_thread.ts";
import { initMessage } from "./workers/protocol.ts";

/** The workers' entries are what this module is: TypeScript in the checkout, JavaScript once bundled. */
const EXT = import.meta.url.slice(import.meta.url.lastIndexOf("."));

function kernelSide(): KernelSide {
  const giveMemoryBack = keepAllocatorSmall();
  unlimitLockedMemory();
  const kernel = openLibc();
  const lives = livesOf(kernel, HANDLES);
  return {
    ...mainThread(kernel),
    ...lives,
    giveMemoryBack,
    refuseDebugger,
    clock: systemClock(kernel.monotonicMs),
    acquire: async (options) => {
      const { acquire } = await import("./workers/acquire.ts");
      return acquire(kernel, options, lives.unprivileged);
    },
    init: initMessage,
    spawn: (name) =>
      new Worker(new URL(`./workers/${name}/worker${EXT}`, import.meta.url), {
        type: "module",
        name,
      }),
    loadSampler: async () => {
      const { sampleOnce } = await import("./workers/sample_once.ts");
      return (sink, options) => sampleOnce(kernel, sink, options);
    },
    loadBench: async () => {
      const { benchSide } = await import("./workers/bench.ts");
      return benchSide(kernel);
    },
  };
}

await run(Deno.args, kernelSide);
