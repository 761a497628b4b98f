/**
 * Owns the tests of src/cli/parse.ts. In: command lines, good, bad and hostile. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertMatch, fail } from "@std/assert";
import fc from "fast-check";
import { COMMANDS as COMMAND_CATALOG } from "../../../../src/cli/commands.ts";
import { FLAGS } from "../../../../src/cli/flags.ts";
import {
  type Invocation,
  parse,
  type ParsePorts,
} from "../../../../src/cli/parse.ts";
import { commandPage, overviewPage } from "../../../../src/cli/usage.ts";
import type { Config } from "../../../../src/config/config.ts";
import { formatDuration } from "../../../../src/config/duration.ts";
import { SETTINGS } from "../../../../src/config/settings.ts";

/** What may follow in a sentence without reaching a terminal raw. */
const ONE_SAFE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;

const DURATION = "a duration from 20ms to 1h (units ms, s, m, h) such as 500ms";
const LIMIT =
  "KEY=N, KEY being maps, programs or links and N a whole number from 1 to 4294967295";
const COMMAND_LINE = "Cannot read the command line: expected ";
const COMMANDS = "serve, once, check, catalog, version or help";
const ADDRESS =
  "host:port, [::1]:port or :port with a port from 0 to 65535, or unix:/path with an absolute path of at most 107 bytes";

/** Of flags that this version does not have. */
const NEAREST: Readonly<Record<string, string>> = {
  "--export": "limit",
  "--history": "listen",
  "--alertmanager": "listen",
  "--retention": "version",
  "--user": "listen",
};

/** Every kind of mistake with its whole sentence. */
const MISTAKES: readonly [args: string[], message: string][] = [
  [
    ["--lisen", "x"],
    COMMAND_LINE +
    'a flag that --help lists, found "--lisen"; did you mean --listen?',
  ],
  [
    ["--int=3s"],
    COMMAND_LINE +
    'a flag that --help lists, found "--int"; did you mean --interval?',
  ],
  [
    ["-listen", ":80"],
    COMMAND_LINE +
    'a flag that --help lists, found "-listen"; did you mean --listen?',
  ],
  [
    ["-h"],
    COMMAND_LINE + 'a flag that --help lists, found "-h"; did you mean --help?',
  ],
  [
    ["--interval", "5ms"],
    `Cannot use --interval: expected ${DURATION}, found "5ms"`,
  ],
  [
    ["--interval", "banana"],
    `Cannot use --interval: expected ${DURATION}, found "banana"`,
  ],
  [
    ["--interval"],
    `Cannot use --interval: expected ${DURATION}, found no value`,
  ],
  [["--interval="], `Cannot use --interval: expected ${DURATION}, found ""`],
  [
    ["--interval", "--listen", ":80"],
    `Cannot use --interval: expected ${DURATION}, found "--listen" where its value belongs`,
  ],
  [
    ["--interval=1s", "--interval", "2s"],
    'Cannot use --interval twice: expected it once, found it again with "2s"',
  ],
  [
    ["--listen", ":99999"],
    `Cannot use --listen: expected ${ADDRESS}, found ":99999"`,
  ],
  [
    ["--limit", "foo=3"],
    `Cannot use --limit: expected ${LIMIT}, found "foo=3"; did you mean maps?`,
  ],
  [
    ["--limit", "links"],
    `Cannot use --limit: expected ${LIMIT}, found "links"`,
  ],
  [
    ["--limit", "links=0"],
    `Cannot use --limit: expected ${LIMIT}, found "links=0"`,
  ],
  [
    ["--limit=maps=3", "--limit=maps=4"],
    'Cannot use --limit maps twice: expected it once, found it again with "maps=4"',
  ],
  [
    ["--max-series", "-1"],
    'Cannot use --max-series: expected a whole number from 1 to 4294967295, found "-1"',
  ],
  [
    ["--max-series=0"],
    'Cannot use --max-series: expected a whole number from 1 to 4294967295, found "0"',
  ],
  [
    ["--log-level", "warning"],
    'Cannot use --log-level: expected debug, info, warn or error, found "warning"; did you mean warn?',
  ],
  [
    ["--run-stats", "no"],
    'Cannot use --run-stats: expected on or off, found "no"',
  ],
  [
    ["--system-stats", "yes"],
    'Cannot use --system-stats: expected true or false, found "yes"',
  ],
  [
    ["--include-self", "false"],
    'Cannot use --include-self: expected --include-self=false, found "false" as a separate word',
  ],
  [
    ["--include-self", "--include-self"],
    'Cannot use --include-self twice: expected it once, found it again with "true"',
  ],
  [["--help=yes"], 'Cannot use --help: expected no value, found "yes"'],
  [["--version="], 'Cannot use --version: expected no value, found ""'],
  [
    ["srve"],
    `${COMMAND_LINE}the command ${COMMANDS}, found "srve"; did you mean serve?`,
  ],
  [
    ["listen", ":80"],
    `${COMMAND_LINE}the command ${COMMANDS}, found "listen"; did you mean --listen?`,
  ],
  [["serve", "now"], COMMAND_LINE + 'only flags after serve, found "now"'],
  [
    ["--", "--version"],
    `${COMMAND_LINE}the command ${COMMANDS}, found "--version"; did you mean version?`,
  ],
  [
    ["--token=hunter2"],
    COMMAND_LINE +
    'a flag that --help lists, found "--token"; did you mean --listen?',
  ],
  [
    ["-auth-token=hunter2"],
    COMMAND_LINE +
    'a flag that --help lists, found "-auth-token"; did you mean --auth-token-file?',
  ],
  [
    ["once", "--rate"],
    COMMAND_LINE +
    'a flag that once --help lists, found "--rate"; did you mean --rates?',
  ],
  [
    ["--rates"],
    "Cannot use --rates with serve: it is a flag of once",
  ],
  [
    ["once", "--listen", ":80"],
    "Cannot use --listen with once: it is a flag of serve",
  ],
  [
    ["catalog", "--config=x"],
    "Cannot use --config with catalog: it is a flag of serve, once and check",
  ],
  [
    ["--format", "json", "serve"],
    "Cannot use --format with serve: it is a flag of once, check and catalog",
  ],
  [
    ["check", "--format", "prom"],
    'Cannot use --format: expected table or json, found "prom"; did you mean json?',
  ],
  [
    ["check", "--require", "maps,proggrams"],
    'Cannot use --require: expected maps, programs or btf, found "proggrams"; did you mean programs?',
  ],
  [
    ["check", "--require", "maps,"],
    'Cannot use --require: expected names that check --format json prints, separated by commas, found "maps,"',
  ],
  [
    ["help", "onec"],
    `Cannot show help: expected the command ${COMMANDS}, found "onec"; did you mean once?`,
  ],
  [
    ["help", "once", "now"],
    COMMAND_LINE + 'only flags after once, found "now"',
  ],
  [
    ["--listen", "unix:run/x"],
    `Cannot use --listen: expected ${ADDRESS}, found "unix:run/x"`,
  ],
  [
    ["--listen", "unix:/run/x", "--listen=unix:/run/x"],
    'Cannot use --listen unix:/run/x twice: expected it once, found it again with "unix:/run/x"',
  ],
  [
    ["--tls-cert", "cert.pem"],
    "Cannot use --tls-cert alone: expected --tls-key too or neither, found only --tls-cert (flag --tls-cert)",
  ],
  [
    ["--auth-token-file", ""],
    'Cannot use --auth-token-file: expected the path of a file, found ""',
  ],
  [
    ["--backend", "wlak"],
    'Cannot use --backend: expected auto, iterator or walk, found "wlak"; did you mean walk?',
  ],
  [
    ["--interval-maps=10ms"],
    `Cannot use --interval-maps: expected ${DURATION}, found "10ms"`,
  ],
  [
    ["--print-config=1"],
    'Cannot use --print-config: expected no value, found "1"',
  ],
  [
    ["--config"],
    "Cannot use --config: expected the path of a file, found no value",
  ],
  ...Object.keys(NEAREST).map((
    flag,
  ): [string[], string] => [
    [flag],
    `${COMMAND_LINE}a flag that --help lists, found "${flag}"; did you mean --${
      NEAREST[flag]
    }?`,
  ]),
  [
    ["--log-format", "\u001b]0;x\u0007\u009b31m\u202etxt\n"],
    'Cannot use --log-format: expected text or json, found "\\u001b]0;x\\u0007\\u009b31m\\u202etxt\\n"; did you mean text?',
  ],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`parse() tells what is wrong with ${JSON.stringify(args)}`, async () => {
    assertEquals(await parse(args, ports()), {
      kind: "error",
      exitCode: 2,
      message,
    });
  });
}

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
    backend: "auto",
    runStats: true,
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
    ["--interval", "2s"],
    ["--interval-links", "1m"],
    ["--interval-maps", "20ms"],
    ["--run-stats", "off"],
    ["--system-stats", "false"],
    ["--limit", "maps=7"],
    ["--limit", "links=9"],
    ["--max-series", "1"],
    ["--log-level", "debug"],
    ["--log-format", "json"],
  ];
  const expected: Config = {
    listen: [{ host: "::1", port: 80 }, { path: "/run/b.sock" }],
    tls: { certFile: "c.pem", keyFile: "k.pem" },
    authTokenFile: "/t",
    intervalMs: 2000,
    intervalsMs: { links: 60_000, maps: 20 },
    backend: "walk",
    runStats: false,
    systemStats: false,
    includeSelf: true,
    limits: { maps: 7, programs: 1000, links: 9 },
    maxSeries: 1,
    logLevel: "debug",
    logFormat: "json",
  };
  assertEquals(
    await configOf([...values.flat(), "--include-self", "serve"]),
    expected,
  );
  assertEquals(
    await configOf([
      "serve",
      "--include-self=true",
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
    if (kind.expects.startsWith("the path")) continue;
    assertEquals(
      await configOf([`--${name}=${defaultText}`]),
      await configOf([]),
    );
    compared++;
  }
  assertEquals(compared, 8);
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
    { kind: "once", config, format: "prom", rates: true },
  );
  assertEquals<Invocation>(await parse(["once", "--interval", "1s"], ports()), {
    kind: "once",
    config,
    format: "table",
    rates: false,
  });
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
  assertEquals(await parse(["catalog", "--format", "markdown"], ports()), {
    kind: "catalog",
    format: "markdown",
  });
  assertEquals(await parse(["version"], ports()), { kind: "version" });
});

Deno.test("parse() reads variables and the file for commands that have a configuration and for no other", async () => {
  const broken = ports({
    env: { BPFPULSE_CONFIG: "/gone.yaml", BPFPULSE_INTERVAL: "x" },
  });
  for (const args of [["catalog"], ["version"], ["help"], ["once", "--help"]]) {
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
  const invocation = await parse(
    ["--config=/c.yaml", "--log-level=debug"],
    ports({ env: { BPFPULSE_MAX_SERIES: "7" }, readTextFile: () => text }),
  );
  assert(invocation.kind === "serve");
  assertEquals(invocation.config.intervalMs, 1000);
  text = "interval: 2s\nmax-series: 6\nlog-level: error";
  const reloaded = await invocation.reload();
  assert(reloaded.ok);
  assertEquals(reloaded.config, { ...invocation.config, intervalMs: 2000 });
  assertEquals(reloaded.config.maxSeries, 7);
});

Deno.test("reload() says in one sentence why a file that is gone or wrong changes nothing", async () => {
  let read = () => "interval: 1s";
  const invocation = await parse(
    ["--config=/c.yaml"],
    ports({ readTextFile: () => read() }),
  );
  assert(invocation.kind === "serve");
  read = () => "interval: 1s\nlisten: :80\nintervall: 2s";
  assertEquals(await invocation.reload(), {
    ok: false,
    message:
      'Keeping the configuration as it is: Cannot use /c.yaml:3: expected a setting, found "intervall"; did you mean interval?',
  });
  read = () => {
    throw new Deno.errors.NotFound("x");
  };
  assertEquals(await invocation.reload(), {
    ok: false,
    message:
      "Keeping the configuration as it is: Cannot read /c.yaml: there is no such file",
  });
});

Deno.test("reload() gives the same configuration where there is no file", async () => {
  const invocation = await parse(["--interval=1s"], ports());
  assert(invocation.kind === "serve");
  assertEquals(await invocation.reload(), {
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
            assert(Object.isFrozen(invocation.config));
            break;
          case "error":
            assertMatch(invocation.message, ONE_SAFE_LINE);
            break;
          case "help":
          case "version":
            assert(args.some((arg) => /help|version/.test(arg)));
            break;
          case "catalog":
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
function ports(given: Partial<ParsePorts> = {}): ParsePorts {
  return {
    stderrIsTerminal: true,
    env: {},
    readTextFile() {
      throw new Deno.errors.NotFound("no such file");
    },
    requirable: ["maps", "programs", "btf"],
    ...given,
  };
}

async function configOf(
  args: readonly string[],
  given = ports(),
): Promise<Config> {
  const invocation = await parse(args, given);
  if (invocation.kind !== "serve") {
    fail(`Cannot read ${JSON.stringify(args)}: ${JSON.stringify(invocation)}`);
  }
  return invocation.config;
}
