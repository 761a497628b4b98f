/**
 * Owns the tests of src/cli/usage.ts. In: test/golden/usage.txt, written anew with UPDATE_GOLDEN=1. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SERVE } from "../../../../src/cli/commands.ts";
import { usageText } from "../../../../src/cli/usage.ts";

const GOLDEN = new URL("../../../golden/usage.txt", import.meta.url);

Deno.test("usageText() is the text in test/golden/usage.txt", () => {
  const text = usageText(SERVE);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    Deno.writeTextFileSync(GOLDEN, text);
  }
  assertEquals(text, Deno.readTextFileSync(GOLDEN));
});

Deno.test("usageText() fits 80 columns, without trailing spaces", () => {
  for (const line of usageText(SERVE).split("\n")) {
    assert(line.length <= 80, line);
    assertEquals(line, line.trimEnd());
  }
});

Deno.test("usageText() puts a description beneath a term that is too long for its column", () => {
  const text = usageText({
    name: "serve",
    summary: "Run",
    flags: [{
      name: "a-name-of-more-than-22-letters",
      group: "Other",
      takes: "nothing",
      summary: "Do it",
    }],
  });
  assertStringIncludes(
    text,
    `\n  --a-name-of-more-than-22-letters\n${" ".repeat(27)}Do it\n`,
  );
});
