/** Owns the tests of src/state/process_counts.ts. @module */
import { assertEquals } from "@std/assert";
import {
  ATTACH_COLUMNS,
  LOAD_BOUNDS_MS,
  LOAD_BUCKETS,
  LOAD_COLUMNS,
} from "../../../../workers/operations_model.ts";
import { ManagerAccounts } from "../../../../src/state/manager_accounts.ts";
import {
  addCounts,
  LOAD_BOUNDS,
  processCounts,
} from "../../../../src/state/process_counts.ts";
import { anOperationsPass } from "../../../operations_builders.ts";

Deno.test("LOAD_BOUNDS are those of the worker, whose rows are read as it writes them", () => {
  assertEquals(LOAD_BOUNDS, LOAD_BOUNDS_MS);
  assertEquals(LOAD_BUCKETS, LOAD_BOUNDS.length + 1);
  assertEquals(LOAD_COLUMNS, ["process", "errno", "untimed", "sumMs"]);
  assertEquals(ATTACH_COLUMNS, ["process", "errno", "count"]);
});

Deno.test("processCounts() adds up look-ups and updates of any kind, and leaves out what was tried on no map", () => {
  const [one, two] = processCounts(anOperationsPass({
    processes: [{ pid: 1 }, { pid: 2 }],
    rows: [
      [7, "lookup", 5],
      [7, "lookup_and_delete", 1],
      [8, "lookup_and_delete_batch", 2],
      [8, "lookup_batch", 4, 0, 2],
      [8, "update", 3],
      [8, "update_batch", 6],
      [8, "delete", 100],
      [8, "get_next", 100],
      [0, "lookup", 100, 0, 9],
      [7, "update", 10, 1],
    ],
  }));
  assertEquals([one.lookups, one.updates], [12, 9]);
  assertEquals([two.lookups, two.updates], [0, 10]);
  assertEquals(two.process.pid, 2);
});

Deno.test("processCounts() puts loads into buckets, failed ones as well, and counts failures also where they have no duration", () => {
  const [{ buckets, sumMs, loadErrors, attachErrors }] = processCounts(
    anOperationsPass({
      loads: [
        { tookMs: [0.05, 0.2, 10_000] },
        { errno: 13, tookMs: [0.2], untimed: 2 },
      ],
      attachFailures: [[0, 22, 4], [0, 9, 1]],
    }),
  );
  assertEquals([buckets[0], buckets[1], buckets.at(-1)], [1, 2, 1]);
  assertEquals(sumMs, 10_000.45);
  assertEquals([...loadErrors], [[13, 3]]);
  assertEquals([...attachErrors], [[22, 4], [9, 1]]);
});

Deno.test("processCounts() passes over rows of a process that the pass does not name", () => {
  const counts = processCounts(anOperationsPass({
    rows: [[7, "lookup", 5, 3]],
    loads: [{ process: 3, tookMs: [1] }],
    attachFailures: [[3, 22, 4]],
  }));
  assertEquals(counts.map(({ lookups }) => lookups), [0]);
});

Deno.test("addCounts() adds to an account, which has loads only once there were some", () => {
  const account = new ManagerAccounts(1).of("a", 0);
  const add = (pass: Parameters<typeof anOperationsPass>[0]) =>
    processCounts(anOperationsPass(pass)).forEach((counts) =>
      addCounts(account, counts)
    );
  add({ rows: [[7, "lookup", 5]], attachFailures: [[0, 22, 4]] });
  assertEquals(account.loads, undefined);
  add({ loads: [{ tookMs: [0.75] }] });
  add({ loads: [{ errno: 13, tookMs: [0.25] }], attachFailures: [[0, 22, 1]] });
  assertEquals(account.loads?.sumMs, 1);
  assertEquals(account.loads?.buckets.slice(0, 4), [0, 0, 1, 1]);
  assertEquals([...account.loadErrors], [[13, 1]]);
  assertEquals([...account.attachErrors], [[22, 5]]);
  assertEquals([account.lookups, account.updates], [5, 0]);
});
