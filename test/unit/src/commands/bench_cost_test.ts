import { assertAlmostEquals, assertEquals } from "@std/assert";
import { measureCosts, quantile } from "../../../../src/commands/bench_cost.ts";
import { benchPorts } from "./bench_ports.ts";

Deno.test("measureCosts() gives median and p90 per collector, backend and number of objects", () => {
  const rows = measureCosts(benchPorts(), 1000);
  assertEquals(
    rows.map(({ collector, backend, made }) =>
      `${collector} ${backend} ${made}`
    ),
    ["maps", "programs", "links"].flatMap((name) => [
      ...[`${name} iterator 0`, `${name} walk 0`],
      ...[`${name} iterator 1000`, `${name} walk 1000`],
    ]),
  );
  const [{ cost }] = rows;
  if ("reason" in cost) throw new Error(cost.reason);
  assertEquals([cost.objects, cost.rounds], [120, 31]);
  assertAlmostEquals(cost.medianUs, 48);
  assertAlmostEquals(cost.p90Us, 48);
});

Deno.test("measureCosts() stops before the usual rounds where samples are slow", () => {
  let nowMs = 0;
  const rows = measureCosts(
    benchPorts({
      monotonicMs: () => nowMs,
      collector: () => ({
        sample() {
          nowMs += 100;
          return { durationMs: 100, objects: 1 };
        },
      }),
    }),
    0,
  );
  for (const { cost } of rows) {
    assertEquals("rounds" in cost && cost.rounds, 9);
  }
});

Deno.test("measureCosts() asks a backend that failed no second time", () => {
  let asked = 0;
  const rows = measureCosts(
    benchPorts({
      collector: () => ({
        sample() {
          asked++;
          return { durationMs: 0, objects: 0, failure: "EPERM" };
        },
      }),
    }),
    0,
  );
  assertEquals(asked, rows.length);
});

Deno.test("quantile() is the least value that the part does not exceed", () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  assertEquals(quantile(values, 0.5), 5);
  assertEquals(quantile(values, 0.9), 9);
  assertEquals(quantile([7], 0.5), 7);
  assertEquals(quantile([], 0.5), NaN);
});
