/**
 * Owns the tests of src/config/nearest.ts. In: mistyped names. Out: verdicts.
 * @module
 */
import { assertEquals } from "@std/assert";
import { nearestName } from "../../../../src/config/nearest.ts";

const NAMES = ["listen", "interval", "limit", "log-level", "log-format"];

Deno.test("nearestName() mends a misspelling", () => {
  assertEquals(nearestName("lisen", NAMES), "listen");
  assertEquals(nearestName("LOGLEVEL", NAMES), "log-level");
});

Deno.test("nearestName() completes a shortened name before it looks for a nearer one", () => {
  assertEquals(nearestName("int", NAMES), "interval");
  assertEquals(nearestName("log-f", NAMES), "log-format");
});

Deno.test("nearestName() gives one of the names for nothing and for very long text", () => {
  assertEquals(NAMES.includes(nearestName("", NAMES)), true);
  assertEquals(NAMES.includes(nearestName("x".repeat(1e6), NAMES)), true);
});
