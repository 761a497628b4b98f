/**
 * Owns the tests of src/config/print.ts. In: configurations. Out: verdicts, also on what becomes of them when read again.
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readConfigText } from "../../../../src/config/file.ts";
import type { Config } from "../../../../src/config/config.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { printConfig } from "../../../../src/config/print.ts";
import {
  defaultConfig,
  resolveConfig,
  type Resolved,
} from "../../../../src/config/resolve.ts";
import { SETTINGS } from "../../../../src/config/settings.ts";

Deno.test("printConfig() gives each value with where it came from", async () => {
  const resolved = await loadConfig({
    flags: [{
      setting: "interval",
      change: { intervalMs: 100 },
      origin: "flag --interval",
    }],
    configPath: "/etc/x.yaml",
    env: {
      BPFPULSE_LIMIT: "links=5",
      BPFPULSE_INTERVAL: "3s",
      BPFPULSE_TLS_KEY: "/k",
    },
    stderrIsTerminal: true,
    readTextFile: () =>
      'listen: ["[::1]:80",\n ":81"]\nlimit:\n  maps: 2000\ninterval: 2s\ntls-cert: a b',
  });
  if ("message" in resolved) throw new Error(resolved.message);
  assertEquals(
    printConfig(resolved, SETTINGS),
    `listen:
  - "[::1]:80"                             # /etc/x.yaml:1
  - ":81"                                  # /etc/x.yaml:2
tls-cert: "a b"                            # /etc/x.yaml:6
tls-key: /k                                # variable BPFPULSE_TLS_KEY
# auth-token-file: off                     # default
max-series: 10000                          # default
system-stats: true                         # default
limit:
  maps: 2000                               # /etc/x.yaml:4
  programs: 1000                           # default
  links: 5                                 # variable BPFPULSE_LIMIT
# manager: one per command and container   # default
interval: 100ms                            # flag --interval
# interval-maps: --interval                # default
# interval-programs: --interval            # default
# interval-links: --interval               # default
interval-holders: 5s                       # default
backend: auto                              # default
run-stats: on                              # default
operations: off                            # default
map-cpu-entries: false                     # default
ring-losses: off                           # default
include-self: false                        # default
# user: the user that starts it            # default
keep-privileges: false                     # default
log-level: info                            # default
log-format: text                           # default
`,
  );
});

Deno.test("printConfig() cannot be broken out of by a path with a line break", () => {
  const text = printConfig({
    config: { ...defaultConfig(true), authTokenFile: "a\nlisten: :1" },
    origins: new Map([["interval", "/x\nlisten: :1"]]),
  }, SETTINGS);
  assertEquals(text.match(/^listen/gm)?.length, 1);
});

Deno.test("printConfig() gives a file that sets the same again, with and without its comments", () => {
  const host = fc.oneof(fc.constant(""), fc.ipV4(), fc.ipV6(), fc.domain());
  const address = fc.oneof(
    fc.record({ host, port: fc.nat({ max: 65535 }) }),
    fc.constantFrom("/run/x", "/a #b", "/a: b", "/true").map((path) => ({
      path,
    })),
  );
  const path = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 })
      .filter((text) => !text.includes("\0") && text.isWellFormed()),
    fc.constantFrom("true", "1e3", "0x1", "~", "null", "on", "- a", "a:", "#"),
  );
  const count = fc.integer({ min: 1, max: 0xffff_ffff });
  const ms = fc.integer({ min: 20, max: 3_600_000 });
  const config = fc.record({
    listen: fc.uniqueArray(address, {
      minLength: 1,
      maxLength: 3,
      selector: (one) => JSON.stringify(one),
    }),
    tls: fc.record({ certFile: path, keyFile: path }),
    authTokenFile: path,
    intervalMs: ms,
    intervalsMs: fc.record({ maps: ms, links: ms }, { requiredKeys: [] }),
    holdersIntervalMs: fc.integer({ min: 1_000, max: 3_600_000 }),
    backend: fc.constantFrom(
      "auto" as const,
      "iterator" as const,
      "walk" as const,
    ),
    user: fc.constantFrom("nobody", "0", "65534", "true", "_a.b-c$"),
    keepPrivileges: fc.constant(false),
    runStats: fc.constantFrom<Config["runStats"]>("off", "on", {
      onMs: 100,
      everyMs: 1_000,
    }),
    operations: fc.constantFrom<Config["operations"]>("off", "on", {
      onMs: 10_000,
      everyMs: 100_000,
    }),
    mapCpuEntries: fc.boolean(),
    ringLosses: fc.constantFrom<Config["ringLosses"]>("off", "on"),
    managers: fc.constantFrom<Config["managers"]>([], [
      { name: "a", by: "comm", text: "^a: #b[,]$" },
      { name: "b", by: "pid", text: "12" },
    ]),
    systemStats: fc.boolean(),
    includeSelf: fc.boolean(),
    limits: fc.record({ maps: count, programs: count, links: count }),
    maxSeries: count,
    logLevel: fc.constantFrom("debug" as const, "error" as const),
    logFormat: fc.constantFrom("text" as const, "json" as const),
  });
  fc.assert(
    fc.property(config, path, (config, origin) => {
      const origins = new Map([["interval", origin], ["log-level", origin]]);
      const text = printConfig({ config, origins }, SETTINGS);
      assertEquals(again(text).config, config);
      assertEquals(again(text.replace(/ {3}# [^\n]*$/gm, "")).config, config);
    }),
    { numRuns: 500 },
  );
});

function again(text: string): Resolved {
  const assignments = readConfigText("/x", text);
  if (typeof assignments === "string") throw new Error(assignments);
  const resolved = resolveConfig(defaultConfig(true), [assignments]);
  if (typeof resolved === "string") throw new Error(resolved);
  return resolved;
}
