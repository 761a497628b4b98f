/** Owns the tests of src/config/bounded_regex.ts. @module */
import { assert, assertEquals } from "@std/assert";
import {
  boundedRegex,
  LONGEST_MATCHED,
} from "../../../../src/config/bounded_regex.ts";

/** What hangs an engine that goes back on its steps: 2^n, or n to a high power, in the text's length. */
const CATASTROPHES = [
  "(a+)+$",
  "(a*)*$",
  "([a-zA-Z]+)*$",
  "(a|aa)+$",
  "(a|a?)+$",
  "(.*a){20}$",
  "(?:x+x+)+y",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "(?<name>a+)+$",
  "((a+))*$",
  "(a+){2,}$",
  "(a+)+?$",
  ".*.*.*.*=.*",
  "a*a*a*b",
  `${"a?".repeat(20)}${"a".repeat(20)}`,
  "(?=(a+))a*b\\1",
  "(?:a|b|ab)*c",
  "(a)(b)(c)(d)",
  "\\s+\\s+\\s+$",
  "x{1,9}x{1,9}x{1,9}$",
];

/** As slow as what is let in can be. */
const SLOWEST = [
  "a*a*$",
  ".*.*=",
  "[^x]*[^x]*y",
  "\\w+\\w+$",
  "a{0,384}a{0,384}b",
  "a?a*a*b",
  "(a|aa)a*a*b",
  "(a|aa|aaa)(a|aa|aaa)(a|aa|aaa)a?a?a?a*b",
  "(a|a|a|a|a|a)(a|a|a|a|a|a)(a|a|a|a|a|a)a*b",
  "a?a?a?a?a?a?a?a?a?a?a?a?a?a?b",
];

function whyNot(pattern: string): string | undefined {
  const regex = boundedRegex(pattern);
  return regex instanceof RegExp ? undefined : regex.because;
}

Deno.test("boundedRegex() refuses every pattern that may take for ever, and says which part does", () => {
  for (const pattern of CATASTROPHES) {
    assert(whyNot(pattern) !== undefined, pattern);
  }
  assertEquals(whyNot("(a+)+$"), "which repeats a group");
  assertEquals(whyNot("a*a*a*b"), "with more than 2 repeats");
  assertEquals(whyNot("(a)\\1"), "which refers back to a group");
  assertEquals(whyNot("(?=a)b"), "which looks around");
  assertEquals(whyNot("(a)(b)(c)(d)"), "with more than 3 groups");
  for (
    const pattern of [
      "(a|aa|aaa)a*a*b",
      "a?a?a*a*b",
      "(a|a|a|a|a|a|a)(a|a|a|a|a|a|a)(a|a|a|a|a|a|a)a*b",
      `${"a?".repeat(20)}b`,
    ]
  ) {
    assertEquals(
      whyNot(pattern),
      "which may try too many ways to fit a long name",
      pattern,
    );
  }
});

Deno.test("boundedRegex() refuses what is no pattern, matches everything or is too long", () => {
  assertEquals(whyNot(""), "which matches everything");
  assertEquals(
    whyNot("a".repeat(129)),
    "whose regular expression is longer than 128",
  );
  for (
    const pattern of ["[", "(", "a{2,1}", "\\", "*", "a**", "(?<n", "\\p{No}{"]
  ) {
    assertEquals(
      whyNot(pattern),
      "whose regular expression cannot be read",
      pattern,
    );
  }
});

Deno.test("boundedRegex() reads brackets, escapes and lazy quantifiers as what they are", () => {
  for (
    const pattern of [
      "[(*+?{]+[^\\]a]*x",
      "\\(a\\)\\*\\+\\?",
      "a+?b*?",
      "\\p{L}+\\u{61}",
      "(?:ab)?c?",
      "\\\\+a",
      "^node$",
      "(ebpf|otel)-agent",
      "[\\]*+]{3}",
    ]
  ) {
    assertEquals(whyNot(pattern), undefined, pattern);
  }
  // A bracket that is escaped opens no class, and what follows is counted.
  assertEquals(
    whyNot("\\[a*b*c*]".replace("]", "\\]")),
    "with more than 2 repeats",
  );
  assertEquals(whyNot("[a]*[b]*[c]*"), "with more than 2 repeats");
});

Deno.test("boundedRegex() lets in what is done with the longest hostile text within a minute on the busiest machine, where others take for ever", () => {
  const texts = ["a", "aaab", "x=", "a a"].map((part) =>
    part.repeat(LONGEST_MATCHED).slice(0, LONGEST_MATCHED)
  );
  for (const pattern of SLOWEST) {
    const regex = boundedRegex(pattern);
    assert(regex instanceof RegExp, pattern);
    for (const text of texts) {
      const startMs = performance.now();
      regex.test(text);
      const tookMs = performance.now() - startMs;
      assert(tookMs < 60_000, `${pattern} took ${tookMs} ms`);
    }
  }
});
