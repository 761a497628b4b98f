/**
 * Owns the tests of what src/cli/parse.ts says of bad command lines. In: one mistake each. Out: the whole sentence.
 * @module
 */
import { assertEquals } from "@std/assert";
import { parse } from "../../../../src/cli/parse.ts";
import { ports } from "./parse_ports.ts";

const DURATION = "a duration from 20ms to 1h (units ms, s, m, h) such as 500ms";
const LIMIT =
  "KEY=N, KEY being maps, programs or links and N a whole number from 1 to 4294967295";
const COMMAND_LINE = "Cannot read the command line: expected ";
const COMMANDS = "serve, once, check, bench, catalog, version or help";
const ADDRESS =
  "host:port, [::1]:port or :port with a port from 0 to 65535, or unix:/path with an absolute path of at most 107 bytes";

/** Of flags that this version does not have. */
const NEAREST: Readonly<Record<string, string>> = {
  "--export": "limit",
  "--history": "listen",
  "--alertmanager": "manager",
  "--retention": "version",
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
    'Cannot use --run-stats: expected off, on, or window=ON/EVERY with ON from 10ms to 1h and a longer EVERY of at most 1h, such as window=100ms/1s, found "no"',
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
    ["bench", "--config=x"],
    "Cannot use --config with bench: it is a flag of serve, once, check and catalog",
  ],
  [
    ["--format", "json", "serve"],
    "Cannot use --format with serve: it is a flag of once, check, bench and catalog",
  ],
  [
    ["bench", "--budget", "0"],
    'Cannot use --budget: expected a share of one core above 0% and up to 100%, as 1%, found "0"',
  ],
  [
    ["bench", "--budget=0%"],
    'Cannot use --budget: expected a share of one core above 0% and up to 100%, as 1%, found "0%"',
  ],
  [
    ["bench", "--objects", "-1"],
    'Cannot use --objects: expected a whole number from 0 to 1000000, found "-1"',
  ],
  [
    ["bench", "--seconds", "0"],
    'Cannot use --seconds: expected a number of seconds from 0.1 to 3600, found "0"',
  ],
  [
    ["bench", "--interval", "1s"],
    "Cannot use --interval with bench: it is a flag of serve, once, check and catalog",
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
