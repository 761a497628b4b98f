import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { Slices } from "../../../../src/metrics/slices.ts";

Deno.test("Slices.isDue tells when a slice has lasted 2 ms, and not after its turn", async () => {
  let nowMs = 0;
  const slices = new Slices({
    monotonicMs: () => nowMs,
    unixMs: () => 0,
    after: () => () => {},
  });
  nowMs = 1.9;
  assertEquals(slices.isDue, false);
  nowMs = 2;
  assertEquals(slices.isDue, true);
  await slices.turn();
  assertEquals(slices.isDue, false);
});

Deno.test("Slices.turn() lets what was ready before run first", async () => {
  const slices = new Slices({
    monotonicMs: () => 0,
    unixMs: () => 0,
    after: () => () => {},
  });
  let ran = false;
  setImmediate(() => ran = true);
  await slices.turn();
  assertEquals(ran, true);
});
