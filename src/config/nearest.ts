/**
 * Owns the guess at what a mistyped name should have been. In: what was typed, the valid names. Out: the nearest name.
 * @module
 */
import { closestString } from "@std/text/closest-string";

/** No valid name is near this long; the search's time grows with the length. */
const COMPARED_CHARACTERS = 64;

/**
 * The one of `names` (at least one) that is nearest to `typed`: of those that begin with it where any does, since a name
 * is more often shortened (`--int`) than misspelt beyond recognition; letter case does not count.
 */
export function nearestName(typed: string, names: readonly string[]): string {
  const given = typed.slice(0, COMPARED_CHARACTERS).toLowerCase();
  const completions = given === ""
    ? []
    : names.filter((name) => name.toLowerCase().startsWith(given));
  return closestString(given, completions.length > 0 ? completions : names);
}
