/**
 * Owns the row of `check` for what is not to be had here. In: the row's head, why, and what would give it. Out: the row.
 * @module
 */
import type { CheckRow } from "./check_rows.ts";

export function unavailableRow(
  row: Pick<CheckRow, "name" | "gives" | "backend">,
  reason: string,
  remedy?: string,
): CheckRow {
  return {
    ...row,
    ok: false,
    quality: "unavailable",
    reason,
    ...(remedy === undefined ? {} : { remedy }),
  };
}
