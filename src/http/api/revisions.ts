/**
 * Owns what tells one state of a table from another: its revision, and when it was sampled by the wall clock. In: frozen
 * tables, a clock. Out: entity tags that are the same for as long as an answer is, and RFC 3339 times.
 * @module
 */
import type { ObjectType } from "../../../workers/protocol.ts";
import type { Clock } from "../../clock.ts";
import type { NodeSnapshot } from "../../state/node_state.ts";

type Tables = NodeSnapshot["tables"];

/** How far the wall clock may be from what times of the past are told by: less than that is its steering, not a change. */
const STEERED_MS = 1_000;

interface Revision {
  key: string;
  /** Of the sample alone. */
  sample: string;
  number: number;
  sampledAt: string | undefined;
}

export class Revisions {
  readonly #clock: Clock;
  /** Tells this process's revisions from those of the one before. */
  readonly #life: string;
  /** From CLOCK_MONOTONIC to Unix time. */
  #offsetMs = NaN;
  readonly #revisions = new Map<ObjectType, Revision>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#life = Math.round(clock.unixMs()).toString(36);
  }

  /** An opaque word that changes with any of `types`, and with `more`. */
  wordOf(
    tables: Tables,
    types: readonly ObjectType[],
    more?: number,
  ): string {
    const numbers = [
      ...types.map((type) => this.#of(tables, type).number),
      ...(more === undefined ? [] : [more]),
    ];
    return `${this.#life}-${numbers.join("-")}`;
  }

  /** The same as a weak entity tag: compressed or not, it is the same answer. */
  tagOf(
    tables: Tables,
    types: readonly ObjectType[],
    more?: number,
  ): string {
    return `W/"${this.wordOf(tables, types, more)}"`;
  }

  /** Start of the sample that the rows of `type` are from; undefined before the first. */
  sampledAt(tables: Tables, type: ObjectType): string | undefined {
    return this.#of(tables, type).sampledAt;
  }

  /** A time of CLOCK_MONOTONIC, the same for the same one as long as nobody sets the clock. */
  wallTime(monotonicMs: number): string {
    const offsetMs = this.#clock.unixMs() - this.#clock.monotonicMs();
    if (!(Math.abs(offsetMs - this.#offsetMs) <= STEERED_MS)) {
      this.#offsetMs = offsetMs;
    }
    return new Date(this.#offsetMs + monotonicMs).toISOString();
  }

  #of(tables: Tables, type: ObjectType): Revision {
    const { status, reason, sampledAtMs, ownership, countedToMs } =
      tables[type];
    const sample = `${status} ${sampledAtMs} ${reason}`;
    const key = `${sample} ${ownership?.revision} ${countedToMs}`;
    const last = this.#revisions.get(type);
    if (last?.key === key) return last;
    const revision = {
      key,
      sample,
      number: (last?.number ?? 0) + 1,
      sampledAt: last?.sample === sample
        ? last.sampledAt
        : sampledAtMs === undefined
        ? undefined
        : this.#wallTime(sampledAtMs),
    };
    this.#revisions.set(type, revision);
    return revision;
  }

  /** Worked out once a sample, so that two answers about one sample never differ by a millisecond. */
  #wallTime(monotonicMs: number): string {
    const agoMs = this.#clock.monotonicMs() - monotonicMs;
    return new Date(this.#clock.unixMs() - agoMs).toISOString();
  }
}

/** Whether the client has what `tag` stands for. Source: RFC 9110, 13.1.2. */
export function isFresh(headers: Headers, tag: string): boolean {
  const asked = headers.get("if-none-match");
  if (asked === null) return false;
  const opaque = tag.replace(/^W\//, "");
  return asked.split(",").some((one) => {
    const known = one.trim().replace(/^W\//, "");
    return known === "*" || known === opaque;
  });
}
