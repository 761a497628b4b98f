/**
 * Owns the tests of src/config/duration.ts. In: texts. Out: verdicts.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { durationMs, formatDuration } from "../../../../src/config/duration.ts";

const interval = durationMs(20, 3_600_000, "500ms");

Deno.test("durationMs() reads each unit and both ends of its range", () => {
  const texts = ["20ms", "020ms", "500ms", "2s", "90m", "1m", "60m", "1h"];
  assertEquals(
    texts.map((text) => interval.parse(text)).map((parsed) =>
      parsed.ok ? parsed.value : undefined
    ),
    [20, 20, 500, 2000, undefined, 60_000, 3_600_000, 3_600_000],
  );
});

for (
  const text of [
    "",
    "19ms",
    "3600001ms",
    "2h",
    "0s",
    "500",
    "0.5s",
    "1m30s",
    "-1s",
    "+1s",
    " 1s",
    "1 s",
    "1S",
    "1s\n",
    "١s",
    "1e3ms",
    "NaNms",
    "9".repeat(400) + "ms",
  ]
) {
  Deno.test(`durationMs() refuses ${JSON.stringify(text.slice(0, 12))}`, () => {
    assert(!interval.parse(text).ok);
  });
}

Deno.test("formatDuration() takes the largest unit that fits", () => {
  assertEquals(
    [0, 1, 500, 1000, 1500, 90_000, 120_000, 3_600_000].map(formatDuration),
    ["0s", "1ms", "500ms", "1s", "1500ms", "90s", "2m", "1h"],
  );
});

Deno.test("formatDuration() writes any accepted text so that it is read as the same duration", () => {
  const text = fc.tuple(
    fc.nat({ max: 4_000_000 }),
    fc.constantFrom("ms", "s", "m", "h"),
  )
    .map(([count, unit]) => `${count}${unit}`);
  let accepted = 0;
  fc.assert(
    fc.property(text, (text) => {
      const parsed = interval.parse(text);
      if (!parsed.ok) return;
      accepted += 1;
      assertEquals(interval.parse(formatDuration(parsed.value)), parsed);
    }),
    { numRuns: 2000 },
  );
  assert(accepted > 100);
});
