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

/** Looks at perf buffers as the maps worker does. */
export class PerfWatch implements Disposable {
  readonly kernel: KernelPort = openLibc();
  readonly iterator: PerfIterator;
  readonly collector: PerfCollector;

  constructor() {
    this.iterator = openHere(this.kernel);
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

function openHere(kernel: KernelPort): PerfIterator {
  const bytes = readBtf(kernel);
  assert(typeof bytes !== "number", `errno ${bytes}`);
  using btf = Btf.scan(bytes, {
    structs: PERF_STRUCTS,
    functions: ["bpf_iter_bpf_map", "bpf_rdonly_cast"],
    enumerators: [LOOP_ENUMERATOR],
  });
  using pins = new PinPlace(kernel);
  const opened = openPerfBuffers(kernel, btf, pins);
  assert(typeof opened !== "string", String(opened));
  return opened;
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
