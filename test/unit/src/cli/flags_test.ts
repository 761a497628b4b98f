/**
 * Owns the tests of src/cli/flags.ts and src/cli/commands.ts: what holds for every entry. In: the catalogs. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { COMMANDS, SERVE } from "../../../../src/cli/commands.ts";
import { FLAGS } from "../../../../src/cli/flags.ts";

Deno.test("FLAGS names each flag once, in lower case, with a summary of one line", () => {
  const names = FLAGS.map((flag) => flag.name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, summary } of FLAGS) {
    assertMatch(name, /^[a-z]+(-[a-z]+)*$/);
    assertMatch(summary, /^[A-Z][^\n]*[^.\n]$/);
  }
});

Deno.test("FLAGS refuses an empty value for every setting", () => {
  const settings = FLAGS.flatMap((flag) =>
    flag.takes === "nothing" ? [] : [flag.setting]
  );
  assertEquals(settings.length, 9);
  for (const setting of settings) assert(!setting.parse("").ok);
});

Deno.test("COMMANDS names each command once, serve among them", () => {
  const names = COMMANDS.map((command) => command.name);
  assertEquals(new Set(names).size, names.length);
  assert(COMMANDS.includes(SERVE));
});
