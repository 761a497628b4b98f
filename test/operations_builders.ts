/**
 * Owns builders of what was counted of bpf() operations, for tests. In: what matters. Out: OperationsPass as the programs worker sends it.
 * @module
 */
import {
  LOAD_BOUNDS_MS,
  LOAD_STRIDE,
  type OperatingProcess,
  OPERATIONS,
  type OperationsPass,
} from "../workers/operations_model.ts";
import type { HoldersPass } from "../workers/links/holders_model.ts";
import { cleaned } from "../src/metrics/labels.ts";
import { Managers } from "../src/state/managers.ts";
import type { NodeSnapshot } from "../src/state/node_state.ts";
import { Operations } from "../src/state/operations.ts";

export interface LoadGiven {
  readonly process?: number;
  readonly errno?: number;
  readonly untimed?: number;
  /** How long each took. */
  readonly tookMs?: readonly number[];
}

export interface OperationsGiven extends
  Partial<
    Omit<OperationsPass, "processes" | "rows" | "loads" | "attachFailures">
  > {
  readonly processes?: readonly Partial<OperatingProcess>[];
  /** map id, operation, count, process (0), errno (0) */
  readonly rows?: readonly (readonly [
    mapId: number,
    operation: (typeof OPERATIONS)[number],
    count: number,
    process?: number,
    errno?: number,
  ])[];
  readonly loads?: readonly LoadGiven[];
  /** process, errno, count */
  readonly attachFailures?: readonly (readonly [number, number, number])[];
}

export function anOperationsPass(
  { processes = [{}], rows = [], loads = [], attachFailures = [], ...given }:
    OperationsGiven = {},
): OperationsPass {
  return {
    takenAtMs: 1_000,
    hook: "tracepoint",
    isWindowed: false,
    isAttached: true,
    elapsedMs: 500,
    attachedMs: 500,
    countedMs: given.attachedMs ?? 500,
    processes: processes.map((process, i) => ({
      pid: 100 + i,
      startedAtMs: 10 * (i + 1),
      comm: `holder${i + 1}`,
      cgroupId: `${4_000 + i}`,
      ...process,
    })),
    rows: Float64Array.from(
      rows.flatMap(([mapId, operation, count, process = 0, errno = 0]) => [
        mapId,
        process,
        OPERATIONS.indexOf(operation),
        errno,
        count,
      ]),
    ),
    loads: Float64Array.from(loads.flatMap(loadRow)),
    attachFailures: Float64Array.from(attachFailures.flat()),
    lost: 0,
    ...given,
  };
}

/** The same node as it is known after these passes. @param look the last one for holders, which managers go by */
export function withOperations(
  snapshot: NodeSnapshot,
  look: HoldersPass,
  passes: readonly OperationsPass[],
): NodeSnapshot {
  const { map, program, link } = snapshot.tables;
  const operations = new Operations(10_000);
  const managers = new Managers({
    selectors: [],
    maxSeries: 10_000,
    clean: cleaned,
  });
  const { holders } = snapshot;
  const tables = { map, program, link };
  if (holders !== undefined) managers.holders(look, holders.graph, tables);
  for (const pass of passes) {
    operations.take(pass, {
      descriptions: map.descriptions,
      sampledAtMs: map.sampledAtMs,
    });
    managers.operations(pass);
  }
  const { state } = operations;
  return {
    ...snapshot,
    ...(state === undefined ? {} : { operations: state }),
    managers: managers.state(tables, program.columns.recursionMisses),
  };
}

function loadRow(
  { process = 0, errno = 0, untimed = 0, tookMs = [] }: LoadGiven,
): number[] {
  const row = new Array<number>(LOAD_STRIDE).fill(0);
  row.splice(0, 4, process, errno, untimed, tookMs.reduce((a, b) => a + b, 0));
  for (const ms of tookMs) {
    const bucket = LOAD_BOUNDS_MS.findIndex((bound) => ms < bound);
    row[4 + (bucket < 0 ? LOAD_BOUNDS_MS.length : bucket)]++;
  }
  return row;
}
