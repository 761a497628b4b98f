/**
 * Owns the looks at what each CPU counted of the entries of each map, as the maps worker takes them: beside its samples, once a second, or
 * as often as it samples where that is less. In: an open iterator, or why there is none. Out: a pass where it is another than the last.
 * @module
 */
import {
  CPU_ENTRIES_RECORD,
  type CpuEntriesIterator,
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
} from "../../ffi/sampling.ts";
import type { Aside, AsideMessage } from "../aside.ts";
import type { Init } from "../protocol.ts";
import type { CpuEntriesPass } from "./cpu_entries_model.ts";

const LEAST_INTERVAL_MS = 1_000;
const RECORD_WORDS = CPU_ENTRIES_RECORD.bytes / 4;
const MAP_ID = CPU_ENTRIES_RECORD.mapId / 4;
const CPU = CPU_ENTRIES_RECORD.cpu / 4;
const COUNT = CPU_ENTRIES_RECORD.count / 4;

const NO_ROWS = new Float64Array();

/** What tells the counts of each CPU; undefined where nobody asked for them. */
export function collectCpuEntries(
  kernel: KernelPort,
  { iterators, leaveOut, intervalMs }: Pick<
    Init,
    "iterators" | "leaveOut" | "intervalMs"
  >,
): CpuEntriesCollector | undefined {
  const open = iterators?.cpuEntries;
  return open === undefined
    ? undefined
    : new CpuEntriesCollector(kernel, open, leaveOut.map, intervalMs);
}

export class CpuEntriesCollector implements Aside {
  readonly #kernel: KernelPort;
  readonly #session: IteratorSession | undefined;
  readonly #cpus: number;
  readonly #leaveOut: ReadonlySet<number>;
  #reason: string | undefined;
  #intervalMs: number;
  #lookedAtMs = -Infinity;
  #rows = NO_ROWS;
  /** Rows that are there. */
  #size = 0;
  #told: CpuEntriesPass | undefined;

  /** @param open or one sentence why nobody can look */
  constructor(
    kernel: KernelPort,
    open: CpuEntriesIterator | string,
    leaveOut: readonly number[],
    intervalMs: number,
  ) {
    this.#kernel = kernel;
    this.#leaveOut = new Set(leaveOut);
    this.#intervalMs = Math.max(LEAST_INTERVAL_MS, intervalMs);
    this.#cpus = typeof open === "string" ? 0 : open.cpus;
    if (typeof open === "string") this.#reason = open;
    else {
      this.#session = new IteratorSession(
        kernel,
        iterationsOf(kernel, open),
        open.recordBytes,
      );
    }
  }

  get dueAtMs(): number {
    return this.#session === undefined && this.#told !== undefined
      ? Infinity
      : this.#lookedAtMs + this.#intervalMs;
  }

  renew(): void {}

  /** The holders' interval. */
  retune(): void {}

  resample(intervalMs: number): void {
    this.#intervalMs = Math.max(LEAST_INTERVAL_MS, intervalMs);
  }

  run(): AsideMessage | undefined {
    this.#lookedAtMs = this.#kernel.monotonicMs();
    const isOther = this.#look();
    if (!isOther && this.#told?.reason === this.#reason) return undefined;
    this.#told = {
      takenAtMs: this.#lookedAtMs,
      cpus: this.#cpus,
      rows: this.#rows.slice(0, this.#size),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
    };
    return { message: { kind: "cpu_entries", pass: this.#told } };
  }

  /** Whether any row is another than at the look before. */
  #look(): boolean {
    const session = this.#session;
    if (session === undefined) return this.#told === undefined;
    const failure = session.run();
    if (failure !== undefined) {
      // What was told before stands, with the reason.
      this.#reason = `${failure.call} failed: ${errnoName(failure.errno)}`;
      return false;
    }
    this.#reason = undefined;
    const width = 1 + this.#cpus;
    const most = session.count / this.#cpus * width;
    let isOther = this.#told === undefined;
    if (this.#rows.length < most) {
      this.#rows = new Float64Array(most * 2);
      isOther = true;
    }
    const rows = this.#rows;
    const { words } = session;
    let size = 0;
    for (let i = 0; i < session.count; i++) {
      const at = i * RECORD_WORDS;
      const mapId = words[at + MAP_ID];
      if (this.#leaveOut.has(mapId)) continue;
      if (words[at + CPU] === 0) {
        isOther ||= rows[size] !== mapId;
        rows[size++] = mapId;
      }
      const count = (words[at + COUNT + 1] | 0) * 2 ** 32 + words[at + COUNT];
      isOther ||= rows[size] !== count;
      rows[size++] = count;
    }
    isOther ||= size !== this.#size;
    this.#size = size;
    return isOther;
  }
}
