/**
 * Owns how many objects of a type came and went since the agent's first sample, those between two samples included as far as
 * anything tells of them. In: the ids of each sample's new objects, and for programs the kernel's own stream. Out: counts.
 * @module
 */
import type { Loads } from "../../workers/protocol.ts";

export class CreatedCount {
  /** The highest id that is known to have been given out; undefined while none is. */
  #newestId: number | undefined;
  #atStart = 0;
  #size = 0;
  #created = 0;
  #stream: { loaded: number; unloaded: number; lost: number } | undefined;

  /** @param newestId the id that was given out last when the agent started, where that is known */
  constructor(newestId: number | undefined) {
    this.#newestId = newestId;
  }

  /** Takes up the first sample. @param ids ascending */
  begin(ids: Uint32Array, count: number): void {
    this.#atStart = this.#size = count;
    if (count > 0) this.#raise(ids[count - 1]);
  }

  /**
   * A new object. Ids are given out in a cycle, so below the highest one it is one object, and above it stands for all ids that it
   * leaves out: they were given to objects that are gone.
   */
  born(id: number): void {
    const newest = this.#newestId;
    this.#created += newest === undefined || id <= newest ? 1 : id - newest;
    this.#raise(id);
  }

  /** So many are alive now. */
  resize(size: number): void {
    this.#size = size;
  }

  /** The kernel's stream told of these. */
  streamed({ loaded, unloaded, lost }: Omit<Loads, "kind" | "epoch">): void {
    this.#stream ??= { loaded: 0, unloaded: 0, lost: 0 };
    this.#stream.loaded += loaded;
    this.#stream.unloaded += unloaded;
    this.#stream.lost += lost;
  }

  get created(): number {
    return this.#best(this.#stream?.loaded, this.#created);
  }

  /** Without a stream, whoever was there or came, and is there no more. */
  get destroyed(): number {
    return this.#best(
      this.#stream?.unloaded,
      this.#atStart + this.#created - this.#size,
    );
  }

  /** Nothing was missed. */
  get isExact(): boolean {
    return this.#stream?.lost === 0;
  }

  /** A stream that lost nothing knows best; of two lower bounds the higher one is nearer. */
  #best(streamed: number | undefined, sampled: number): number {
    if (streamed === undefined) return sampled;
    return this.isExact ? streamed : Math.max(streamed, sampled);
  }

  #raise(id: number): void {
    this.#newestId = Math.max(this.#newestId ?? 0, id);
  }
}
