/** Owns the tests of src/http/run_stats_readiness.ts. @module */
import { assertEquals } from "@std/assert";
import {
  runStatsReadiness,
  statsCostPhrase,
  statsPhrases,
  totalsPhrase,
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
      totalsQuality: "lower bound",
      ratesQuality: "estimated",
    },
  );
  assertEquals(
    runStatsReadiness(FACTS, { window: WINDOW, coverageRatio: 1 })
      .totalsQuality,
    "exact",
  );
});

Deno.test("runStatsReadiness() rounds no part of the time to nothing", () => {
  const answer = runStatsReadiness(FACTS, {
    window: WINDOW,
    coverageRatio: 0.00027777,
  });
  assertEquals(answer.coverageRatio, 0.000278);
  assertEquals(
    totalsPhrase(answer),
    "lower bound, counted 0.028 % of the time",
  );
});

Deno.test("totalsPhrase() tells what is exact, and what nobody counts", () => {
  assertEquals(totalsPhrase({ agent: true, totalsQuality: "exact" }), "exact");
  assertEquals(totalsPhrase({ agent: false }), "unavailable");
});

Deno.test("runStatsReadiness() says why no window can be opened", () => {
  const answer = runStatsReadiness(FACTS, { window: WINDOW, reason: "EPERM" });
  assertEquals(answer.reason, "EPERM");
  assertEquals(answer.totalsQuality, "lower bound");
  assertEquals(answer.coverageRatio, undefined);
  assertEquals(totalsPhrase(answer), "lower bound, not counted now");
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
    "they tell 46 ns of a run of an empty program",
  ]);
  assertEquals(statsCostPhrase({ agent: true, costReason: "busy" }), [
    "what they cost cannot be measured: busy",
  ]);
});
