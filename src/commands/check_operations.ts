/**
 * Owns the row of `check` on the counting of bpf() operations. In: what acquire found. Out: the row: off, or by which hook, why not by a
 * cheaper one, and what it costs.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { formatWindowMode } from "../config/window_mode.ts";
import { costText } from "../http/operations_readiness.ts";
import type { CheckRow } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

export function operationsRow({ operations, missing }: NodeFacts): CheckRow {
  const row = {
    name: "operations",
    gives: "operations by map and by manager, load times, failed loads",
  } as const;
  if (operations === undefined || operations.mode === "off") {
    return {
      ...row,
      ok: true,
      reason:
        "off, so nothing is attached to system calls; --operations on counts them",
    };
  }
  const { mode, hook, reason } = operations;
  if (hook === undefined) {
    return unavailableRow(
      row,
      reason ?? "nothing was tried",
      missing[0]?.how ??
        (operations.isUntried === true
          ? "bpfpulse check --operations on, which tries"
          : "run Linux 5.8 or newer, with CONFIG_DEBUG_INFO_BTF=y and CONFIG_FTRACE_SYSCALLS=y"),
    );
  }
  return {
    ...row,
    ok: true,
    quality: mode === "on" ? "exact" : "estimated",
    ...(mode === "on" ? {} : {
      noTotals:
        "counted in windows, which is no total: rates are in /readyz; --operations on counts all",
    }),
    reason: [
      `by ${hook}, ${formatWindowMode(mode)}`,
      costText(operations) ?? "",
      ...(reason === undefined
        ? []
        : [`cheaper hooks cannot be had: ${reason}`]),
    ].join("; "),
  };
}
