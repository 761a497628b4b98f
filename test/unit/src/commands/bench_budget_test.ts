import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  fitCpu,
  intervalWithin,
} from "../../../../src/commands/bench_budget.ts";

/** Windows of 2 s in which rest takes 0.2 % and a tick 3 ms. */
const EXACT = [20, 8, 4, 2, 0].map((ticks) => ({
  intervalMs: ticks === 0 ? undefined : 2000 / ticks,
  wallMs: 2000,
  cpuMs: 4 + 3 * ticks,
  ticks,
}));

Deno.test("fitCpu() finds the two parts that windows are made of, whatever their lengths", () => {
  const other = { intervalMs: 50, wallMs: 500, cpuMs: 1 + 30, ticks: 10 };
  for (const windows of [EXACT, [...EXACT, other]]) {
    const { restRatio, tickMs } = fitCpu(windows);
    assertAlmostEquals(restRatio, 0.002, 1e-12);
    assertAlmostEquals(tickMs, 3, 1e-9);
  }
});

Deno.test("fitCpu() gives neither part below 0 for windows that contradict the model", () => {
  const window = (ticks: number, cpuMs: number) => ({
    intervalMs: undefined,
    wallMs: 1000,
    cpuMs,
    ticks,
  });
  const flat = fitCpu([window(10, 5), window(0, 9)]);
  assertEquals(flat.tickMs, 0);
  assertAlmostEquals(flat.restRatio, 0.007, 1e-12);
  const steep = fitCpu([window(10, 90), window(8, 10)]);
  assertEquals(steep.restRatio, 0);
  assertAlmostEquals(steep.tickMs, 50 / 9, 1e-9);
  assertEquals(fitCpu([]), { restRatio: 0, tickMs: 0 });
});

Deno.test("intervalWithin() rounds up to whole ms and keeps to what --interval takes", () => {
  const model = { restRatio: 0.002, tickMs: 3 };
  assertEquals(intervalWithin(model, 0.01), 375);
  assertEquals(intervalWithin(model, 0.012), 300);
  assertEquals(intervalWithin({ restRatio: 0, tickMs: 1 }, 0.007), 143);
  assertEquals(intervalWithin(model, 1), 20);
  assertEquals(intervalWithin(model, 0.002), undefined);
  assertEquals(intervalWithin(model, 0.001), undefined);
  assertEquals(intervalWithin(model, 0.002 + 1e-9), undefined);
});
