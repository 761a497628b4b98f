/**
 * Owns how an object of the node's state becomes an object of the API. In: a frozen table and a row. Out: plain values as
 * schemas.ts has them; what is not known is left out, and a 64-bit value is a string.
 * @module
 */
import type { Descriptions, ObjectType } from "../../../workers/protocol.ts";
import {
  mapMemlockBytes,
  mapMemoryBytes,
  programMemoryBytes,
} from "../../state/totals.ts";
import type { ObjectOwnership } from "../../state/ownership.ts";
import type { NodeSnapshot, Table } from "../../state/node_state.ts";
import { ownerJson } from "./owned.ts";
import type { ApiObjects } from "./schemas.ts";

const BYTES_PER_INSTRUCTION = 8;

/** An object on its way to JSON: a field that is undefined vanishes when it is written. */
export type ObjectRow<T extends ObjectType> = {
  [K in keyof ApiObjects[T]]: ApiObjects[T][K] | undefined;
};

/** What is told of objects of every type. */
type OwnedFields = "owner" | "orphan";

const ROWS: {
  readonly [T in ObjectType]: (
    description: Descriptions[T],
    table: Table<T>,
    row: number,
  ) => Omit<ObjectRow<T>, OwnedFields>;
} = {
  map: (map, { columns }, row) => ({
    id: map.id,
    name: nameOf(map.name),
    type: map.type,
    key_size_bytes: map.keySizeBytes,
    value_size_bytes: map.valueSizeBytes,
    max_entries: map.maxEntries,
    flags: map.flags,
    memory_bytes: mapMemoryBytes(map),
    memlock_bytes: known(mapMemlockBytes(map, columns.entries[row])),
    entries: known(columns.entries[row]),
    ifindex: map.ifindex,
    btf_id: map.btfId,
    map_extra: map.mapExtra?.toString(),
  }),
  program: (program, { columns }, row) => ({
    id: program.id,
    name: nameOf(program.name),
    full_name: nameOf(program.fullName),
    type: program.type,
    tag: program.tag,
    load_time_ns: program.loadTimeNs?.toString(),
    jited_bytes: program.jitedBytes,
    xlated_bytes: program.xlatedBytes,
    memory_bytes: programMemoryBytes(program),
    memlock_bytes: program.memlockBytes,
    instructions: Math.floor(program.xlatedBytes / BYTES_PER_INSTRUCTION),
    verified_instructions: program.verifiedInstructions,
    created_by_uid: program.createdByUid,
    btf_id: program.btfId,
    run_time_ns: digits(columns.runTimeNs?.[row]),
    run_count: digits(columns.runCount?.[row]),
    recursion_misses: digits(columns.recursionMisses?.[row]),
    cpu_ratio: known(columns.cpuRatio?.[row]),
    cpu_ratio_max: known(columns.cpuRatioMax?.[row]),
  }),
  link: (link) => ({
    id: link.id,
    type: link.type,
    // No program has the id 0.
    prog_id: link.programId === 0 ? undefined : link.programId,
    attach_type: link.attachType,
    target: nameOf(link.target),
    detached: link.detached,
  }),
  btf: (btf) => ({
    id: btf.id,
    name: nameOf(btf.name),
    size_bytes: btf.sizeBytes,
    kernel: btf.kernel,
  }),
};

/** The object in row `row` of `table`. */
export function objectAt<T extends ObjectType>(
  table: Table<T>,
  row: number,
): ObjectRow<T> {
  const fields = ROWS[table.type](table.descriptions[row], table, row);
  const ownership = table.ownership?.rows[row];
  return {
    ...fields,
    owner: ownerJson(ownership),
    orphan: orphanFlag(ownership),
  } as ObjectRow<T>;
}

/** False only for what is known to be kept: a first look that finds nothing proves nothing yet. */
function orphanFlag(
  ownership: ObjectOwnership | undefined,
): boolean | undefined {
  if (ownership?.orphan !== undefined) return true;
  return ownership?.kept === true ? false : undefined;
}

export type AnyTable = NodeSnapshot["tables"][ObjectType];

/** The same where the type does not matter. */
export function fieldsAt(
  table: AnyTable,
  row: number,
): Readonly<Record<string, unknown>> {
  // A union of tables is no table of a union, though each of them is taken.
  return objectAt(table as Table<ObjectType>, row);
}

/** Whether the table was ever read: without that its rows and counts mean nothing. */
export function isRead(table: AnyTable): boolean {
  return table.status !== "unavailable" && table.sampledAtMs !== undefined;
}

/** A counter as digits. Beyond 2^53 it is what the column holds, to the last digit. */
export function digits(value: number | undefined): string | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return Number.isSafeInteger(value)
    ? String(value)
    : BigInt(Math.trunc(value)).toString();
}

/** Empty is none. Half a surrogate pair, which many readers of JSON refuse, becomes U+FFFD. */
export function nameOf(name: string | undefined): string | undefined {
  return name === undefined || name === "" ? undefined : name.toWellFormed();
}

function known(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}
