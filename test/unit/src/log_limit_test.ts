/** Owns the tests of src/log_limit.ts. @module */
import { assertEquals } from "@std/assert";
import {
  CauseLimit,
  type LeftOut,
  LINES_PER_WINDOW,
  WINDOW_MS,
} from "../../../src/log_limit.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";

function limited(): {
  limit: CauseLimit;
  clock: FakeClock;
  reports: LeftOut[];
  /** How many of `count` events are admitted. */
  admitted(count: number, message: (i: number) => string): number;
} {
  const clock = new FakeClock();
  const reports: LeftOut[] = [];
  const limit = new CauseLimit(clock, (leftOut) => reports.push(leftOut));
  return {
    limit,
    clock,
    reports,
    admitted: (count, message) =>
      Array.from({ length: count }, (_, i) => message(i))
        .filter((text) => limit.admits("warn", text)).length,
  };
}

Deno.test("CauseLimit admits ten lines of a cause a minute, and reports once how many it left out", () => {
  const { clock, reports, admitted } = limited();
  assertEquals(admitted(25, (i) => `worker ${i} failed`), LINES_PER_WINDOW);
  clock.advance(WINDOW_MS - 1);
  assertEquals(reports, []);
  clock.advance(1);
  assertEquals(reports, [
    { level: "warn", message: "worker 10 failed", count: 15 },
  ]);
  assertEquals(clock.pending, 0);
  assertEquals(admitted(25, (i) => `worker ${i} failed`), LINES_PER_WINDOW);
});

Deno.test("CauseLimit tells causes apart by their words, not by numbers or what is quoted", () => {
  const { limit, admitted } = limited();
  assertEquals(
    admitted(100, (i) => `Cannot answer GET "/x${"y".repeat(i)}": EIO 0x${i}`),
    LINES_PER_WINDOW,
  );
  assertEquals(limit.admits("warn", "Cannot answer HEAD"), true);
  assertEquals(limit.admits("error", 'Cannot answer GET "/": EIO 0x1'), true);
});

Deno.test("CauseLimit says nothing where nothing was left out, and keeps no timer", () => {
  const { clock, reports, admitted } = limited();
  assertEquals(admitted(LINES_PER_WINDOW, () => "x"), LINES_PER_WINDOW);
  assertEquals(clock.pending, 0);
  clock.advance(2 * WINDOW_MS);
  assertEquals(reports, []);
});

Deno.test("CauseLimit.reportAll() reports at once, and no second time", () => {
  const { limit, clock, reports, admitted } = limited();
  admitted(12, () => "x");
  limit.reportAll();
  clock.advance(WINDOW_MS);
  assertEquals(reports.map(({ count }) => count), [2]);
});

Deno.test("CauseLimit bounds the causes that it remembers; the others share one", () => {
  const { clock, admitted } = limited();
  const word = (i: number) =>
    `${"abcdefghij"[i % 10]} ${"x".repeat(1 + Math.floor(i / 10))}`;
  assertEquals(admitted(10_000, word), 200 + LINES_PER_WINDOW);
  clock.advance(WINDOW_MS);
  assertEquals(admitted(200, (i) => `new ${word(i)}`), 200);
});

Deno.test("CauseLimit begins a new minute for a process that was stopped, whose timer comes late", () => {
  const { limit, clock, reports, admitted } = limited();
  admitted(11, () => "x");
  clock.jump(WINDOW_MS + 1);
  assertEquals(reports.length, 1);
  assertEquals(limit.admits("warn", "x"), true);
});
