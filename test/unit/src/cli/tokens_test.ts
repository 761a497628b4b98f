/**
 * Owns the tests of src/cli/tokens.ts. In: arguments. Out: verdicts.
 * @module
 */
import { assertEquals } from "@std/assert";
import { FLAGS } from "../../../../src/cli/flags.ts";
import { tokenize } from "../../../../src/cli/tokens.ts";

Deno.test("tokenize() gives the next argument to a flag that takes a value, whatever it looks like", () => {
  assertEquals(tokenize(["--interval", "-1", "--limit", "--listen"], FLAGS), [
    { kind: "flag", typed: "--interval", value: "-1", inline: false },
    { kind: "flag", typed: "--limit", value: "--listen", inline: false },
  ]);
});

Deno.test("tokenize() leaves the word after a switch and after an unknown flag alone", () => {
  assertEquals(tokenize(["--include-self", "a", "--lisen", "b"], FLAGS), [
    { kind: "flag", typed: "--include-self", value: undefined, inline: false },
    { kind: "word", text: "a" },
    { kind: "flag", typed: "--lisen", value: undefined, inline: false },
    { kind: "word", text: "b" },
  ]);
});

Deno.test("tokenize() cuts an inline value at the first equals sign and keeps an empty one", () => {
  assertEquals(tokenize(["--limit=maps=3", "--listen="], FLAGS), [
    { kind: "flag", typed: "--limit", value: "maps=3", inline: true },
    { kind: "flag", typed: "--listen", value: "", inline: true },
  ]);
});

Deno.test("tokenize() keeps a cluster of short flags whole and takes words alone after --", () => {
  assertEquals(tokenize(["-abc", "-listen=x", "--", "--help", "--"], FLAGS), [
    { kind: "flag", typed: "-abc", value: undefined, inline: false },
    { kind: "flag", typed: "-listen=x", value: undefined, inline: false },
    { kind: "word", text: "--help" },
    { kind: "word", text: "--" },
  ]);
});
