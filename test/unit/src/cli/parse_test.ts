/**
 * Owns the tests of src/cli/parse.ts. In: command lines, good, bad and hostile. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertMatch, fail } from "@std/assert";
import fc from "fast-check";
import { FLAGS } from "../../../../src/cli/flags.ts";
import { parse } from "../../../../src/cli/parse.ts";
import type { Config } from "../../../../src/config/config.ts";
import { formatDuration } from "../../../../src/config/duration.ts";

/** What may follow in a sentence without reaching a terminal raw. */
const ONE_SAFE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;

const DURATION = "a duration from 20ms to 1h (units ms, s, m, h) such as 500ms";
const LIMIT =
  "KEY=N, KEY being maps, programs or links and N a whole number from 1 to 4294967295";
const COMMAND_LINE = "Cannot read the command line: expected ";

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
    'Cannot use --listen: expected host:port, [::1]:port or :port with a port from 0 to 65535, found ":99999"',
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
    COMMAND_LINE + 'the command serve, found "srve"; did you mean serve?',
  ],
  [
    ["listen", ":80"],
    COMMAND_LINE + 'the command serve, found "listen"; did you mean --listen?',
  ],
  [["serve", "now"], COMMAND_LINE + 'only flags after serve, found "now"'],
  [
    ["--", "--version"],
    COMMAND_LINE +
    'the command serve, found "--version"; did you mean --version?',
  ],
  [
    ["--log-format", "\u001b]0;x\u0007\u009b31m\u202etxt\n"],
    'Cannot use --log-format: expected text or json, found "\\u001b]0;x\\u0007\\u009b31m\\u202etxt\\n"; did you mean text?',
  ],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`parse() tells what is wrong with ${JSON.stringify(args)}`, () => {
    assertEquals(parse(args, { stderrIsTerminal: true }), {
      kind: "usage-error",
      message,
    });
  });
}

Deno.test("parse() tells the first mistake of several", () => {
  const invocation = parse(["--max-series", "x", "--lisen", "--interval=1"], {
    stderrIsTerminal: true,
  });
  assert(invocation.kind === "usage-error");
  assertMatch(invocation.message, /^Cannot use --max-series: /);
});

Deno.test("parse() gives the defaults without arguments, logging text on a terminal and else JSON", () => {
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
  assertEquals(configOf([], true), expected);
  assertEquals(configOf(["serve"], false), { ...expected, logFormat: "json" });
});

Deno.test("parse() reads every flag, with its value as the next argument or after an equals sign", () => {
  const values = [
    ["--listen", "[::1]:80"],
    ["--interval", "2s"],
    ["--run-stats", "off"],
    ["--system-stats", "false"],
    ["--limit", "maps=7"],
    ["--limit", "links=9"],
    ["--max-series", "1"],
    ["--log-level", "debug"],
    ["--log-format", "json"],
  ];
  const expected: Config = {
    listen: [{ host: "::1", port: 80 }],
    intervalMs: 2000,
    intervalsMs: {},
    backend: "auto",
    runStats: false,
    systemStats: false,
    includeSelf: true,
    limits: { maps: 7, programs: 1000, links: 9 },
    maxSeries: 1,
    logLevel: "debug",
    logFormat: "json",
  };
  assertEquals(
    configOf([...values.flat(), "--include-self", "serve"]),
    expected,
  );
  assertEquals(
    configOf([
      "serve",
      "--include-self=true",
      ...values.map((pair) => pair.join("=")),
    ]),
    expected,
  );
  assertEquals(configOf(["--include-self=false"]).includeSelf, false);
});

Deno.test("parse() takes each flag's default text for the default", () => {
  const withDefaultText = FLAGS.filter((flag) =>
    flag.takes === "value" && flag.repeatBy === undefined &&
    flag.name !== "log-format"
  );
  assertEquals(withDefaultText.length, 6);
  for (const flag of withDefaultText) {
    assert(flag.takes === "value");
    assertEquals(configOf([`--${flag.name}`, flag.defaultText]), configOf([]));
  }
});

Deno.test("parse() lets --help, then --version, win over mistakes before and after it", () => {
  const withHelp = parse(["--lisen", "--version", "--help", "x"], {
    stderrIsTerminal: true,
  });
  assertEquals(withHelp.kind, "help");
  const withVersion = parse(["x", "--version", "--interval=0"], {
    stderrIsTerminal: true,
  });
  assertEquals(withVersion, { kind: "version" });
});

Deno.test("parse() gives a config that is frozen at every depth", () => {
  const config = configOf(["--limit", "maps=7", "--listen", ":80"]);
  for (const part of [config, config.listen, config.limits]) {
    assert(Object.isFrozen(part));
  }
});

Deno.test("parse() shortens an argument of 100,000 characters in its sentence", () => {
  const invocation = parse(["--" + "x".repeat(100_000)], {
    stderrIsTerminal: true,
  });
  assert(invocation.kind === "usage-error");
  assert(invocation.message.length < 250);
});

Deno.test("parse() never throws, and says one safe line about any bad command line", () => {
  const names = FLAGS.map((flag) => flag.name);
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const argument = fc.oneof(
    text,
    fc.constantFrom(
      "--",
      "-",
      "serve",
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
  fc.assert(
    fc.property(
      fc.array(argument, { maxLength: 8 }),
      fc.boolean(),
      (args, stderrIsTerminal) => {
        const invocation = parse(args, { stderrIsTerminal });
        switch (invocation.kind) {
          case "serve":
            assert(Object.isFrozen(invocation.config));
            break;
          case "usage-error":
            assertMatch(invocation.message, ONE_SAFE_LINE);
            break;
          default:
            assert(args.some((arg) => arg === "--help" || arg === "--version"));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("parse() reads back every duration that it accepts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 3_600_000 }), (intervalMs) => {
      const config = configOf(["--interval", formatDuration(intervalMs)]);
      assertEquals(config.intervalMs, intervalMs);
    }),
    { numRuns: 1000 },
  );
});

function configOf(args: readonly string[], stderrIsTerminal = true): Config {
  const invocation = parse(args, { stderrIsTerminal });
  if (invocation.kind !== "serve") {
    fail(`Cannot read ${JSON.stringify(args)}: ${JSON.stringify(invocation)}`);
  }
  return invocation.config;
}
