/**
 * Owns how what is printed fits where it is printed to. In: the process's standard output, and the variable COLUMNS. Out: a Layout.
 * @module
 */
import { stdoutScreen } from "../log.ts";
import { type Layout, layoutFor } from "./output.ts";

export function layout(): Layout {
  return layoutFor(stdoutScreen(), Deno.env.get("COLUMNS"));
}
