import { assertEquals } from "@std/assert";
import { slowTable } from "../../../workers/slow_table.ts";
import { collectBtf } from "../../../workers/programs/btf.ts";
import { NO_IDS } from "../../../workers/protocol.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

Deno.test("slowTable() reads once a second, and repeats rows and outcome in between", () => {
  const kernel = new FakeKernel();
  kernel.addBtf({ id: 4 });
  const table = collectBtf(kernel, { leaveOut: NO_IDS });
  const first = table.sample();
  const { syscalls } = table;
  kernel.addBtf({ id: 5 });
  for (const afterMs of [100, 700]) {
    kernel.nowMs += afterMs;
    assertEquals(table.sample(), first);
    assertEquals(table.syscalls, syscalls);
    assertEquals(table.rows.columns.count, 1);
  }
  // One second by an interval of 100 ms, a little early.
  kernel.nowMs += 199;
  table.sample();
  assertEquals(table.rows.columns.count, 2);
});

Deno.test("slowTable() lets a reading stand for five seconds while nothing changes that it follows", () => {
  const kernel = new FakeKernel();
  let reads = 0;
  let changes = 0;
  let fails = false;
  const inner = collectBtf(kernel, { leaveOut: NO_IDS });
  const table = slowTable(kernel, {
    rows: inner.rows,
    backend: "iterator",
    backendReason: "",
    syscalls: 0,
    sample: () => {
      reads++;
      const outcome = inner.sample();
      const failure = { call: "read", errno: "EIO", unavailable: false };
      return fails ? { ...outcome, failure } : outcome;
    },
  }, () => changes);
  const readsAfter = (ms: number) => {
    const before = reads;
    for (let passed = 0; passed < ms; passed += 100) {
      kernel.nowMs += 100;
      table.sample();
    }
    return reads - before;
  };
  table.sample();
  assertEquals([reads, readsAfter(4_900), readsAfter(100)], [1, 0, 1]);
  changes++;
  assertEquals([readsAfter(800), readsAfter(100)], [0, 1]);
  assertEquals(readsAfter(1_000), 0);
  table.renew?.();
  assertEquals([readsAfter(100), readsAfter(1_000)], [1, 0]);
  fails = true;
  changes++;
  assertEquals([readsAfter(100), readsAfter(1_800)], [1, 2]);
});

Deno.test("slowTable() tells its table's backend", () => {
  const kernel = new FakeKernel();
  const inner = collectBtf(kernel, { leaveOut: NO_IDS });
  let backendReason = "as it is";
  const table = slowTable(kernel, {
    rows: inner.rows,
    backend: "iterator",
    isLowerBound: true,
    get backendReason() {
      return backendReason;
    },
    syscalls: 0,
    sample: () => inner.sample(),
  });
  backendReason = "as it became";
  const { backend, isLowerBound } = table;
  assertEquals([backend, isLowerBound, table.backendReason], [
    "iterator",
    true,
    "as it became",
  ]);
});
