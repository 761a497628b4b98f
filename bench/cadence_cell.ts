/**
 * Owns one measurement of bench/cadence.ts, in a process of its own. In: arguments INTERVAL_MS SECONDS. Out: one line of
 * JSON, a CadenceRecord.
 * @module
 */
// deno-lint-ignore-file no-console -- its stdout is what it is for
import type { CadenceTask } from "./cadence_worker.ts";

const [intervalMs, seconds] = Deno.args.map(Number);
const worker = new Worker(new URL("cadence_worker.ts", import.meta.url), {
  type: "module",
});
worker.onmessage = ({ data }) => {
  console.log(JSON.stringify(data));
  worker.terminate();
};
worker.postMessage({ intervalMs, seconds } satisfies CadenceTask);
