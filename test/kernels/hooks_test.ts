/**
 * Owns what is asked of counting operations on every kernel: by each hook that there is the same is counted, at the same time, as a
 * program counts itself. In: a kernel (root). Out: assertions, and one line `HOOKS {…}` of JSON, of which the table in README is made.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Hook, HOOKS, openLibc } from "../../ffi/mod.ts";
import { OperationsCollector } from "../../workers/programs/operations.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { countsOf, operate } from "../kernel/operate.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";
import {
  assertCounted,
  countBy,
  skippedIn,
  Told,
  truthBy,
} from "../kernel/told_operations.ts";

const COUNT = 500;
const THREADS = 4;

kernelTest(
  "OperationsCollector counts the same by each hook at once",
  async () => {
    const kernel = openLibc();
    using stack = new DisposableStack();
    const found: Record<string, string> = {};
    const told = new Map<Hook, Told>();
    for (const hook of HOOKS) {
      const { handle, facts } = stack.use(countBy(kernel, hook));
      if (handle === undefined) found[hook] = facts.reason ?? "";
      else told.set(hook, new Told(new OperationsCollector(kernel, handle)));
    }
    const { pid, counts } = await operate(COUNT, THREADS, {
      meanwhile: () => {
        for (const one of told.values()) one.run();
      },
    });
    for (const [hook, one] of told) {
      one.finish();
      const skipped = skippedIn(one.passes);
      const seen = countsOf(one.passes, pid);
      const truth = truthBy(hook, counts);
      assertCounted(seen, truth, skipped);
      const onMaps = ([key]: [string, number]) => /^\d/.test(key);
      found[hook] = Object.entries(truth).filter(onMaps)
          .every(([key, count]) => seen[key] === count)
        ? "exact"
        : "lower bound";
      // Where it counts operations nothing is skipped.
      if (hook === "lsm") assertEquals(found[hook], "exact");
    }
    // deno-lint-ignore no-console -- run.ts reads this line
    console.log(`HOOKS ${JSON.stringify(found)}`);
    assert(told.has("tracepoint"), found.tracepoint);
    // The machine's own kernel may be without functions that programs attach to.
    const isGuest = Deno.osRelease().includes("cloud-amd64");
    for (const hook of ["lsm", "fentry"] as const) {
      if (isGuest) assertEquals(told.has(hook), hasSince(kernel, "5.13"), hook);
    }
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("operate"),
);
