/** Owns the tests of src/http/run_stats_readiness.ts. @module */
import { assertEquals } from "@std/assert";
import {
  runStatsReadiness,
  statsCostPhrase,
  statsPhrases,
} from "../../../../src/http/run_stats_readiness.ts";

const WINDOW = { onMs: 100, everyMs: 1_000 };
const FACTS = { agent: true, window: WINDOW, sysctl: false, other: false };

Deno.test("runStatsReadiness() tells how far what was counted in windows can be trusted", () => {
  assertEquals(
    runStatsReadiness(FACTS, {
      window: WINDOW,
      coverageRatio: 0.10249,
      isOther: true,
      sysctl: true,
    }),
    {
      ...FACTS,
      sysctl: true,
      other: true,
      coverageRatio: 0.102,
      totalsQuality: "lower bound: counted 10 % of the time",
      ratesQuality: "estimated",
    },
  );
  assertEquals(
    runStatsReadiness(FACTS, { window: WINDOW, coverageRatio: 1 })
      .totalsQuality,
    "exact",
  );
});

Deno.test("runStatsReadiness() says why no window can be opened", () => {
  const answer = runStatsReadiness(FACTS, { window: WINDOW, reason: "EPERM" });
  assertEquals(answer.reason, "EPERM");
  assertEquals(answer.totalsQuality, "lower bound: not counted now");
  assertEquals(answer.coverageRatio, undefined);
});

Deno.test("runStatsReadiness() tells nothing of numbers that nobody counts", () => {
  const facts = { agent: false, sysctl: false, other: false };
  assertEquals(runStatsReadiness(facts, undefined), facts);
});

Deno.test("statsPhrases() names all that keep them", () => {
  assertEquals(statsPhrases({ agent: true, sysctl: true, other: true }), [
    "bpfpulse keeps them while it runs",
    "kernel.bpf_stats_enabled is 1",
    "another process keeps them",
  ]);
});

Deno.test("statsCostPhrase() says what was measured, and why the rest was not", () => {
  assertEquals(statsCostPhrase({ agent: false }), []);
  assertEquals(statsCostPhrase({ agent: true, costNs: 68, floorNs: 46 }), [
    "they add 68 ns to each run of a program",
    "of an empty one they tell 46 ns",
  ]);
  assertEquals(statsCostPhrase({ agent: true, costReason: "busy" }), [
    "what they cost cannot be measured: busy",
  ]);
});
