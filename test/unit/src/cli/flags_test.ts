/**
 * Owns the tests of src/cli/flags.ts and src/cli/commands.ts: what holds for every entry. In: the catalogs. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { COMMANDS, SERVE } from "../../../../src/cli/commands.ts";
import { FLAGS, flagsOf, settingsOf } from "../../../../src/cli/flags.ts";
import { SETTINGS } from "../../../../src/config/settings.ts";

Deno.test("flagsOf() names each flag of a command once, in lower case, with a summary of one line", () => {
  for (const command of COMMANDS) {
    const names = flagsOf(command.name).map(({ name }) => name);
    assertEquals(new Set(names).size, names.length);
    assert(names.includes("help"));
  }
  for (const { name, summary } of FLAGS) {
    assertMatch(name, /^[a-z]+(-[a-z]+)*$/);
    assertMatch(summary, /^[A-Z][^\n]*[^.\n]$/);
  }
});

Deno.test("FLAGS has each name take the same everywhere, so that words are cut alike for every command", () => {
  const takes = new Map(FLAGS.map((flag) => [flag.name, flag.takes]));
  for (const flag of FLAGS) assertEquals(flag.takes, takes.get(flag.name));
});

Deno.test("FLAGS refuses an empty value for every flag that has one", () => {
  const kinds = FLAGS.flatMap((flag) =>
    flag.takes === "nothing" ? [] : [flag.kind]
  );
  assertEquals(kinds.length, SETTINGS.length + 11);
  for (const kind of kinds) assert(!kind.parse("").ok);
});

Deno.test("settingsOf() gives serve every setting, and what does not sample none", () => {
  assertEquals(settingsOf("serve"), SETTINGS);
  assertEquals(settingsOf("bench"), []);
  const names = settingsOf("check").map(({ name }) => name);
  assert(names.includes("backend") && !names.includes("listen"));
});

Deno.test("COMMANDS names each command once, serve among them", () => {
  const names = COMMANDS.map((command) => command.name);
  assertEquals(new Set(names).size, names.length);
  assert(COMMANDS.includes(SERVE));
});
