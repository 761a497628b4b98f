/**
 * Owns what is known of one collector's health. In: what its worker said, and what the supervisor found. Out: a
 * CollectorHealth, whose reader gets values of its own.
 * @module
 */
import type { Ready, Sampled, TableOutcome } from "../../workers/protocol.ts";
import type {
  CollectorHealth,
  CollectorStatus,
} from "../state/collector_health.ts";
import type { CollectorSpec, SupervisorLog } from "./ports.ts";
import { TableFailures } from "./table_failures.ts";

type Backends = Pick<Ready, "backend" | "backendReason" | "tables">;

export class HealthRecord {
  #spec: CollectorSpec;
  readonly #log: SupervisorLog;
  readonly #tables: TableFailures;
  readonly #errors: Record<string, number> = {};
  readonly #skipped: Record<string, number> = {};
  #status: CollectorStatus = "starting";
  #backend: Backends | undefined;
  #sampledAtMs: number | undefined;
  #lastError: string | undefined;
  #overdueInARow = 0;
  #samples = 0;
  #missedTicks = 0;
  #syscalls = 0;
  #restarts = 0;

  constructor(spec: CollectorSpec, log: SupervisorLog) {
    this.#spec = spec;
    this.#log = log;
    this.#tables = new TableFailures(log);
  }

  get overdueInARow(): number {
    return this.#overdueInARow;
  }

  /** It samples at another interval. */
  retuned(spec: CollectorSpec): void {
    this.#spec = spec;
    this.#overdueInARow = 0;
  }

  /** Takes up what it samples with, at first and whenever that changes. */
  backend(
    { backend, backendReason, tables }: Backends,
  ): void {
    this.#backend = { backend, backendReason, tables };
  }

  /** Takes up a sample, good or failed. `nowMs`: counted time. */
  sampled(message: Sampled, nowMs: number): void {
    let failed = 0;
    let unavailable = 0;
    for (const outcome of message.tables) {
      for (const errno in outcome.skipped) {
        raise(this.#skipped, errno, outcome.skipped[errno]);
      }
      if (!hasFailed(outcome)) {
        this.#tables.good(outcome.table);
        continue;
      }
      failed++;
      if (outcome.failure.unavailable) unavailable++;
      const { sentence, counts } = this.#tables.bad(outcome, nowMs);
      if (counts) raise(this.#errors, outcome.failure.errno, 1);
      this.#lastError = sentence;
    }
    this.#status = grade(message.tables.length, failed, unavailable);
    if (this.#status === "sampling") this.#sampledAtMs = message.startedAtMs;
    this.#samples++;
    this.#missedTicks += message.missedTicks;
    this.#syscalls += message.syscalls;
    if (this.#overdueInARow > 0) {
      this.#log.debug(`The ${this.#spec.name} worker's samples arrive again`);
    }
    this.#overdueInARow = 0;
  }

  /** `count` deadlines in a row have passed without a sample. `sentence`: where that is the worst that is known. */
  overdue(count: number, sentence: string | undefined): void {
    if (sentence !== undefined) {
      this.#status = "failing";
      this.#lastError = sentence;
      if (this.#overdueInARow === 0) this.#log.debug(sentence);
    }
    this.#overdueInARow = count;
  }

  /** The worker is there, but not well. */
  failing(sentence: string): void {
    this.#status = "failing";
    this.#lastError = sentence;
  }

  /** The worker's life ended. */
  ended(sentence: string): void {
    this.#status = "restarting";
    this.#lastError = sentence;
    raise(this.#errors, "worker", 1);
  }

  /** No worker may be started now. */
  waiting(sentence: string): void {
    this.#lastError = sentence;
  }

  restarted(): void {
    this.#restarts++;
  }

  health(): CollectorHealth {
    return {
      name: this.#spec.name,
      status: this.#status,
      intervalMs: this.#spec.intervalMs,
      ...this.#backend,
      ...(this.#sampledAtMs !== undefined && {
        sampledAtMs: this.#sampledAtMs,
      }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      overdueInARow: this.#overdueInARow,
      samples: this.#samples,
      missedTicks: this.#missedTicks,
      syscalls: this.#syscalls,
      restarts: this.#restarts,
      errors: { ...this.#errors },
      skipped: { ...this.#skipped },
    };
  }
}

/** What cannot be had here does not make a sample bad, as long as anything can be had. */
function grade(
  tables: number,
  failed: number,
  unavailable: number,
): CollectorStatus {
  if (failed > unavailable) return "failing";
  return failed > 0 && failed === tables ? "unavailable" : "sampling";
}

function hasFailed(
  outcome: TableOutcome,
): outcome is Required<TableOutcome> {
  return outcome.failure !== undefined;
}

function raise(
  counts: Record<string, number>,
  name: string,
  by: number | undefined,
): void {
  counts[name] = (counts[name] ?? 0) + (by ?? 0);
}
