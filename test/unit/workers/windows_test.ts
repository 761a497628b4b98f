/** Owns the tests of workers/windows.ts. @module */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Window, WindowSchedule } from "../../../workers/windows.ts";

const START_MS = 7_000;

/** Beginnings of the first windows, each taken to its end. */
function beginnings(window: Window, count: number): number[] {
  const schedule = new WindowSchedule(window, START_MS);
  return Array.from({ length: count }, () => {
    const { beginsAtMs } = schedule;
    schedule.next(schedule.endsAtMs);
    return beginsAtMs;
  });
}

Deno.test("WindowSchedule begins at the start, with one window a period, none over another", () => {
  for (const onMs of [1, 100, 500, 700, 1_000]) {
    const begins = beginnings({ onMs, everyMs: 1_000 }, 200);
    assertEquals(begins[0], START_MS);
    for (let i = 1; i < begins.length; i++) {
      assert(begins[i] - begins[i - 1] >= onMs - 1e-6, `${onMs}`);
    }
    const all = (begins[199] - START_MS) / 1_000;
    assertAlmostEquals(all, 199, 1);
  }
});

Deno.test("WindowSchedule spreads windows evenly over the places of a period", () => {
  const tenths = new Array<number>(10).fill(0);
  for (const begin of beginnings({ onMs: 100, everyMs: 1_000 }, 1_000)) {
    tenths[Math.floor((begin - START_MS) % 1_000 / 100)]++;
  }
  for (const count of tenths) assertAlmostEquals(count, 100, 5);
});

Deno.test("WindowSchedule.next() leaves out what was missed", () => {
  const schedule = new WindowSchedule({ onMs: 100, everyMs: 1_000 }, 0);
  const nowMs = 3_600_000;
  schedule.next(nowMs);
  assert(schedule.beginsAtMs >= nowMs);
  assert(schedule.beginsAtMs < nowMs + 2_000);
  assertEquals(schedule.endsAtMs, schedule.beginsAtMs + 100);
});
