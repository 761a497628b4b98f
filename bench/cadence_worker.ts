/**
 * Owns the thread that bench/cadence.ts watches: the maps collector under the loop that every worker shares, its waits
 * written down. In: a CadenceTask. Out: after the last sample one CadenceRecord.
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openLibc } from "../ffi/mod.ts";
import { collectMaps } from "../workers/maps/collect.ts";
import { initMessage } from "../workers/protocol.ts";
import { CollectorRun } from "../workers/runtime.ts";

export interface CadenceTask {
  readonly intervalMs: number;
  readonly seconds: number;
}

export interface CadenceRecord {
  /** How long after its deadline each sample started, in milliseconds; below 0 where it came too early. */
  readonly latenessMs: readonly number[];
  readonly durationMs: readonly number[];
  readonly missedTicks: number;
}

self.onmessage = ({ data: task }: MessageEvent<CadenceTask>) => {
  const kernel = openLibc();
  const init = initMessage(1, task.intervalMs, undefined);
  const endMs = kernel.monotonicMs() + task.seconds * 1000;
  const latenessMs: number[] = [];
  const durationMs: number[] = [];
  let missedTicks = 0;
  new CollectorRun(
    {
      kernel,
      post(message) {
        if (message.kind !== "sampled") return;
        durationMs.push(message.durationMs);
        missedTicks += message.missedTicks;
      },
      after(delayMs, callback) {
        const deadlineMs = kernel.monotonicMs() + delayMs;
        if (deadlineMs > endMs) {
          const record = { latenessMs, durationMs, missedTicks };
          self.postMessage(record satisfies CadenceRecord);
          return () => {};
        }
        const timer = setTimeout(() => {
          latenessMs.push(kernel.monotonicMs() - deadlineMs);
          callback();
        }, delayMs);
        return () => clearTimeout(timer);
      },
    },
    init,
    collectMaps(kernel, init),
  );
};
