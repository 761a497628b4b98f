/** Owns the tests of deadlines and pauses. @module */
import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/supervisor/ports.ts";
import {
  BackOff,
  CollectorDeadlines,
  SampleDeadline,
} from "../../../../src/supervisor/timing.ts";

Deno.test("SampleDeadline.missed() counts none before a sample was expected", () => {
  assertEquals(new SampleDeadline(500, 250).missed(1e9), 0);
});

Deno.test("SampleDeadline.missed() grants an interval, then counts each further one", () => {
  const deadline = new SampleDeadline(500, 250);
  deadline.expect(1_000);
  assertEquals(
    [1_500, 1_501, 1_999, 2_001, 2_501].map((ms) => deadline.missed(ms)),
    [0, 1, 1, 2, 3],
  );
});

Deno.test("SampleDeadline.missed() grants at least 250 ms to a short interval", () => {
  const deadline = new SampleDeadline(20, 250);
  deadline.expect(0);
  assertEquals([250, 251, 271].map((ms) => deadline.missed(ms)), [0, 1, 2]);
});

Deno.test("SampleDeadline.missed() starts again with a sample", () => {
  const deadline = new SampleDeadline(500, 250);
  deadline.expect(0);
  assertEquals(deadline.missed(1_600), 3);
  deadline.expect(2_100);
  assertEquals(deadline.missed(2_600), 0);
});

Deno.test("SampleDeadline.expectFirst() changes nothing where a sample is expected", () => {
  const deadline = new SampleDeadline(500, 250);
  deadline.expectFirst(0);
  deadline.expectFirst(5_000);
  assertEquals(deadline.missed(600), 1);
});

Deno.test("CollectorDeadlines.missed() goes on over a worker's end, until a sample is there", () => {
  const deadlines = new CollectorDeadlines(500, 250);
  deadlines.sampled(0);
  deadlines.away(400);
  assertEquals(deadlines.missed(1_600), 2);
  deadlines.ready(1_600);
  assertEquals(deadlines.missed(2_100), 3);
  deadlines.sampled(2_100);
  assertEquals(deadlines.missed(2_600), 0);
});

Deno.test("CollectorDeadlines.isLifeOverdue() leaves what earlier workers missed aside", () => {
  const deadlines = new CollectorDeadlines(500, 250);
  deadlines.away(0);
  deadlines.ready(60_000);
  assertEquals(deadlines.isLifeOverdue(60_500), false);
  assertEquals(deadlines.isLifeOverdue(60_501), true);
});

Deno.test("BackOff.nextMs() doubles from 100 ms to 10 s", () => {
  const backOff = new BackOff(DEFAULT_LIMITS);
  assertEquals(
    Array.from({ length: 9 }, () => backOff.nextMs(0)),
    [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000],
  );
});

Deno.test("BackOff.nextMs() begins anew after a minute of good life, not before", () => {
  const backOff = new BackOff(DEFAULT_LIMITS);
  assertEquals(
    [0, 0, 59_999, 60_000, 0].map((goodMs) => backOff.nextMs(goodMs)),
    [100, 200, 400, 100, 200],
  );
});
