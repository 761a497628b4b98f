import { assertEquals } from "@std/assert";
import { HoldersCollector } from "../../../../workers/links/holders.ts";
import type { HoldersPass } from "../../../../workers/links/holders_model.ts";

const PASS: HoldersPass = {
  takenAtMs: 0,
  durationMs: 0,
  descriptors: 0,
  complete: true,
  processes: [],
  holds: new Uint32Array(0),
  references: new Uint32Array(0),
  pins: [],
};

/** A collector whose looks take `takes.ms`, of it `takes.cpuMs` on a CPU (else all), and answer `takes.answer`. */
function collector(
  takes: { ms: number; cpuMs?: number; answer: () => HoldersPass | string },
) {
  const clock = { nowMs: 1_000_000, cpuMs: 70 };
  const holders = new HoldersCollector(
    { monotonicMs: () => clock.nowMs, threadCpuMs: () => clock.cpuMs },
    {
      take() {
        clock.nowMs += takes.ms;
        clock.cpuMs += takes.cpuMs ?? takes.ms;
        return takes.answer();
      },
    },
    5_000,
  );
  return { clock, holders };
}

Deno.test("HoldersCollector looks at once, then every interval, counted from a look's start", () => {
  const { clock, holders } = collector({ ms: 4, answer: () => PASS });
  assertEquals(holders.dueAtMs, -Infinity);
  const told = holders.run();
  assertEquals(told?.message.kind, "holders");
  assertEquals(told?.transfer?.length, 2);
  assertEquals(holders.dueAtMs, clock.nowMs - 4 + 5_000);
});

Deno.test("HoldersCollector.renew() makes the next look sooner, a second after the last one's start", () => {
  const { clock, holders } = collector({ ms: 4, answer: () => PASS });
  holders.run();
  holders.renew();
  holders.renew();
  assertEquals(holders.dueAtMs, clock.nowMs - 4 + 1_000);
});

Deno.test("HoldersCollector.retune() counts the new interval from the last look's start", () => {
  const { clock, holders } = collector({ ms: 4, answer: () => PASS });
  holders.retune(60_000);
  assertEquals(holders.dueAtMs, -Infinity);
  holders.run();
  const startMs = clock.nowMs - 4;
  assertEquals(holders.dueAtMs, startMs + 60_000);
  holders.retune(2_000);
  assertEquals(holders.dueAtMs, startMs + 2_000);
  holders.retune(100);
  assertEquals(holders.dueAtMs, startMs + 1_000);
});

Deno.test("HoldersCollector spends 2 % of a core at most, and never stops looking", () => {
  const { clock, holders } = collector({ ms: 60, answer: () => PASS });
  holders.run();
  holders.renew();
  assertEquals(Math.round(holders.dueAtMs - clock.nowMs), 60 * 49);
  const slow = collector({ ms: 2_000, answer: () => PASS });
  slow.holders.run();
  assertEquals(
    Math.round(slow.holders.dueAtMs - slow.clock.nowMs),
    2_000 * 49,
  );
});

Deno.test("HoldersCollector looks as often where others keep it from the CPU", () => {
  const { clock, holders } = collector({
    ...{ ms: 400, cpuMs: 4 },
    answer: () => PASS,
  });
  holders.run();
  assertEquals(holders.dueAtMs, clock.nowMs - 400 + 5_000);
  holders.renew();
  assertEquals(holders.dueAtMs, clock.nowMs - 400 + 1_000);
});

Deno.test("HoldersCollector tells a failure once, until there was a look again or it is another one", () => {
  let answer: HoldersPass | string = "no memory";
  const { holders } = collector({ ms: 1, answer: () => answer });
  const kinds = () => holders.run()?.message.kind;
  assertEquals([kinds(), kinds()], ["holders_failed", undefined]);
  answer = "no descriptor";
  assertEquals([kinds(), kinds()], ["holders_failed", undefined]);
  answer = PASS;
  assertEquals(kinds(), "holders");
  answer = "no descriptor";
  assertEquals(kinds(), "holders_failed");
});

Deno.test("HoldersCollector keeps what a look throws from the sampling of links, and looks again", () => {
  const { clock, holders } = collector({
    ms: 1,
    answer() {
      throw new RangeError("Cannot count:\nsecond line");
    },
  });
  assertEquals(holders.run()?.message, {
    kind: "holders_failed",
    reason: "RangeError: Cannot count:",
  });
  assertEquals(holders.dueAtMs, clock.nowMs - 1 + 5_000);
});

Deno.test("HoldersCollector never looks without iterators, and says why once", () => {
  const holders = new HoldersCollector(
    { monotonicMs: () => 0, threadCpuMs: () => 0 },
    "there is no BTF",
  );
  assertEquals(holders.run()?.message, {
    kind: "holders_failed",
    reason: "there is no BTF",
  });
  holders.renew();
  assertEquals(holders.dueAtMs, Infinity);
});
