/** Owns the tests of workers/operations_model.ts: what it says of rows is what the programs in the kernel write. @module */
import { assertEquals } from "@std/assert";
import {
  LOAD_BOUNDS_US,
  MAP_OPERATIONS,
  UNTIMED_BUCKET,
} from "../../../ffi/mod.ts";
import {
  LOAD_BOUNDS_MS,
  LOAD_BUCKETS,
  LOAD_COLUMNS,
  LOAD_STRIDE,
  OPERATIONS,
} from "../../../workers/operations_model.ts";

Deno.test("OPERATIONS are those that are counted, each once", () => {
  assertEquals([...OPERATIONS].sort(), Object.values(MAP_OPERATIONS).sort());
  assertEquals(new Set(OPERATIONS).size, OPERATIONS.length);
});

Deno.test("LOAD_BOUNDS_MS are the kernel's bounds, behind which are one bucket without a bound and the untimed ones", () => {
  assertEquals(LOAD_BOUNDS_MS.map((ms) => ms * 1_000), [...LOAD_BOUNDS_US]);
  assertEquals(LOAD_BUCKETS, LOAD_BOUNDS_US.length + 1);
  assertEquals(UNTIMED_BUCKET, LOAD_BUCKETS);
  assertEquals(LOAD_STRIDE, LOAD_COLUMNS.length + LOAD_BUCKETS);
});
