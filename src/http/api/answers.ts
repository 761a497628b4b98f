/**
 * Owns the bodies of the API's answers. In: one instant of the node. Out: the pieces of their JSON, and plain values for the
 * small ones; the shapes are those of schemas.ts.
 * @module
 */
import type { ObjectType } from "../../../workers/protocol.ts";
import type { NodeSnapshot, Table } from "../../state/node_state.ts";
import { memlockTotals, memoryTotals } from "../../state/totals.ts";
import { buffersJson, buffersOfMapJson } from "./buffered.ts";
import { holdersJson, ownershipJson } from "./owned.ts";
import { arrayPieces, jsonText } from "./json_text.ts";
import type { ListQuery } from "./parameters.ts";
import { referredBy, refersTo } from "./references.ts";
import type { Revisions } from "./revisions.ts";
import { runStatsJson } from "./run_stats_schema.ts";
import { type AnyTable, fieldsAt, isRead, objectAt } from "./rows.ts";
import {
  OBJECT_TYPES,
  type SampleJson,
  type TableSummaryJson,
} from "./schemas.ts";

type Tables = NodeSnapshot["tables"];

const BUSIEST_PROGRAMS = 20;
const DEFAULT_LIMIT = 1000;

/** Whole state of the node. */
export function* snapshotPieces(
  snapshot: NodeSnapshot,
  revisions: Revisions,
  version: string,
): Generator<string> {
  const { tables } = snapshot;
  const head = {
    version,
    ...summary(snapshot, revisions),
    holders: holdersJson(snapshot, revisions),
    buffers: buffersJson(snapshot, revisions),
  };
  yield `${jsonText(head).slice(0, -1)},"objects":{`;
  let before = "";
  for (const type of OBJECT_TYPES) {
    if (!isRead(tables[type])) continue;
    yield `${before}"${type}":`;
    yield* arrayPieces(objectsIn(tables[type]));
    before = ",";
  }
  yield "}}\n";
}

/** A part of one table: `rows` are all that matched, of which `query` shows some. */
export function* listPieces(
  tables: Tables,
  type: ObjectType,
  query: ListQuery,
  rows: readonly number[],
  revisions: Revisions,
): Generator<string> {
  const { offset = 0, limit = DEFAULT_LIMIT } = query;
  const table = tables[type];
  const head = {
    ...answerHead(tables, type, revisions),
    total: table.size,
    matched: rows.length,
    offset,
    limit,
  };
  yield `${jsonText(head).slice(0, -1)},"objects":`;
  yield* arrayPieces(objectsIn(table, rows.slice(offset, offset + limit)));
  yield "}\n";
}

/** Everything known of the object in row `row`. */
export function detailText(
  snapshot: NodeSnapshot,
  type: ObjectType,
  row: number,
  revisions: Revisions,
): string {
  const { tables } = snapshot;
  const answer = {
    ...answerHead(tables, type, revisions),
    object: fieldsAt(tables[type], row),
    ...(type === "map" ? buffersOfMapJson(snapshot, row) : {}),
    ...(type === "program"
      ? { run_stats: runStatsJson(snapshot.runStats) }
      : {}),
    ownership: ownershipJson(snapshot, type, row, revisions),
    refers_to: refersTo(snapshot, type, row),
    referred_by: referredBy(snapshot, type, row),
  };
  return `${jsonText(answer)}\n`;
}

/** One event of the stream. */
export function sampleText(
  snapshot: NodeSnapshot,
  revisions: Revisions,
): string {
  const { tables } = snapshot;
  const busiest = busiestRows(tables.program).map((row) => {
    const { id, name, type, run_time_ns, run_count, cpu_ratio } = objectAt(
      tables.program,
      row,
    );
    return { id, name, type, run_time_ns, run_count, cpu_ratio };
  });
  const sample = { ...summary(snapshot, revisions), busiest_programs: busiest };
  return jsonText(sample);
}

function summary(
  { tables, runStats }: NodeSnapshot,
  revisions: Revisions,
): Pick<SampleJson, "tables" | "totals"> & { run_stats: object | undefined } {
  const { mapBytes, programBytes, totalBytes } = memoryTotals(tables);
  const memlock = memlockTotals(tables);
  return {
    tables: {
      map: tableSummary(tables, "map", revisions),
      program: tableSummary(tables, "program", revisions),
      link: tableSummary(tables, "link", revisions),
      btf: tableSummary(tables, "btf", revisions),
    },
    totals: {
      map_memory_bytes: mapBytes,
      program_memory_bytes: programBytes,
      memory_bytes: totalBytes,
      map_memlock_bytes: memlock.mapBytes,
      program_memlock_bytes: memlock.programBytes,
      memlock_bytes: memlock.totalBytes,
    },
    run_stats: runStatsJson(runStats),
  };
}

function tableSummary(
  tables: Tables,
  type: ObjectType,
  revisions: Revisions,
): TableSummaryJson {
  const { status, reason, size, created, destroyed } = tables[type];
  const counts = isRead(tables[type])
    ? { objects: size, created, destroyed }
    : {};
  return {
    status,
    reason,
    sampled_at: revisions.sampledAt(tables, type),
    ...counts,
  };
}

function answerHead(
  tables: Tables,
  type: ObjectType,
  revisions: Revisions,
): object {
  const { status, reason } = tables[type];
  const sampled_at = revisions.sampledAt(tables, type);
  return { object_type: type, status, reason, sampled_at };
}

function* objectsIn(
  table: AnyTable,
  rows?: readonly number[],
): Generator<object> {
  if (rows === undefined) {
    for (let row = 0; row < table.size; row++) yield fieldsAt(table, row);
  } else {
    for (const row of rows) yield fieldsAt(table, row);
  }
}

/** Rows with the highest ratios above 0, in descending order: one walk, however many programs there are. */
function busiestRows({ columns, size }: Table<"program">): number[] {
  const ratios = columns.cpuRatio;
  const busiest: number[] = [];
  if (ratios === undefined) return busiest;
  for (let row = 0; row < size; row++) {
    const ratio = ratios[row];
    if (!(ratio > 0)) continue;
    const full = busiest.length === BUSIEST_PROGRAMS;
    if (full && ratio <= ratios[busiest[BUSIEST_PROGRAMS - 1]]) continue;
    if (full) busiest.pop();
    const place = busiest.findIndex((other) => ratios[other] < ratio);
    busiest.splice(place < 0 ? busiest.length : place, 0, row);
  }
  return busiest;
}
