/**
 * Owns what is remembered of each table's last failure, so that one that lasts is told once and not at every sample.
 * In: the outcomes of a sample. Out: sentences, and which failures count.
 * @module
 */
import type {
  ObjectType,
  TableFailure,
  TableOutcome,
} from "../../workers/protocol.ts";
import { failureText } from "../state/failure_text.ts";
import type { SupervisorLog } from "./ports.ts";

/** The same failure of the same table is not told again before this has passed. */
const TELL_AGAIN_MS = 60_000;

const OBJECTS: Readonly<Record<ObjectType, string>> = {
  map: "maps",
  program: "programs",
  link: "links",
  btf: "BTF objects",
};

interface Remembered {
  failure: TableFailure;
  sentence: string;
  /** The table's last sample failed. */
  present: boolean;
  toldAtMs: number;
}

/** What a failure comes to. */
export interface Verdict {
  readonly sentence: string;
  /** Whether to count it: each time, but once per change where trying again does not help. */
  readonly counts: boolean;
}

export class TableFailures {
  readonly #log: SupervisorLog;
  readonly #tables = new Map<ObjectType, Remembered>();

  constructor(log: SupervisorLog) {
    this.#log = log;
  }

  /** Takes up that a table was read to its end. */
  good(table: ObjectType): void {
    const known = this.#tables.get(table);
    if (known?.present) {
      known.present = false;
      this.#log.debug(`The ${OBJECTS[table]} are sampled again`);
    }
  }

  /** Takes up a table's failure. `nowMs`: counted time. */
  bad(
    { table, failure }: TableOutcome & { readonly failure: TableFailure },
    nowMs: number,
  ): Verdict {
    const known = this.#tables.get(table);
    if (known === undefined || !alike(known.failure, failure)) {
      const sentence = sentenceOf(table, failure);
      this.#tables.set(table, {
        failure,
        sentence,
        present: true,
        toldAtMs: nowMs,
      });
      this.#log.warn(sentence);
      return { sentence, counts: true };
    }
    const counts = !failure.unavailable || !known.present;
    if (!known.present && nowMs - known.toldAtMs >= TELL_AGAIN_MS) {
      known.toldAtMs = nowMs;
      this.#log.warn(known.sentence);
    }
    known.present = true;
    return { sentence: known.sentence, counts };
  }
}

function alike(one: TableFailure, other: TableFailure): boolean {
  return one.errno === other.errno && one.call === other.call &&
    one.unavailable === other.unavailable;
}

function sentenceOf(table: ObjectType, failure: TableFailure): string {
  const where = failure.unavailable ? " on this machine" : "";
  return `Cannot sample ${OBJECTS[table]}${where}: ${failureText(failure)}`;
}
