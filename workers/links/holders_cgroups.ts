/**
 * Owns the cgroups of processes that hold objects: read once of each, for reading costs more than all else that is known of it. In:
 * a port, processes. Out: texts. Whoever starts a container moves its process a moment after its start, so a text is read
 * again while the process is new.
 * @module
 */
import { type KernelPort, readText } from "../../ffi/sampling.ts";
import type { HoldingProcess } from "./holders_model.ts";

/** After so long a process is where it stays. */
const SETTLED_MS = 15_000;
/** More than any path through all hierarchies needs. */
const MOST_UNITS = 8_192;

interface Known {
  readonly startedAtMs: number;
  /** CLOCK_MONOTONIC */
  readonly firstSeenMs: number;
  readonly readAtMs: number;
  readonly text: string;
}

export class ProcessCgroups {
  readonly #kernel: KernelPort;
  /** Of the processes of the last pass, by pid. */
  #known: ReadonlyMap<number, Known> = new Map();

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
  }

  /** @param canRead false where /proc numbers processes in another way */
  complete(
    processes: readonly Omit<HoldingProcess, "cgroups">[],
    canRead: boolean,
  ): HoldingProcess[] {
    const nowMs = this.#kernel.monotonicMs();
    const known = new Map<number, Known>();
    const completed = processes.map((process) => {
      const one = canRead
        ? this.#known.get(process.pid)
        : { ...process, firstSeenMs: nowMs, readAtMs: Infinity, text: "" };
      const text = this.#renewed(process, one, nowMs);
      known.set(process.pid, text);
      return { ...process, cgroups: text.text };
    });
    this.#known = known;
    return completed;
  }

  #renewed(
    { pid, startedAtMs }: Omit<HoldingProcess, "cgroups">,
    before: Known | undefined,
    nowMs: number,
  ): Known {
    const same = before?.startedAtMs === startedAtMs ? before : undefined;
    const firstSeenMs = same?.firstSeenMs ?? nowMs;
    if (same !== undefined && same.readAtMs - firstSeenMs >= SETTLED_MS) {
      return same;
    }
    const text = readText(this.#kernel, `/proc/${pid}/cgroup`) ?? "";
    return {
      startedAtMs,
      firstSeenMs,
      readAtMs: nowMs,
      text: text.trimEnd().slice(0, MOST_UNITS),
    };
  }
}
