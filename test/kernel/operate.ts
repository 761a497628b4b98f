/**
 * Owns a process that does a known number of bpf() operations, and what it counted itself. In: how many, by how many threads. Out: its
 * own counts, and those of a collector in the same form.
 * @module
 */
import { MAP_OPERATIONS, PROG_LOAD } from "../../ffi/mod.ts";
import {
  ATTACH_COLUMNS,
  LOAD_COLUMNS,
  LOAD_STRIDE,
  OPERATION_COLUMNS,
  OPERATIONS,
  type OperationsPass,
} from "../../workers/operations_model.ts";
import { compile } from "./compile.ts";

/** By `map operation errno`, `load errno` or `attach errno`: how many. */
export type OperationCounts = Record<string, number>;

export interface Operated {
  readonly pid: number;
  readonly counts: OperationCounts;
}

/**
 * Runs it; `meanwhile` is called again and again until it has ended.
 * @param program under another name, which its command name follows
 * @throws {Error} where it fails
 */
export async function operate(
  count: number,
  threads: number,
  meanwhile: () => void,
  program: string = compile("operate"),
): Promise<Operated> {
  const child = new Deno.Command(program, {
    args: [String(count), String(threads)],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let ended = false;
  const output = child.output().finally(() => ended = true);
  while (!ended) {
    meanwhile();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { success, stdout } = await output;
  if (!success) throw new Error("Cannot operate on maps: operate failed");
  const { pid, done } = JSON.parse(new TextDecoder().decode(stdout)) as {
    pid: number;
    done: [map: number, command: number, errno: number, count: number][];
  };
  const counts: OperationCounts = {};
  for (const [map, command, errno, count] of done) {
    const name = MAP_OPERATIONS[command];
    const key = name !== undefined
      ? `${map} ${name} ${errno}`
      : command === PROG_LOAD
      ? `load ${errno}`
      : `attach ${errno}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return { pid, counts };
}

/** What passes tell of one process. */
export function countsOf(
  passes: readonly OperationsPass[],
  pid: number,
): OperationCounts {
  const counts: OperationCounts = {};
  const add = (key: string, count: number) => {
    if (count > 0) counts[key] = (counts[key] ?? 0) + count;
  };
  for (const { processes, rows, loads, attachFailures } of passes) {
    const isIts = (index: number) => processes[index].pid === pid;
    each(rows, OPERATION_COLUMNS.length, ([map, at, operation, errno, n]) => {
      if (isIts(at)) add(`${map} ${OPERATIONS[operation]} ${errno}`, n);
    });
    each(loads, LOAD_STRIDE, ([at, errno, untimed, , ...buckets]) => {
      if (!isIts(at)) return;
      add(`load ${errno}`, buckets.reduce((sum, n) => sum + n, untimed));
    });
    each(attachFailures, ATTACH_COLUMNS.length, ([at, errno, n]) => {
      if (isIts(at)) add(`attach ${errno}`, n);
    });
  }
  return counts;
}

/** Loads that were in a bucket, and the sum of their durations. */
export function timedLoads(
  passes: readonly OperationsPass[],
  pid: number,
): { timed: number; sumMs: number } {
  let [timed, sumMs] = [0, 0];
  for (const { processes, loads } of passes) {
    each(loads, LOAD_STRIDE, (row) => {
      if (processes[row[0]].pid !== pid) return;
      for (const n of row.slice(LOAD_COLUMNS.length)) timed += n;
      sumMs += row[LOAD_COLUMNS.indexOf("sumMs")];
    });
  }
  return { timed, sumMs };
}

function each(
  numbers: Float64Array,
  stride: number,
  take: (row: number[]) => void,
): void {
  for (let at = 0; at < numbers.length; at += stride) {
    take([...numbers.subarray(at, at + stride)]);
  }
}
