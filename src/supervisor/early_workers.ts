/**
 * Owns workers that are started before there is a supervisor: their threads boot while the main thread still loads the rest of the
 * program. In: how a worker is started. Out: the same, that hands out the ones that are there first.
 * @module
 */
import type { CollectorName } from "../../workers/protocol.ts";
import type { WorkerLike } from "./ports.ts";

type Spawn = (name: CollectorName) => WorkerLike;

/** Starts one worker for each name. None does anything before its first message, but it may fail to load. */
export function spawnEarly(
  spawn: Spawn,
  names: readonly CollectorName[],
): Spawn {
  const early = new Map(names.map((name) => [name, new Early(spawn(name))]));
  return (name) => {
    const one = early.get(name);
    early.delete(name);
    return one?.take() ?? spawn(name);
  };
}

class Early {
  readonly #worker: WorkerLike;
  #failure: ErrorEvent | undefined;

  constructor(worker: WorkerLike) {
    this.#worker = worker;
    worker.onerror = (event) => {
      // Unprevented, it ends the process.
      event.preventDefault();
      this.#failure = event;
    };
  }

  take(): WorkerLike {
    const failure = this.#failure;
    if (failure !== undefined) {
      // Whoever takes it listens by then.
      queueMicrotask(() => this.#worker.onerror?.(failure));
    }
    return this.#worker;
  }
}
