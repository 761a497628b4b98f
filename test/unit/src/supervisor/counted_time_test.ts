/** Owns the tests of the supervisor's own count of time. @module */
import { assertEquals } from "@std/assert";
import { CountedTime } from "../../../../src/supervisor/counted_time.ts";
import { DEFAULT_LIMITS } from "../../../../src/supervisor/ports.ts";
import { FakeClock } from "../../../fakes/fake_clock.ts";

Deno.test("nowMs() follows the clock between ticks and over them", () => {
  const clock = new FakeClock();
  const time = new CountedTime(clock, DEFAULT_LIMITS);
  clock.advance(499);
  assertEquals(time.nowMs(), 499);
  clock.advance(1);
  assertEquals(time.tick(), true);
  clock.advance(20);
  assertEquals(time.nowMs(), 520);
});

Deno.test("nowMs() counts one second of a minute that the process was stopped", () => {
  const clock = new FakeClock();
  const time = new CountedTime(clock, DEFAULT_LIMITS);
  clock.jump(60_000);
  assertEquals(time.nowMs(), 1_000);
  time.tick();
  assertEquals(time.nowMs(), 1_000);
  clock.advance(30);
  assertEquals(time.nowMs(), 1_030);
});

Deno.test("tick() tells one that came late from one in time", () => {
  const clock = new FakeClock();
  const time = new CountedTime(clock, DEFAULT_LIMITS);
  clock.advance(750);
  assertEquals(time.tick(), true);
  clock.advance(751);
  assertEquals(time.tick(), false);
});
