/**
 * Owns perf buffers whose truth is known, of another process, and what reads them. In: test/kernel/c/perf.c. Out: what the collector says of
 * each buffer beside the truth.
 * @module
 */
import { assert } from "@std/assert";
import { LineProcess } from "../../bench/line_process.ts";
import {
  Btf,
  closeIterator,
  type KernelPort,
  LOOP_ENUMERATOR,
  openLibc,
  openPerfBuffers,
  PERF_STRUCTS,
  type PerfIterator,
  type PerfLoop,
  PinPlace,
  readBtf,
} from "../../ffi/mod.ts";
import { PERF_COLUMNS } from "../../workers/maps/buffers_model.ts";
import { PerfCollector } from "../../workers/maps/perf_buffers.ts";
import { compile } from "./compile.ts";

export type PerfRow = Record<typeof PERF_COLUMNS[number], number>;

/** Of one map and CPU since its event was made. */
export interface PerfTruth {
  /** Samples written. */
  readonly ok: number;
  /** Samples refused. */
  readonly lost: number;
  /** What LOST records told the owner. */
  readonly told: number;
}

/** Owner of perf buffers. */
export class PerfOwner implements AsyncDisposable {
  readonly #process: LineProcess;
  readonly mapIds: readonly number[];

  private constructor(process: LineProcess, mapIds: readonly number[]) {
    this.#process = process;
    this.mapIds = mapIds;
  }

  static async start(
    maps: number,
    cpus: number,
    pages: number,
  ): Promise<PerfOwner> {
    const process = new LineProcess(
      compile("perf"),
      [maps, cpus, pages].map(String),
    );
    return new PerfOwner(process, JSON.parse(await process.readLine()));
  }

  /** As perf.c's header has it. */
  async ask(
    command: string,
    ...numbers: readonly number[]
  ): Promise<PerfTruth> {
    return JSON.parse(
      await this.#process.ask([command, ...numbers].join(" ")),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

export interface PerfWatchOptions {
  /** As openPerfBuffers() has it. */
  readonly loop?: PerfLoop;
  /** CPUs that there may ever be, as the kernel lists them in /sys. */
  readonly possibleCpus?: string;
  /** A name that the kernel's BTF is read without, as that of an older one. */
  readonly lacks?: string;
}

/** Looks at perf buffers as the maps worker does. */
export class PerfWatch implements Disposable {
  readonly kernel: KernelPort = openLibc();
  readonly iterator: PerfIterator;
  readonly collector: PerfCollector;

  constructor(options: PerfWatchOptions = {}) {
    this.iterator = openHere(this.kernel, options);
    this.collector = new PerfCollector(this.kernel, this.iterator);
  }

  /** Looks, and answers what is known of the buffers of a map. */
  look(mapId: number): PerfRow[] {
    this.collector.look();
    return rowsOf(this.collector.rows).filter((row) => row.mapId === mapId);
  }

  [Symbol.dispose](): void {
    closeIterator(this.kernel, this.iterator);
  }
}

function openHere(
  kernel: KernelPort,
  { loop, lacks, possibleCpus }: PerfWatchOptions,
): PerfIterator {
  const bytes = readBtf(kernel);
  assert(typeof bytes !== "number", `errno ${bytes}`);
  using btf = Btf.scan(lacks === undefined ? bytes : without(bytes, lacks), {
    structs: PERF_STRUCTS,
    functions: ["bpf_iter_bpf_map", "bpf_rdonly_cast"],
    enumerators: [LOOP_ENUMERATOR],
  });
  using pins = new PinPlace(kernel);
  using listed = possibleCpus === undefined
    ? undefined
    : withPossibleCpus(kernel, possibleCpus);
  const opened = openPerfBuffers(listed?.port ?? kernel, btf, pins, loop);
  assert(typeof opened !== "string", String(opened));
  return opened;
}

/** A machine that lists other CPUs. */
function withPossibleCpus(
  kernel: KernelPort,
  text: string,
): Disposable & { readonly port: KernelPort } {
  const file = Deno.makeTempFileSync({ prefix: "bpfpulse-cpus-" });
  Deno.writeTextFileSync(file, `${text}\n`);
  const open: KernelPort["open"] = (path) =>
    kernel.open(path.endsWith("/cpu/possible") ? file : path);
  return {
    port: { ...kernel, open },
    [Symbol.dispose]: () => Deno.removeSync(file),
  };
}

/** A copy of `btf` in which nothing has that name. */
function without(
  btf: Uint8Array<ArrayBuffer>,
  name: string,
): Uint8Array<ArrayBuffer> {
  const copy = btf.slice();
  const text = new TextEncoder().encode(`\0${name}\0`);
  let found = 0;
  for (let at = copy.indexOf(0); at >= 0; at = copy.indexOf(0, at + 1)) {
    if (text.some((byte, i) => copy[at + i] !== byte)) continue;
    copy[at + 1] = "?".charCodeAt(0);
    found++;
  }
  assert(found > 0, `no BTF of ${name}`);
  return copy;
}

export function rowsOf(rows: Float64Array): PerfRow[] {
  const width = PERF_COLUMNS.length;
  return Array.from(
    { length: rows.length / width },
    (_, i) =>
      Object.fromEntries(
        PERF_COLUMNS.map((name, n) => [name, rows[i * width + n]]),
      ) as PerfRow,
  );
}
