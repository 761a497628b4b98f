/**
 * Owns the tests of ffi/names.ts. In: numbers. Out: assertions. test/integration/names_test.ts holds the lists against the
 * running kernel.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  ATTACH_TYPES,
  LINK_TYPES,
  MAP_TYPES,
  PROG_TYPES,
  typeName,
} from "../../../ffi/names.ts";

Deno.test("typeName() gives bpftool's name", () => {
  assertEquals(typeName(MAP_TYPES, 5), "percpu_hash");
  assertEquals(typeName(MAP_TYPES, 27), "ringbuf");
  assertEquals(typeName(PROG_TYPES, 3), "sched_cls");
  assertEquals(typeName(PROG_TYPES, 26), "tracing");
  assertEquals(typeName(LINK_TYPES, 1), "raw_tracepoint");
  assertEquals(typeName(LINK_TYPES, 11), "tcx");
  assertEquals(typeName(ATTACH_TYPES, 37), "xdp");
});

Deno.test("typeName() numbers a type that a later kernel has", () => {
  assertEquals(typeName(MAP_TYPES, 900), "type_900");
  assertEquals(typeName(LINK_TYPES, 0xffff_ffff), "type_4294967295");
});

Deno.test("the lists hold each name once, in bpftool's style", () => {
  for (const names of [MAP_TYPES, PROG_TYPES, LINK_TYPES, ATTACH_TYPES]) {
    assertEquals(new Set(names).size, names.length);
    for (const name of names) assertMatch(name, /^[a-z][a-z0-9_]*$/);
  }
});
