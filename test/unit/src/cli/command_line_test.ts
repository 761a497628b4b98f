/**
 * Owns the tests of src/cli/command_line.ts; its sentences are tested in parse_test.ts. In: command lines. Out: verdicts.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type CommandLine,
  readCommandLine,
} from "../../../../src/cli/command_line.ts";

Deno.test("readCommandLine() finds the command behind flags, serve where there is none", () => {
  assertEquals(read(["--rates", "once"]).command.name, "once");
  assertEquals(read(["--interval", "1s"]).command.name, "serve");
  assertEquals(read(["help", "check"]).topic?.name, "check");
  assertEquals(read(["--help", "check"]).topic?.name, "check");
  assertEquals(read(["--help", "chekc"]).topic, undefined);
});

Deno.test("readCommandLine() tells what flags assign from what they ask for", () => {
  const line = read(
    ["check", "--config", "/c", "--print-config", "--run-stats=off"],
  );
  assertEquals(line.request, "print-config");
  assertEquals([...line.options], [["config", "/c"]]);
  assertEquals(line.assignments, [{
    setting: "run-stats",
    change: { runStats: "off" },
    origin: "flag --run-stats",
  }]);
});

Deno.test("readCommandLine() names the key that a keyed flag sets", () => {
  const { assignments } = read(["--limit=maps=1", "--limit", "links=2"]);
  assertEquals(
    assignments.map(({ setting }) => setting),
    ["limit.maps", "limit.links"],
  );
});

function read(args: readonly string[]): CommandLine {
  const line = readCommandLine(args);
  assert(typeof line !== "string", String(line));
  return line;
}
