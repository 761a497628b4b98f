/**
 * Owns workers that begin before there is a supervisor: they boot and take their first sample while the main thread still loads
 * the rest of the program. In: how a worker is started. Out: each of them once, with everything that it said meanwhile.
 * @module
 */
import type { CollectorName } from "../../workers/protocol.ts";
import { type Beginning, beginning } from "./begin.ts";
import type { CollectorSpec, SupervisorOptions, WorkerLike } from "./ports.ts";

/** A worker in its first life, which has been told to begin. */
export interface EarlyWorker extends Beginning {
  readonly worker: WorkerLike;
}

/** Starts one worker for each collector. The answer hands each out once; whoever takes it sets its handlers at once. */
export function startEarly(
  ports: Pick<SupervisorOptions, "spawn" | "init" | "openPulse">,
  collectors: readonly CollectorSpec[],
): (name: CollectorName) => EarlyWorker | undefined {
  const early = new Map(
    collectors.map((spec) => [spec.name, new Early(ports, spec)]),
  );
  return (name) => {
    const one = early.get(name);
    early.delete(name);
    return one?.take();
  };
}

class Early {
  readonly #told: EarlyWorker;
  readonly #messages: MessageEvent[] = [];
  #failure: ErrorEvent | undefined;

  constructor(
    ports: Pick<SupervisorOptions, "spawn" | "init" | "openPulse">,
    spec: CollectorSpec,
  ) {
    const worker = ports.spawn(spec.name);
    worker.onmessage = (event) => void this.#messages.push(event);
    worker.onerror = (event) => {
      // Unprevented, it ends the process.
      event.preventDefault();
      this.#failure = event;
    };
    this.#told = { worker, ...beginning(ports, spec, 1) };
    worker.postMessage(this.#told.init);
  }

  take(): EarlyWorker {
    // Whoever takes it listens by then.
    queueMicrotask(() => this.#repeat());
    return this.#told;
  }

  #repeat(): void {
    const { worker } = this.#told;
    for (const message of this.#messages) worker.onmessage?.(message);
    if (this.#failure !== undefined) worker.onerror?.(this.#failure);
  }
}
