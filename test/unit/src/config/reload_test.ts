/**
 * Owns the tests of src/config/reload.ts. In: two configurations. Out: verdicts.
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Config } from "../../../../src/config/config.ts";
import { planReload, type Reloadable } from "../../../../src/config/reload.ts";
import { defaultConfig } from "../../../../src/config/resolve.ts";

const RUNNING: Config = {
  ...defaultConfig(true),
  tls: { certFile: "c", keyFile: "k" },
};

Deno.test("planReload() plans nothing where nothing differs", () => {
  assertEquals(planReload(RUNNING, structuredClone(RUNNING)), {
    apply: {},
    needsRestart: [],
  });
});

Deno.test("planReload() applies what can change while the agent runs, and only what differs", () => {
  const changes: readonly Partial<Reloadable>[] = [
    { intervalMs: 20 },
    { intervalsMs: { maps: 20, links: 30 } },
    { limits: { maps: 1, programs: 1000, links: 1000 } },
    { maxSeries: 1 },
    { systemStats: false },
    { logLevel: "debug" },
    { logFormat: "json" },
  ];
  for (const apply of changes) {
    const plan = planReload(RUNNING, { ...RUNNING, ...apply });
    assertEquals(plan, { apply, needsRestart: [] });
  }
  const all: Partial<Reloadable> = Object.assign({}, ...changes);
  assertEquals(planReload(RUNNING, { ...RUNNING, ...all }).apply, all);
});

Deno.test("planReload() applies that an interval is no longer set apart", () => {
  const running: Config = { ...RUNNING, intervalsMs: { maps: 20 } };
  assertEquals(planReload(running, RUNNING), {
    apply: { intervalsMs: {} },
    needsRestart: [],
  });
});

Deno.test("planReload() names by flag what waits for a restart", () => {
  const next: Config = {
    ...defaultConfig(true),
    listen: [{ path: "/run/x" }],
    authTokenFile: "/t",
    backend: "walk",
    runStats: "off",
    includeSelf: true,
    maxSeries: 1,
  };
  assertEquals(planReload(RUNNING, next), {
    apply: { maxSeries: 1 },
    needsRestart: [
      "listen",
      "tls-cert",
      "tls-key",
      "auth-token-file",
      "backend",
      "run-stats",
      "include-self",
    ],
  });
  const rekeyed = { ...RUNNING, tls: { certFile: "c", keyFile: "k2" } };
  assertEquals(planReload(RUNNING, rekeyed).needsRestart, ["tls-key"]);
});
