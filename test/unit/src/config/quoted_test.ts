/**
 * Owns the tests of src/config/quoted.ts. In: hostile text. Out: verdicts.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import {
  escapeUnsafe,
  quoted,
  safeJson,
} from "../../../../src/config/quoted.ts";

const SAFE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;

Deno.test("quoted() puts quotes around text and cuts it after 64 characters", () => {
  assertEquals(quoted('a "b" ü'), '"a \\"b\\" ü"');
  assertEquals(quoted("x".repeat(64)), `"${"x".repeat(64)}"`);
  assertEquals(quoted("x".repeat(65)), `"${"x".repeat(64)}…"`);
});

Deno.test("escapeUnsafe() escapes controls, direction marks and separators and leaves the rest", () => {
  assertEquals(escapeUnsafe('a "b" \\ ü 😀'), 'a "b" \\ ü 😀');
  assertEquals(
    escapeUnsafe("\n\u001b\u007f\u009b\u202e\u2028\ud800"),
    "\\u000a\\u001b\\u007f\\u009b\\u202e\\u2028\\ud800",
  );
});

Deno.test("safeJson() gives JSON of the same value, without a raw unsafe character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const json = safeJson({ text });
      assertMatch(json, SAFE);
      assertEquals(JSON.parse(json), { text });
      assertMatch(escapeUnsafe(text), SAFE);
    }),
    { numRuns: 2000, examples: [["\u{e0001}\u{110bd}\ud800"]] },
  );
});
