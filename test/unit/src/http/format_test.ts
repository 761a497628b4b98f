/** Owns the tests of src/http/format.ts. @module */
import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatCount,
  formatSeconds,
} from "../../../../src/http/format.ts";

Deno.test("formatCount() groups thousands", () => {
  assertEquals(
    [0, 999, 1000, 1234567].map(formatCount),
    ["0", "999", "1,000", "1,234,567"],
  );
});

Deno.test("formatBytes() takes the unit that keeps the number below 1024", () => {
  assertEquals(
    [0, 1023, 1024, 1536, 1024 ** 2 - 1, 1024 ** 3, 5000 * 1024 ** 4].map(
      formatBytes,
    ),
    ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.0 GiB", "5000.0 TiB"],
  );
});

Deno.test("formatSeconds() takes the unit that a person would", () => {
  assertEquals(
    [0, 0.02, 0.5, 1, 12.34, 600, 36000].map(formatSeconds),
    ["0 ms", "20 ms", "500 ms", "1 s", "12.3 s", "10 min", "10 h"],
  );
});

Deno.test("formatCount(), formatBytes() and formatSeconds() write a dash for what is absent", () => {
  for (const format of [formatCount, formatBytes, formatSeconds]) {
    assertEquals(format(undefined), "–");
  }
});
