/** Owns the tests of workers/maps/ring_turns.ts. @module */
import { assertEquals } from "@std/assert";
import { RingTurns } from "../../../../workers/maps/ring_turns.ts";

/** After a look over all maps at 0. */
function after(fullCostMs: number, hasShortWay = true): RingTurns {
  const turns = new RingTurns(hasShortWay, 0.01);
  turns.takeFull(0);
  turns.pay(true, fullCostMs);
  return turns;
}

/** When the next look over all maps is due. */
function fullAtMs(turns: RingTurns): number {
  let nowMs = 0;
  while (!turns.isFullAt(nowMs)) nowMs += 5;
  return nowMs;
}

Deno.test("RingTurns.isFullAt() is true at first, and always where there is no short way", () => {
  assertEquals(new RingTurns(true, 0.01).isFullAt(0), true);
  assertEquals(after(0.4, false).isFullAt(1), true);
  assertEquals(after(0.4).isFullAt(1), false);
});

for (
  const [costMs, quietMs, askedMs] of [
    // A tenth of the budget, and half of it where something asks.
    [0.4, 400, 80],
    // Not more often than that.
    [0.01, 100, 5],
    // Nor less.
    [8, 5_000, 1_600],
    // But never more than half of the budget.
    [100, 20_000, 20_000],
  ]
) {
  Deno.test(`RingTurns.isFullAt() has a pass of ${costMs} ms each ${quietMs} ms, each ${askedMs} ms where something asks`, () => {
    const turns = after(costMs);
    assertEquals(fullAtMs(turns), quietMs);
    turns.isAsked = true;
    assertEquals(fullAtMs(turns), askedMs);
    turns.takeFull(0);
    assertEquals(fullAtMs(turns), quietMs);
  });
}

Deno.test("RingTurns.paidMs() reckons either kind of look by what its own cost", () => {
  const turns = after(0.4);
  assertEquals(turns.paidMs(10, false), 0);
  turns.pay(false, 0.02);
  assertEquals(turns.paidMs(10, false), 2);
  assertEquals(turns.paidMs(10, true), 40);
  turns.bar(10);
  assertEquals(turns.paidMs(10, false), 40);
  assertEquals(turns.isFullAt(10_009), true);
  turns.takeFull(10_009);
  assertEquals(turns.isFullAt(10_010), false);
});
