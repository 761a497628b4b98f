/**
 * Owns the check of query parameters. In: a request's parameters and what is known. Out: the known values, or one
 * sentence that says what was expected, what was found and which name is nearest.
 * @module
 */
import { nearestName } from "../config/nearest.ts";
import { quoted } from "../config/quoted.ts";

/** One sentence about the first parameter that is not among `known`; undefined where there is none. */
export function unknownParameter(
  parameters: URLSearchParams,
  known: readonly string[],
): string | undefined {
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    const expected = known.length === 0 ? "no parameters" : known.join(", ");
    return `Cannot read the query: expected ${expected}, found ${quoted(name)}`;
  }
  return undefined;
}

/** The distinct values of `parameter`, all of `groups`; a sentence about the first that is not. */
export function readGroups(
  parameters: URLSearchParams,
  parameter: string,
  groups: readonly string[],
): ReadonlySet<string> | string {
  const chosen = new Set<string>();
  for (const value of parameters.getAll(parameter)) {
    if (!groups.includes(value)) return unknownGroup(parameter, value, groups);
    chosen.add(value);
  }
  return chosen;
}

function unknownGroup(
  parameter: string,
  value: string,
  groups: readonly string[],
): string {
  const expected = `expected one of ${groups.join(", ")}`;
  const found = `found ${quoted(value)}`;
  const nearest = groups.length === 0
    ? ""
    : `; the nearest is ${nearestName(value, groups)}`;
  return `Cannot read ${parameter}: ${expected}, ${found}${nearest}`;
}
