/**
 * Owns a process that does a known number of bpf() operations on maps of several types, and what it counted itself. In: how many, by how
 * many threads. Out: its own counts and times, and those of a collector in the same form.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
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
  /** Types of its maps by id, as `hash`. */
  readonly types: Readonly<Record<string, string>>;
  /** What its loads took by its own clock, all of them, and how many by the buckets of LOAD_BOUNDS_MS. */
  readonly loads: {
    readonly sumMs: number;
    readonly buckets: readonly number[];
  };
}

export interface OperateOptions {
  /** Look-ups in one map and nothing else. */
  readonly only?: "lookup";
  /** Called again and again until everything was done. */
  readonly meanwhile?: () => void;
  /** Called when everything was done, while the program and its maps are still there. */
  readonly afterwards?: (operated: Operated) => Promise<void> | void;
  /** Run instead: a copy under another name. */
  readonly path?: string;
}

interface Printed {
  readonly pid: number;
  readonly done: [map: number, command: number, errno: number, count: number][];
  readonly types: Record<string, string>;
  readonly loadNs: number;
  readonly loadBuckets: number[];
}

/** @param count of each operation by each thread @throws {Error} where it fails */
export async function operate(
  count: number,
  threads: number,
  { only, meanwhile, afterwards, path = compile("operate") }: OperateOptions =
    {},
): Promise<Operated> {
  await using child = new Deno.Command(path, {
    args: [`${count}`, `${threads}`, ...(only === undefined ? [] : [only])],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let ended = false;
  const line = firstLine(child.stdout).finally(() => ended = true);
  while (!ended && meanwhile !== undefined) {
    meanwhile();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const text = await line;
  if (text === "") throw new Error("Cannot operate on maps: operate failed");
  const operated = operatedOf(JSON.parse(text));
  await afterwards?.(operated);
  await child.stdin.close();
  await child.status;
  return operated;
}

/** Without its end; nothing where the stream ends before that. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.endsWith("\n")) break;
  }
  return text.trimEnd();
}

function operatedOf(
  { pid, done, types, loadNs, loadBuckets }: Printed,
): Operated {
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
  const loads = { sumMs: loadNs / 1e6, buckets: loadBuckets };
  return { pid, counts, types, loads };
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

/** The same of loads. */
export function loadsOf(
  passes: readonly OperationsPass[],
  pid: number,
): Operated["loads"] {
  const buckets = new Array<number>(LOAD_STRIDE - LOAD_COLUMNS.length).fill(0);
  let sumMs = 0;
  for (const { processes, loads } of passes) {
    each(loads, LOAD_STRIDE, (row) => {
      if (processes[row[0]].pid !== pid) return;
      row.slice(LOAD_COLUMNS.length).forEach((n, i) => buckets[i] += n);
      sumMs += row[LOAD_COLUMNS.indexOf("sumMs")];
    });
  }
  return { sumMs, buckets };
}

/** A load takes longer by the program's own clock, which reads it before the call and after it: here it is told as no longer than that. */
export function assertLoads(
  told: Operated["loads"],
  own: Operated["loads"],
): void {
  const [toldUpTo, ownUpTo] = [told, own].map(({ buckets }) =>
    buckets.map((_, i) => buckets.slice(0, i + 1).reduce((a, b) => a + b))
  );
  assertEquals(toldUpTo.at(-1), ownUpTo.at(-1), "loads");
  ownUpTo.forEach((count, i) =>
    assert(toldUpTo[i] >= count, `bucket ${i}: ${toldUpTo[i]} of ${count}`)
  );
  assert(told.sumMs > 0 && told.sumMs <= own.sumMs, `${told.sumMs} ms`);
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
