/**
 * Owns the tests of src/cli/usage.ts. In: test/golden/usage.txt and help_*.txt, written anew with UPDATE_GOLDEN=1. Out:
 * verdicts.
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../../../src/cli/commands.ts";
import { flagsOf } from "../../../../src/cli/flags.ts";
import { commandPage, overviewPage } from "../../../../src/cli/usage.ts";

const PAGES: readonly [file: string, text: string][] = [
  ["usage.txt", overviewPage()],
  ...COMMANDS.map((command): [string, string] => [
    `help_${command.name}.txt`,
    commandPage(command),
  ]),
];

for (const [file, text] of PAGES) {
  Deno.test(`help page is the text in test/golden/${file}`, () => {
    const golden = new URL(`../../../golden/${file}`, import.meta.url);
    if (Deno.env.get("UPDATE_GOLDEN") === "1") {
      Deno.writeTextFileSync(golden, text);
    }
    assertEquals(text, Deno.readTextFileSync(golden));
  });

  Deno.test(`help page of ${file} fits 80 columns, without trailing spaces`, () => {
    for (const line of text.split("\n")) {
      assert(line.length <= 80, line);
      assertEquals(line, line.trimEnd());
    }
  });
}

Deno.test("commandPage() names every flag of its command and puts a description beneath a term that is too long", () => {
  for (const command of COMMANDS) {
    const text = commandPage(command);
    for (const { name } of flagsOf(command.name)) {
      assertStringIncludes(text, `\n  --${name}`);
    }
  }
  assertStringIncludes(
    commandPage({ name: "serve", summary: "Run", exits: [] }),
    `\n  --interval-maps DURATION\n${" ".repeat(27)}The same for maps alone`,
  );
});
