/**
 * Owns the rows of `check` on what not every kernel tells of objects. In: what acquire found, a node that was sampled once, the row of
 * what they are told with. Out: one row each.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CheckName } from "../check_names.ts";
import type { CheckRow, SampledState } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

export function loadEventsRow({ loadEvents, missing }: NodeFacts): CheckRow {
  const row = {
    name: "load-events",
    gives: "an exact count of programs that came and went",
  } as const;
  const { reason } = loadEvents;
  return reason === undefined
    ? { ...row, ok: true, quality: "exact", reason: "by PERF_RECORD_BPF_EVENT" }
    : unavailableRow(
      row,
      reason,
      missing[0]?.how ??
        "run Linux 5.1 or newer, with CONFIG_PERF_EVENTS=y",
    );
}

/** @param maps the row of maps */
export function mapEntriesRow({ untold }: NodeFacts, maps: CheckRow): CheckRow {
  const row = {
    name: "map-entries",
    gives: "how many entries maps have, of types whose entries are counted",
  } as const;
  if (!maps.ok) return dependent(row, maps);
  if (maps.backend === "walk") {
    return unavailableRow(
      row,
      "the walk tells nothing of entries",
      "bpfpulse --backend auto, on a kernel where iterators work",
    );
  }
  const hashes = untold?.hashEntries;
  const reason = "counted by the kernel";
  return {
    ...row,
    ok: true,
    quality: "exact",
    reason: hashes === undefined
      ? reason
      : `${reason}, but not of hash maps: ${hashes}`,
    ...(hashes === undefined
      ? {}
      : { lacks: `hash maps, before Linux 6.6: ${hashes}` }),
  };
}

/** @param perf the row of perf buffers */
export function perfLossesRow({ untold }: NodeFacts, perf: CheckRow): CheckRow {
  const row = {
    name: "perf-losses",
    gives: "how many events found no room in a perf buffer",
  } as const;
  if (!perf.ok) return dependent(row, perf);
  const reason = untold?.perfLosses;
  return reason === undefined
    ? { ...row, ok: true, quality: "exact", reason: "counted by the kernel" }
    : {
      ...row,
      ok: true,
      quality: "lower bound",
      reason:
        `by records of losses, written where there is room again: ${reason}, which is there since Linux 6.0`,
    };
}

/** @param programs the row of programs */
export function missedRunsRow(
  { untold }: NodeFacts,
  node: SampledState,
  programs: CheckRow,
): CheckRow {
  const { columns } = node.freeze().tables.program;
  return ofPrograms(
    {
      name: "missed-runs",
      gives: "runs of programs that the kernel skipped to prevent recursion",
      since: "5.12",
    },
    untold?.missedRuns,
    programs,
    columns.recursionMisses,
  );
}

/** @param programs the row of programs */
export function verifiedInstructionsRow(
  { untold }: NodeFacts,
  node: SampledState,
  programs: CheckRow,
): CheckRow {
  const { descriptions } = node.freeze().tables.program;
  return ofPrograms(
    {
      name: "verified-instructions",
      gives: "instructions that the verifier walked through",
      since: "5.16",
    },
    untold?.verifiedInstructions,
    programs,
    descriptions.map((program) => program.verifiedInstructions ?? NaN),
  );
}

/** @param values of all programs: by the walk they alone show what this kernel tells */
function ofPrograms(
  { since, ...row }: Pick<CheckRow, "name" | "gives"> & { since: string },
  why: string | undefined,
  programs: CheckRow,
  values: Float64Array | readonly number[],
): CheckRow {
  if (!programs.ok) return dependent(row, programs);
  const reason = why ??
    (values.length > 0 && values.every((value) => Number.isNaN(value))
      ? "no program tells of it"
      : undefined);
  return reason === undefined
    ? { ...row, ok: true, quality: "exact", reason: "told of every program" }
    : unavailableRow(row, reason, `run on Linux ${since} or newer`);
}

/** What cannot be told, for what it is told with is missing. */
function dependent(
  row: { readonly name: CheckName; readonly gives: string },
  { reason, remedy }: CheckRow,
): CheckRow {
  return unavailableRow(row, reason, remedy);
}
