/**
 * Owns when bpf() operations are counted and when counts are read, and that nothing of it reaches the sampling of programs. In: what
 * acquire() opened. Out: a message where there is something to tell. In windows the hook is attached by this, and nothing is
 * attached between them; no call of bpf() is made otherwise.
 * @module
 */
import {
  type AttachedOperations,
  attachOperations,
  detachOperations,
  errnoName,
  type KernelPort,
} from "../../ffi/sampling.ts";
import type { Aside, AsideMessage } from "../aside.ts";
import type { OperationsPass } from "../operations_model.ts";
import type { OperationsHandle } from "../operations_open.ts";
import type { Init } from "../protocol.ts";
import { WindowSchedule } from "../windows.ts";
import { type Counts, OperationsReader } from "./operations_pass.ts";

/** Between two readings. */
const INTERVAL_MS = 500;
/** Readings after counting ended, until everything was told. */
const LAST_READINGS = 2;

/** Reads counts. */
export interface CountsReader {
  /** What came to rest since the last reading, or one sentence. */
  read(): Counts | string;
}

export class OperationsCollector implements Aside {
  readonly #kernel: KernelPort;
  readonly #handle: OperationsHandle;
  readonly #reader: CountsReader;
  /** Absent where it counts all the time. */
  readonly #schedule: WindowSchedule | undefined;
  #attached: AttachedOperations | undefined;
  /** Since when `#attachedMs` and the elapsed time count. */
  #toldAtMs: number;
  #accountedMs: number;
  #attachedMs = 0;
  /** Attached time since the last reading, and between the two before: what is read was counted then. */
  #sinceReadingMs = 0;
  #countedMs = 0;
  #wasAttached: boolean | undefined;
  #toldNothing = false;
  #readingsLeft = LAST_READINGS;
  #dueAtMs = -Infinity;
  #toldWhy = "";

  constructor(
    kernel: KernelPort,
    handle: OperationsHandle,
    reader: CountsReader = new OperationsReader(
      kernel,
      handle.drain,
      handle.programs.exitFd,
    ),
  ) {
    this.#kernel = kernel;
    this.#handle = handle;
    this.#reader = reader;
    this.#toldAtMs = this.#accountedMs = kernel.monotonicMs();
    this.#schedule = handle.mode === "on"
      ? undefined
      : new WindowSchedule(handle.mode, this.#toldAtMs);
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Which objects there are is nothing that it looks at. */
  renew(): void {}

  /** Nor at how often programs are sampled. */
  retune(): void {}

  run(): AsideMessage | undefined {
    const nowMs = this.#kernel.monotonicMs();
    try {
      this.#account(nowMs);
      const refused = this.#turn(nowMs);
      const counts = this.#reader.read();
      const countedMs = this.#countedMs;
      this.#countedMs = this.#sinceReadingMs;
      this.#sinceReadingMs = 0;
      const reason = refused ?? (typeof counts === "string" ? counts : "");
      if (typeof counts === "string" || reason !== "") {
        return this.#failed(reason);
      }
      this.#toldWhy = "";
      return this.#told(counts, nowMs, countedMs);
    } catch (error) {
      return this.#failed(String(error).split("\n", 1)[0]);
    } finally {
      this.#dueAtMs = this.#next(nowMs);
    }
  }

  get #isAttached(): boolean {
    return this.#schedule === undefined || this.#attached !== undefined;
  }

  #account(nowMs: number): void {
    if (this.#isAttached) {
      const ms = nowMs - this.#accountedMs;
      this.#attachedMs += ms;
      this.#sinceReadingMs += ms;
    }
    this.#accountedMs = nowMs;
  }

  /** Attaches and detaches by the clock; one sentence where that was refused. */
  #turn(nowMs: number): string | undefined {
    const schedule = this.#schedule;
    if (schedule === undefined) return undefined;
    if (nowMs >= schedule.endsAtMs) schedule.next(nowMs);
    const isOn = nowMs >= schedule.beginsAtMs;
    if (isOn && this.#attached === undefined) {
      const attached = attachOperations(this.#kernel, this.#handle.programs);
      if (typeof attached === "number") {
        return `BPF_RAW_TRACEPOINT_OPEN failed: ${errnoName(-attached)}`;
      }
      this.#attached = attached;
      // Attaching takes a moment, in which nothing is counted.
      this.#accountedMs = this.#kernel.monotonicMs();
    } else if (!isOn && this.#attached !== undefined) {
      detachOperations(this.#kernel, this.#attached);
      this.#attached = undefined;
    }
    return undefined;
  }

  #next(nowMs: number): number {
    const schedule = this.#schedule;
    if (this.#isAttached) this.#readingsLeft = LAST_READINGS;
    else this.#readingsLeft--;
    const readingMs = nowMs + INTERVAL_MS;
    if (schedule === undefined) return readingMs;
    const { beginsAtMs, endsAtMs } = schedule;
    const edgeMs = nowMs < beginsAtMs ? beginsAtMs : endsAtMs;
    return this.#readingsLeft > 0 ? Math.min(readingMs, edgeMs) : edgeMs;
  }

  #told(
    counts: Counts,
    nowMs: number,
    countedMs: number,
  ): AsideMessage | undefined {
    const isAttached = this.#isAttached;
    const { rows, loads, attachFailures, lost, skipped = 0 } = counts;
    const nothing = rows.length + loads.length + attachFailures.length +
        lost + skipped === 0;
    const { hook } = this.#handle;
    const isWindowed = this.#schedule !== undefined;
    // The first one that has nothing to tell ends what was told as happening now; silence is part of a window's rate.
    const isKnown = countedMs === 0 || (!isWindowed && this.#toldNothing);
    if (nothing && isKnown && this.#wasAttached === isAttached) {
      return undefined;
    }
    this.#toldNothing = nothing;
    this.#wasAttached = isAttached;
    const pass: OperationsPass = {
      takenAtMs: nowMs,
      hook,
      isWindowed,
      isAttached,
      elapsedMs: nowMs - this.#toldAtMs,
      attachedMs: this.#attachedMs,
      countedMs,
      ...counts,
    };
    this.#toldAtMs = nowMs;
    this.#attachedMs = 0;
    return {
      message: { kind: "operations", pass },
      transfer: [rows.buffer, loads.buffer, attachFailures.buffer].filter(
        (buffer) => buffer instanceof ArrayBuffer,
      ),
    };
  }

  /** Told once, until it is another reason or there was a pass in between. */
  #failed(reason: string): AsideMessage | undefined {
    if (this.#toldWhy === reason) return undefined;
    this.#toldWhy = reason;
    return { message: { kind: "operations_failed", reason } };
  }
}

/** The programs worker's counting; undefined where nobody asked for it, or it cannot be. */
export function collectOperations(
  kernel: KernelPort,
  { operations }: Pick<Init, "operations">,
): OperationsCollector | undefined {
  return operations && new OperationsCollector(kernel, operations);
}
