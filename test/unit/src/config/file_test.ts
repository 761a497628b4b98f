/**
 * Owns the tests of src/config/file.ts and file_schema.ts. In: texts of files, good, bad and hostile. Out: verdicts.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { readConfigText } from "../../../../src/config/file.ts";
import type { Assignment } from "../../../../src/config/resolve.ts";

const DURATION = "a duration from 20ms to 1h (units ms, s, m, h) such as 500ms";
const COUNT = "a whole number from 1 to 4294967295";
const ADDRESS =
  "host:port, [::1]:port or :port with a port from 0 to 65535, or unix:/path with an absolute path of at most 107 bytes";

/** Every kind of mistake with its whole sentence, of the file /x.yaml. */
const MISTAKES: readonly [text: string, message: string][] = [
  [
    "interval: 1s\n\nintervall-maps: 1s\n",
    'Cannot use /x.yaml:3: expected a setting, found "intervall-maps"; did you mean interval-maps?',
  ],
  [
    "# first\nlimit:\n  maps: 1\n  map: 2",
    'Cannot use /x.yaml:4: expected a key of limit, found "map"; did you mean maps?',
  ],
  [
    "zzz: 1\ninterval: x",
    'Cannot use /x.yaml:1: expected a setting, found "zzz"; did you mean user?',
  ],
  [
    "toString: 1",
    'Cannot use /x.yaml:1: expected a setting, found "toString"; did you mean listen?',
  ],
  [
    "__proto__: {interval: 1s}",
    'Cannot use /x.yaml:1: expected a setting, found "__proto__"; did you mean operations?',
  ],
  [
    "config: other.yaml",
    'Cannot use /x.yaml:1: expected a setting, found "config"; did you mean limit?',
  ],
  [
    "\ninterval: 500",
    `Cannot use interval in /x.yaml:2: expected ${DURATION}, found the number 500`,
  ],
  [
    "interval:",
    `Cannot use interval in /x.yaml:1: expected ${DURATION}, found nothing`,
  ],
  [
    "interval: [1s]",
    `Cannot use interval in /x.yaml:1: expected ${DURATION}, found a list`,
  ],
  [
    "log-level: trace",
    'Cannot use log-level in /x.yaml:1: expected debug, info, warn or error, found "trace"; did you mean warn?',
  ],
  [
    'max-series: "10"',
    `Cannot use max-series in /x.yaml:1: expected ${COUNT}, found the text "10"`,
  ],
  [
    "max-series: 1.5",
    `Cannot use max-series in /x.yaml:1: expected ${COUNT}, found the number 1.5`,
  ],
  [
    "system-stats: yes",
    'Cannot use system-stats in /x.yaml:1: expected true or false, found the text "yes"',
  ],
  [
    "run-stats: true",
    "Cannot use run-stats in /x.yaml:1: expected off, on, or window=ON/EVERY with ON from 10ms to 1h and a longer EVERY of at most 1h, such as window=100ms/1s, found the boolean true",
  ],
  [
    "backend: iterate",
    'Cannot use backend in /x.yaml:1: expected auto, iterator or walk, found "iterate"; did you mean iterator?',
  ],
  [
    "listen:\n  - :80\n  - 9464",
    `Cannot use listen in /x.yaml:3: expected ${ADDRESS}, found the number 9464`,
  ],
  [
    "listen: [':80', ':80']",
    'Cannot use listen in /x.yaml:1: expected each value once, found ":80" again',
  ],
  [
    "listen: []",
    `Cannot use listen in /x.yaml:1: expected ${ADDRESS}, found an empty list`,
  ],
  [
    "limit: 2000",
    "Cannot use limit in /x.yaml:1: expected maps, programs, links and their values, found the number 2000",
  ],
  [
    "limit: [maps]",
    "Cannot use limit in /x.yaml:1: expected maps, programs, links and their values, found a list",
  ],
  [
    "limit:\n  maps: 0",
    `Cannot use limit.maps in /x.yaml:2: expected ${COUNT}, found the number 0`,
  ],
  [
    "interval: 1s\ninterval: 2s",
    'Cannot use /x.yaml:2: expected each key once, found "interval" again',
  ],
  [
    "limit: {maps: 1,\n maps: 2}",
    'Cannot use /x.yaml:2: expected each key once, found "maps" again',
  ],
  [
    "interval: 1s\n---\ninterval: 2s",
    "Cannot use /x.yaml:2: expected one YAML document, found a second one",
  ],
  [
    "interval: &a 1s\ninterval-maps: *a",
    'Cannot use /x.yaml:2: expected every value written out, found the alias "*a"',
  ],
  [
    "- interval: 1s",
    'Cannot use /x.yaml:1: expected lines of "key: value", found a list',
  ],
  [
    "interval 1s",
    'Cannot use /x.yaml:1: expected lines of "key: value", found a single value',
  ],
  [
    "interval: 1s\n\tlisten: a",
    'Cannot use /x.yaml:2: expected YAML, found this: "Tabs are not allowed as indentation"',
  ],
  [
    'interval: "1s\n',
    'Cannot use /x.yaml:2: expected YAML, found this: "Missing closing \\"quote"',
  ],
  [
    "interval: !!js/function x",
    'Cannot use /x.yaml:1: expected YAML, found this: "Unresolved tag: tag:yaml.org,2002:js/function"',
  ],
  [
    "%YAML 1.1\n---\nrun-stats: on",
    "Cannot use /x.yaml:1: expected YAML 1.2, found another version",
  ],
  [
    "1: 2",
    'Cannot use /x.yaml:1: expected a setting, found "1"; did you mean user?',
  ],
  [
    "[".repeat(100_000),
    "Cannot use /x.yaml:1: expected settings and their values, found values nested too deeply",
  ],
];

for (const [text, message] of MISTAKES) {
  Deno.test(`readConfigText() tells what is wrong with ${JSON.stringify(text.slice(0, 40))}`, () => {
    assertEquals(readConfigText("/x.yaml", text), message);
  });
}

Deno.test("readConfigText() reads every form of value, with its line", () => {
  const text = `# all of it
listen:
  - "[::1]:80"
  - unix:/run/x
limit: {maps: 2000,
        links: 5}
max-series: 7
system-stats: false
run-stats: off
interval: 1s
`;
  assertEquals(read(text), [
    {
      setting: "listen",
      change: { listen: [{ host: "::1", port: 80 }] },
      origin: "/x.yaml:3",
    },
    {
      setting: "listen",
      change: { listen: [{ path: "/run/x" }] },
      origin: "/x.yaml:4",
    },
    { setting: "max-series", change: { maxSeries: 7 }, origin: "/x.yaml:7" },
    {
      setting: "system-stats",
      change: { systemStats: false },
      origin: "/x.yaml:8",
    },
    {
      setting: "limit.maps",
      change: { limits: { maps: 2000 } },
      origin: "/x.yaml:5",
    },
    {
      setting: "limit.links",
      change: { limits: { links: 5 } },
      origin: "/x.yaml:6",
    },
    { setting: "interval", change: { intervalMs: 1000 }, origin: "/x.yaml:10" },
    { setting: "run-stats", change: { runStats: "off" }, origin: "/x.yaml:9" },
  ]);
});

Deno.test("readConfigText() takes one address without a list", () => {
  assertEquals(read("listen: localhost:80"), [{
    setting: "listen",
    change: { listen: [{ host: "localhost", port: 80 }] },
    origin: "/x.yaml:1",
  }]);
});

Deno.test("readConfigText() reads nothing from a file that is empty, and from one with CRLF and a byte order mark what it says", () => {
  for (const text of ["", "\n", "# interval: 1s\n", "---\n", "null"]) {
    assertEquals(read(text), []);
  }
  assertEquals(read("{}"), []);
  assertEquals(read("\ufeff# x\r\ninterval: 1s\r\n").length, 1);
});

Deno.test("readConfigText() shows a path with a line break on one line", () => {
  assertEquals(
    readConfigText("/a\nb", "x"),
    'Cannot use /a\\u000ab:1: expected lines of "key: value", found a single value',
  );
});

Deno.test("readConfigText() is done with 1 MiB of keys, and of aliases of aliases, before long", () => {
  let keys = "";
  for (let index = 0; keys.length < 1 << 20; index++) keys += `k${index}:\n`;
  assertMatch(String(readConfigText("/x", keys)), /expected a setting/);
  const bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" +
    Array.from({ length: 25 }, (_, index) => {
      const from = String.fromCharCode(97 + index);
      const to = String.fromCharCode(98 + index);
      return `${to}: &${to} [${Array(9).fill(`*${from}`).join(",")}]\n`;
    }).join("");
  assertMatch(String(readConfigText("/x", bomb)), /found the alias "\*a"$/);
});

Deno.test("readConfigText() never throws, and says one line about whatever is wrong", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 10 }),
    fc.constantFrom("interval", "limit", "listen", ": ", "\n", "\n  ", "- "),
    fc.constantFrom("[", "]", "{", "}", "&a ", "*a", "!!set ", "? ", "---\n"),
    fc.constantFrom("1s", "maps", "2", '"', "'", "|\n", "<<", "%YAML 1.1\n"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const result = readConfigText("/x.yaml", pieces.join(""));
      if (typeof result !== "string") return;
      assertMatch(
        result,
        /^Cannot use [^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u,
      );
    }),
    { numRuns: 3000 },
  );
});

function read(text: string): Assignment[] {
  const result = readConfigText("/x.yaml", text);
  if (typeof result === "string") throw new Error(result);
  return result;
}
