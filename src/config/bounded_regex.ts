/**
 * Owns which regular expressions people may give. In: a pattern. Out: a RegExp whose time on a short text stays small, or why it is none.
 * This runtime's engine goes back on its steps, and what it is run on are names that anybody may choose: so there is nothing in a
 * pattern that makes it try every way to split a text.
 * @module
 */
import type { Refusal } from "./value_kind.ts";

/** In UTF-16 units. */
const LONGEST_PATTERN = 128;
/** Each may have to try every alternative of the others again. */
const MOST_GROUPS = 3;
/** `*`, `+` and `{}`: the time grows with the text's length to the power of one more. */
const MOST_REPEATS = 2;
/**
 * The longest text, in UTF-16 units, that such an expression is to be run on: with two repeats the time grows with its third power,
 * which is a tenth of a second here. Paths of cgroups of pods within containers have some 310.
 */
export const LONGEST_MATCHED = 384;

/** Steps on the longest text: alternatives within groups and `?` multiply, and an expression begins anew at each place. */
const MOST_STEPS = 20_000_000;
/** What `*`, `+` and `{}` make of each way, by their number. */
const STEPS_BY_REPEATS = [
  LONGEST_MATCHED,
  LONGEST_MATCHED ** 2 / 2,
  LONGEST_MATCHED ** 3 / 6,
] as const;

/** A pattern in ECMAScript's syntax, found anywhere in a text unless `^` and `$` say otherwise. */
export function boundedRegex(pattern: string): RegExp | Refusal {
  if (pattern === "") return refused("which matches everything");
  if (pattern.length > LONGEST_PATTERN) {
    return refused(
      `whose regular expression is longer than ${LONGEST_PATTERN}`,
    );
  }
  let regex: RegExp;
  try {
    regex = new RegExp(pattern, "u");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refused("whose regular expression cannot be read");
  }
  const why = whyTooSlow(pattern);
  return why === undefined ? regex : refused(why);
}

/** @param pattern valid with the flag u: brackets close, and braces are quantifiers or escaped */
function whyTooSlow(pattern: string): string | undefined {
  let groups = 0;
  let repeats = 0;
  let ways = 1;
  /** Of the groups that are open here, the innermost last. */
  const alternatives: number[] = [];
  let isAfterGroup = false;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const skipped = /^\\[pP]\{[^}]*\}|^\\u\{[^}]*\}|^\[(?:\\[^]|[^\]\\])*\]/
      .exec(rest);
    if (skipped !== null) {
      at += skipped[0].length - 1;
      isAfterGroup = false;
      continue;
    }
    if (/^\\(?:[1-9]|k<)/.test(rest)) return "which refers back to a group";
    const [character] = rest;
    if (character === "\\") {
      at++;
    } else if (character === "(") {
      if (/^\(\?(?:<?[=!])/.test(rest)) return "which looks around";
      groups++;
      alternatives.push(1);
    } else if (character === "|" && alternatives.length > 0) {
      alternatives.push((alternatives.pop() ?? 0) + 1);
    } else if (character === ")") {
      ways *= alternatives.pop() ?? 1;
    } else if (/^(?:[*+{?])/.test(rest) && pattern[at - 1] !== "(") {
      // What stands behind a quantifier, as in `a+?`, is no other one.
      if (character === "?" && isQuantifierEnd(pattern, at)) continue;
      if (isAfterGroup && character !== "?") return "which repeats a group";
      if (character === "?") ways *= 2;
      else repeats++;
      if (character === "{") at = pattern.indexOf("}", at);
    }
    isAfterGroup = character === ")";
  }
  if (groups > MOST_GROUPS) return `with more than ${MOST_GROUPS} groups`;
  if (repeats > MOST_REPEATS) return `with more than ${MOST_REPEATS} repeats`;
  return ways * (STEPS_BY_REPEATS[repeats] ?? Infinity) > MOST_STEPS
    ? "which may try too many ways to fit a long name"
    : undefined;
}

function isQuantifierEnd(pattern: string, at: number): boolean {
  const before = pattern[at - 1];
  const isEscaped = /(?:^|[^\\])(?:\\\\)*\\.$/.test(pattern.slice(0, at));
  return !isEscaped && before !== undefined && "*+}?".includes(before) &&
    pattern[at - 2] !== "(";
}

function refused(because: string): Refusal {
  return { ok: false, because };
}
