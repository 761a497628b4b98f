/** Owns the tests of how samples are graded and counted. @module */
import { assertEquals } from "@std/assert";
import { bad, good } from "../../../fakes/fake_worker.ts";
import { Supervision } from "./supervision.ts";

const DENIED = { errno: "EPERM", unavailable: true };

Deno.test("sampled() counts samples, missed slots and syscalls, and keeps when the last good one was", () => {
  const all = Supervision.sampling();
  all.worker.sample({ startedAtMs: 77.5, missedTicks: 2, syscalls: 40 });
  const { status, sampledAtMs, samples, missedTicks, syscalls, errors } =
    all.health;
  assertEquals(
    { status, sampledAtMs, samples, missedTicks, syscalls, errors },
    {
      status: "sampling",
      sampledAtMs: 77.5,
      samples: 2,
      missedTicks: 2,
      syscalls: 43,
      errors: {},
    },
  );
});

Deno.test("sampled() is failing where any table failed, and counts each time", () => {
  const all = Supervision.sampling();
  const before = all.health.sampledAtMs;
  for (let i = 0; i < 3; i++) {
    all.worker.sample({ tables: [good("program"), bad({}, "btf")] });
  }
  assertEquals(all.health.status, "failing");
  assertEquals(all.health.errors, { ENOMEM: 3 });
  assertEquals(all.health.sampledAtMs, before);
  assertEquals(
    all.health.lastError,
    "Cannot sample BTF objects: BPF_MAP_GET_NEXT_ID failed: ENOMEM",
  );
});

Deno.test("sampled() recovers by itself and keeps the last error", () => {
  const all = Supervision.sampling();
  all.worker.sample({ tables: [bad()] });
  all.worker.sample({ startedAtMs: 9 });
  assertEquals(all.health.status, "sampling");
  assertEquals(all.health.sampledAtMs, 9);
  assertEquals(
    all.health.lastError,
    "Cannot sample maps: BPF_MAP_GET_NEXT_ID failed: ENOMEM",
  );
});

Deno.test("sampled() counts and logs what is unavailable once, however often it is sampled", () => {
  const all = Supervision.sampling();
  for (let i = 0; i < 5; i++) all.worker.sample({ tables: [bad(DENIED)] });
  const reason =
    "Cannot sample maps on this machine: BPF_MAP_GET_NEXT_ID failed: EPERM";
  assertEquals(all.health.status, "unavailable");
  assertEquals(all.health.errors, { EPERM: 1 });
  assertEquals(all.health.lastError, reason);
  assertEquals(all.logged("warn"), [`warn: ${reason}`]);
});

Deno.test("sampled() counts what is unavailable again once its reason changed", () => {
  const all = Supervision.sampling();
  all.worker.sample({ tables: [bad(DENIED)] });
  all.worker.sample({ tables: [bad({ errno: "EINVAL", unavailable: true })] });
  all.worker.sample({ tables: [bad({ errno: "EINVAL", unavailable: true })] });
  assertEquals(all.health.errors, { EPERM: 1, EINVAL: 1 });
  assertEquals(all.logged("warn").length, 2);
});

Deno.test("sampled() counts what is unavailable again after it was there, and recovers by itself", () => {
  const all = Supervision.sampling();
  all.worker.sample({ tables: [bad(DENIED)] });
  all.worker.sample();
  assertEquals(all.health.status, "sampling");
  all.worker.sample({ tables: [bad(DENIED)] });
  assertEquals(all.health.status, "unavailable");
  assertEquals(all.health.errors, { EPERM: 2 });
});

Deno.test("sampled() keeps what is unavailable counted once over a respawn", () => {
  const all = Supervision.sampling();
  all.worker.sample({ tables: [bad(DENIED)] });
  all.failAndCountPauseMs();
  all.worker.ready();
  all.worker.sample({ tables: [bad(DENIED)] });
  assertEquals(all.health.errors, { EPERM: 1, worker: 1 });
  assertEquals(all.health.status, "unavailable");
});

Deno.test("sampled() is sampling where one table is unavailable and another one good", () => {
  const all = Supervision.sampling();
  all.worker.sample({
    startedAtMs: 5,
    tables: [good("program"), bad(DENIED, "btf")],
  });
  assertEquals(all.health.status, "sampling");
  assertEquals(all.health.sampledAtMs, 5);
  assertEquals(all.health.errors, { EPERM: 1 });
});

Deno.test("sampled() is failing where one table is unavailable and another one failed", () => {
  const all = Supervision.sampling();
  all.worker.sample({ tables: [bad({}, "program"), bad(DENIED, "btf")] });
  assertEquals(all.health.status, "failing");
  assertEquals(all.health.errors, { ENOMEM: 1, EPERM: 1 });
});

Deno.test("sampled() does not log at each turn of a failure that comes and goes", () => {
  const all = Supervision.sampling();
  for (let i = 0; i < 50; i++) {
    all.worker.sample({ tables: [bad()] });
    all.clock.advance(250);
    all.worker.sample();
    all.clock.advance(250);
  }
  assertEquals(all.health.errors, { ENOMEM: 50 });
  assertEquals(all.logged("warn").length, 1);
  all.sampleFor(40_000);
  all.worker.sample({ tables: [bad()] });
  assertEquals(all.logged("warn").length, 2);
});

Deno.test("sampled() adds skipped objects up by errno", () => {
  const all = Supervision.sampling();
  const tables = [
    { ...good("program"), skipped: { EMFILE: 2 } },
    { ...good("btf"), skipped: { EMFILE: 1, ENOMEM: 4 } },
  ];
  all.worker.sample({ tables });
  all.worker.sample({ tables });
  assertEquals(all.health.skipped, { EMFILE: 6, ENOMEM: 8 });
  assertEquals(all.health.status, "sampling");
});

Deno.test("health() gives values that later samples and its reader do not change", () => {
  const all = Supervision.sampling();
  all.worker.sample({ tables: [bad()] });
  const before = all.health;
  all.worker.sample({ tables: [bad()] });
  assertEquals(before.errors, { ENOMEM: 1 });
  (before.errors as Record<string, number>)["ENOMEM"] = 99;
  assertEquals(all.health.errors, { ENOMEM: 2 });
});
