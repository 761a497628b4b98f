/**
 * Owns the tests of src/cli/parse.ts. In: command lines, good, bad and hostile. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { COMMANDS as COMMAND_CATALOG } from "../../../../src/cli/commands.ts";
import { FLAGS } from "../../../../src/cli/flags.ts";
import { type Invocation, parse, reload } from "../../../../src/cli/parse.ts";
import { commandPage, overviewPage } from "../../../../src/cli/usage.ts";
import type { Config } from "../../../../src/config/config.ts";
import { formatDuration } from "../../../../src/config/duration.ts";
import { SETTINGS } from "../../../../src/config/settings.ts";
import { configOf, ONE_SAFE_LINE, ports } from "./parse_ports.ts";

Deno.test("parse() tells the first mistake of several, the command line before variables and the file", async () => {
  const invocation = await parse(
    ["--max-series", "x", "--lisen", "--interval=1", "--config=none"],
    ports({ env: { BPFPULSE_X: "" } }),
  );
  assert(invocation.kind === "error");
  assertMatch(invocation.message, /^Cannot use --max-series: /);
});

Deno.test("parse() gives the defaults without arguments, logging text on a terminal and else JSON", async () => {
  const expected: Config = {
    listen: [{ host: "127.0.0.1", port: 9464 }],
    intervalMs: 500,
    intervalsMs: {},
    holdersIntervalMs: 5_000,
    backend: "auto",
    keepPrivileges: false,
    runStats: "on",
    operations: "off",
    mapCpuEntries: false,
    ringLosses: "off",
    managers: [],
    systemStats: true,
    includeSelf: false,
    limits: { maps: 1000, programs: 1000, links: 1000 },
    maxSeries: 10_000,
    logLevel: "info",
    logFormat: "text",
  };
  assertEquals(await configOf([]), expected);
  const piped = ports({ stderrIsTerminal: false });
  assertEquals(await configOf(["serve"], piped), {
    ...expected,
    logFormat: "json",
  });
});

Deno.test("parse() reads every flag, with its value as the next argument or after an equals sign", async () => {
  const values = [
    ["--listen", "[::1]:80"],
    ["--listen", "unix:/run/b.sock"],
    ["--tls-cert", "c.pem"],
    ["--tls-key", "k.pem"],
    ["--auth-token-file", "/t"],
    ["--backend", "walk"],
    ["--user", "nobody"],
    ["--interval", "2s"],
    ["--interval-links", "1m"],
    ["--interval-maps", "20ms"],
    ["--interval-holders", "30s"],
    ["--run-stats", "off"],
    ["--operations", "window=10s/100s"],
    ["--ring-losses", "on"],
    ["--system-stats", "false"],
    ["--limit", "maps=7"],
    ["--limit", "links=9"],
    ["--max-series", "1"],
    ["--manager", "agents=comm:^node$"],
    ["--manager", "x=unit:x.service"],
    ["--log-level", "debug"],
    ["--log-format", "json"],
  ];
  const expected: Config = {
    listen: [{ host: "::1", port: 80 }, { path: "/run/b.sock" }],
    tls: { certFile: "c.pem", keyFile: "k.pem" },
    authTokenFile: "/t",
    intervalMs: 2000,
    intervalsMs: { links: 60_000, maps: 20 },
    holdersIntervalMs: 30_000,
    backend: "walk",
    user: "nobody",
    keepPrivileges: false,
    runStats: "off",
    operations: { onMs: 10_000, everyMs: 100_000 },
    mapCpuEntries: true,
    ringLosses: "on",
    managers: [
      { name: "agents", by: "comm", text: "^node$" },
      { name: "x", by: "unit", text: "x.service" },
    ],
    systemStats: false,
    includeSelf: true,
    limits: { maps: 7, programs: 1000, links: 9 },
    maxSeries: 1,
    logLevel: "debug",
    logFormat: "json",
  };
  assertEquals(
    await configOf([
      ...values.flat(),
      "--include-self",
      "--map-cpu-entries",
      "serve",
    ]),
    expected,
  );
  assertEquals(
    await configOf([
      "serve",
      "--include-self=true",
      "--map-cpu-entries=true",
      ...values.map((pair) => pair.join("=")),
    ]),
    expected,
  );
  const off = await configOf(["--include-self=false"]);
  assertEquals(off.includeSelf, false);
});

Deno.test("parse() takes each flag's default text for the default", async () => {
  let compared = 0;
  for (const { name, defaultText = "", kind, form } of SETTINGS) {
    if (form === "keys" || !kind.parse(defaultText).ok) continue;
    if (/^the path|^a user/.test(kind.expects)) continue;
    assertEquals(
      await configOf([`--${name}=${defaultText}`]),
      await configOf([]),
    );
    compared++;
  }
  assertEquals(compared, 13);
});

Deno.test("parse() lets --help, then --version, win over mistakes before and after it", async () => {
  const withHelp = await parse(
    ["--lisen", "--version", "--help", "x"],
    ports(),
  );
  assertEquals(withHelp, { kind: "help", text: overviewPage() });
  const withVersion = await parse(["x", "--version", "--interval=0"], ports());
  assertEquals(withVersion, { kind: "version" });
});

Deno.test("parse() shows the page of the command before --help or after help", async () => {
  for (const command of COMMAND_CATALOG) {
    const page: Invocation = { kind: "help", text: commandPage(command) };
    assertEquals(await parse([command.name, "--help"], ports()), page);
    assertEquals(await parse(["help", command.name], ports()), page);
  }
  const overview: Invocation = { kind: "help", text: overviewPage() };
  assertEquals(await parse(["help"], ports()), overview);
  assertEquals(await parse(["--help"], ports()), overview);
});

Deno.test("parse() reads what once, check, catalog and version are asked for", async () => {
  const config = await configOf(["--interval=1s"]);
  assertEquals<Invocation>(
    await parse(["once", "--interval=1s", "--rates", "--format=prom"], ports()),
    { kind: "once", config, format: "prom", rates: true, by: "type" },
  );
  assertEquals<Invocation>(await parse(["once", "--interval", "1s"], ports()), {
    kind: "once",
    config,
    format: "table",
    rates: false,
    by: "type",
  });
  assertEquals<Invocation>(
    await parse(["once", "--interval=1s", "--by", "owner"], ports()),
    { kind: "once", config, format: "table", rates: false, by: "owner" },
  );
  assertEquals<Invocation>(
    await parse(
      ["check", "--format", "json", "--require", "btf,maps,btf"],
      ports(),
    ),
    {
      kind: "check",
      config: await configOf([]),
      format: "json",
      require: ["maps", "btf"],
    },
  );
  assertEquals(await parse(["bench"], ports()), {
    kind: "bench",
    format: "table",
    request: { objects: 1000, seconds: 2, budgetRatio: 0.01 },
  });
  assertEquals(
    await parse(
      [
        ...["bench", "--objects=0", "--seconds", "0.5"],
        ...["--budget", "2.5%", "--format=json"],
      ],
      ports(),
    ),
    {
      kind: "bench",
      format: "json",
      request: { objects: 0, seconds: 0.5, budgetRatio: 0.025 },
    },
  );
  assertEquals<Invocation>(
    await parse(["catalog", "--interval=1s", "--format=json"], ports()),
    { kind: "catalog", config, format: "json" },
  );
  assertEquals(await parse(["catalog", "--format", "markdown"], ports()), {
    kind: "catalog-markdown",
  });
  assertEquals(await parse(["version"], ports()), { kind: "version" });
});

Deno.test("parse() reads variables and the file for commands that have a configuration and for no other", async () => {
  const broken = ports({
    env: { BPFPULSE_CONFIG: "/gone.yaml", BPFPULSE_INTERVAL: "x" },
  });
  for (
    const args of [
      ["bench"],
      ["catalog", "--format=markdown"],
      ["version"],
      ["help"],
      ["once", "--help"],
    ]
  ) {
    assert((await parse(args, broken)).kind !== "error");
  }
  for (const command of ["serve", "once", "check"]) {
    assertEquals((await parse([command], broken)).kind, "error");
  }
});

Deno.test("parse() takes settings of other commands from variables and the file: they are shared", async () => {
  const invocation = await parse(
    ["check"],
    ports({
      env: { BPFPULSE_LISTEN: ":80", BPFPULSE_CONFIG: "/c" },
      readTextFile: () => "max-series: 5",
    }),
  );
  assert(invocation.kind === "check");
  assertEquals(invocation.config.listen, [{ host: "", port: 80 }]);
  assertEquals(invocation.config.maxSeries, 5);
});

Deno.test("parse() prints the settings of the command with --print-config", async () => {
  const invocation = await parse(
    ["check", "--print-config", "--interval=1s"],
    ports(),
  );
  assert(invocation.kind === "print-config");
  assertMatch(invocation.text, /^interval: 1s +# flag --interval$/m);
  assert(!invocation.text.includes("listen"));
});

Deno.test("parse() gives a config that is frozen at every depth", async () => {
  const config = await configOf(["--limit", "maps=7", "--listen", ":80"]);
  for (const part of [config, config.listen, config.limits]) {
    assert(Object.isFrozen(part));
  }
});

Deno.test("parse() shortens an argument of 100,000 characters in its sentence", async () => {
  const invocation = await parse(["--" + "x".repeat(100_000)], ports());
  assert(invocation.kind === "error");
  assert(invocation.message.length < 250);
});

Deno.test("reload() reads the file anew under the flags and variables of the start", async () => {
  let text = "interval: 1s\nmax-series: 5";
  const args = ["--config=/c.yaml", "--log-level=debug"];
  const asked = ports({
    env: { BPFPULSE_MAX_SERIES: "7" },
    readTextFile: () => text,
  });
  const invocation = await parse(args, asked);
  assert(invocation.kind === "serve");
  assertEquals(invocation.config.intervalMs, 1000);
  text = "interval: 2s\nmax-series: 6\nlog-level: error";
  const reloaded = await reload(args, asked);
  assert(reloaded.ok);
  assertEquals(reloaded.config, { ...invocation.config, intervalMs: 2000 });
  assertEquals(reloaded.config.maxSeries, 7);
});

Deno.test("reload() says in one sentence why a file that is gone or wrong changes nothing", async () => {
  let read = () => "interval: 1s";
  const args = ["--config=/c.yaml"];
  const asked = ports({ readTextFile: () => read() });
  read = () => "interval: 1s\nlisten: :80\nintervall: 2s";
  assertEquals(await reload(args, asked), {
    ok: false,
    message:
      'Keeping the configuration as it is: Cannot use /c.yaml:3: expected a setting, found "intervall"; did you mean interval?',
  });
  read = () => {
    throw new Deno.errors.NotFound("x");
  };
  assertEquals(await reload(args, asked), {
    ok: false,
    message:
      "Keeping the configuration as it is: Cannot read /c.yaml: there is no such file",
  });
});

Deno.test("reload() gives the same configuration where there is no file", async () => {
  const args = ["--interval=1s"];
  const asked = ports();
  const invocation = await parse(args, asked);
  assert(invocation.kind === "serve");
  assertEquals(await reload(args, asked), {
    ok: true,
    config: invocation.config,
  });
});

Deno.test("parse() never throws, and says one safe line about any bad command line", async () => {
  const names = FLAGS.map((flag) => flag.name);
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const argument = fc.oneof(
    text,
    fc.constantFrom(
      "--",
      "-",
      "serve",
      "once",
      "check",
      "bench",
      "catalog",
      "help",
      "__proto__",
      "--__proto__=1",
      "-=",
      "--=",
      "--no-listen",
    ),
    fc.constantFrom(...names).map((name) => `--${name}`),
    fc.tuple(fc.constantFrom(...names), text).map(([name, value]) =>
      `--${name}=${value}`
    ),
    text.map((value) => `-${value}`),
    fc.constantFrom("1s", "maps=3", ":80", "on", "true", "debug", "json"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(argument, { maxLength: 8 }),
      fc.boolean(),
      async (args, stderrIsTerminal) => {
        const invocation = await parse(args, ports({ stderrIsTerminal }));
        switch (invocation.kind) {
          case "serve":
          case "once":
          case "check":
          case "catalog":
            assert(Object.isFrozen(invocation.config));
            break;
          case "error":
            assertMatch(invocation.message, ONE_SAFE_LINE);
            break;
          case "help":
          case "version":
            assert(args.some((arg) => /help|version/.test(arg)));
            break;
          case "bench":
            assert(invocation.request.budgetRatio > 0);
            break;
          case "catalog-markdown":
            assert(args.some((arg) => arg.endsWith("markdown")));
            break;
          case "print-config":
            assert(args.some((arg) => arg.endsWith(invocation.kind)));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("parse() reads back every duration that it accepts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 20, max: 3_600_000 }),
      async (intervalMs) => {
        const config = await configOf([
          "--interval",
          formatDuration(intervalMs),
        ]);
        assertEquals(config.intervalMs, intervalMs);
      },
    ),
    { numRuns: 1000 },
  );
});

/** A terminal, no variables, no files. */
