/** Owns the tests of workers/earliest_aside.ts. @module */
import { assertEquals } from "@std/assert";
import type { Aside } from "../../../workers/aside.ts";
import { earliestOf } from "../../../workers/earliest_aside.ts";

function anAside(name: string, dueAtMs: number, told: string[]) {
  const aside = {
    dueAtMs,
    renew: () => void told.push(`${name} renew`),
    retune: (ms: number) => void told.push(`${name} retune ${ms}`),
    run() {
      told.push(`${name} run`);
      aside.dueAtMs += 100;
      return undefined;
    },
  };
  return aside satisfies Aside;
}

Deno.test("earliestOf() runs what is due first, and is due with it", () => {
  const told: string[] = [];
  const both = earliestOf([
    anAside("a", 50, told),
    undefined,
    anAside("b", 20, told),
  ]);
  const dues: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    dues.push(both?.dueAtMs);
    both?.run();
  }
  assertEquals(dues, [20, 50, 120]);
  assertEquals(told, ["b run", "a run", "b run"]);
});

Deno.test("earliestOf() tells all of them what changed", () => {
  const told: string[] = [];
  const both = earliestOf([
    anAside("a", 1, told),
    {
      ...anAside("b", 2, told),
      resample: (ms: number) => void told.push(`b resample ${ms}`),
      sampled: () => void told.push("b sampled"),
    },
  ]);
  both?.renew();
  both?.retune(7);
  both?.resample?.(8);
  both?.sampled?.();
  assertEquals(told, [
    "a renew",
    "b renew",
    "a retune 7",
    "b retune 7",
    "b resample 8",
    "b sampled",
  ]);
});

Deno.test("earliestOf() is the only one there is, or none", () => {
  const one = anAside("a", 1, []);
  assertEquals(earliestOf([undefined, one]), one);
  assertEquals(earliestOf([undefined]), undefined);
});
