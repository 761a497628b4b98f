/**
 * Owns the tests of src/config/load.ts. In: sources. Out: verdicts.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Config } from "../../../../src/config/config.ts";
import { type ConfigSources, loadConfig } from "../../../../src/config/load.ts";
import { defaultConfig } from "../../../../src/config/resolve.ts";
import type { FileRefusal } from "../../../../src/config/text_file.ts";

Deno.test("loadConfig() takes flags over variables over the file over defaults", async () => {
  const config = await load({
    flags: [{ setting: "interval", change: { intervalMs: 111 }, origin: "" }],
    configPath: "/x",
    env: { BPFPULSE_INTERVAL: "222ms", BPFPULSE_MAX_SERIES: "2" },
    readTextFile: () => "interval: 333ms\nmax-series: 3\nlog-level: warn",
  });
  assertEquals(config, {
    ...defaultConfig(true),
    intervalMs: 111,
    maxSeries: 2,
    logLevel: "warn",
  });
});

Deno.test("loadConfig() takes the file that --config names before that of BPFPULSE_CONFIG, and reads none without a name", async () => {
  const read: string[] = [];
  const sources = {
    env: { BPFPULSE_CONFIG: "/variable" },
    readTextFile(path: string) {
      read.push(path);
      return "";
    },
  };
  await load({ ...sources, configPath: "/flag" });
  await load(sources);
  await load({ ...sources, env: {} });
  assertEquals(read, ["/flag", "/variable"]);
});

Deno.test("loadConfig() tells a file that cannot be read (1) from one that is wrong, and from a wrong variable (2)", async () => {
  assertEquals(await load({ configPath: "/x" }), {
    exitCode: 1,
    message: "Cannot read /x: there is no such file",
  });
  assertEquals(await load({ configPath: "/x", readTextFile: () => "a" }), {
    exitCode: 2,
    message:
      'Cannot use /x:1: expected lines of "key: value", found a single value',
  });
  const variable = await load({
    configPath: "/x",
    env: { BPFPULSE_RUN_STATS: "no" },
  });
  assertEquals(variable, {
    exitCode: 2,
    message:
      'Cannot use BPFPULSE_RUN_STATS: expected off, on, or window=ON/EVERY with ON from 10ms to 1h and a longer EVERY of at most 1h, such as window=100ms/1s, found "no"',
  });
});

Deno.test("loadConfig() names the line of a certificate in the file that lacks its key", async () => {
  const refusal = await load({
    configPath: "/x",
    readTextFile: () => "\ntls-cert: c",
  });
  assert("message" in refusal);
  assertEquals(
    refusal.message,
    "Cannot use --tls-cert alone: expected --tls-key too or neither, found only --tls-cert (/x:2)",
  );
});

async function load(
  sources: Partial<ConfigSources>,
): Promise<Config | FileRefusal> {
  const loaded = await loadConfig({
    flags: [],
    configPath: undefined,
    env: {},
    stderrIsTerminal: true,
    readTextFile() {
      throw new Deno.errors.NotFound();
    },
    ...sources,
  });
  return "message" in loaded ? loaded : loaded.config;
}
