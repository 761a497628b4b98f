/**
 * Owns the fake kernel's objects: their `struct bpf_*_info` bytes, and their ids in ascending order. In: plain values by
 * name (info_layouts.ts says where each goes). Out: FakeObject, whose bytes a test may change at any time, and the table
 * that the commands search.
 * @module
 */
import type { ObjectKind } from "../../ffi/bpf.ts";
import type { Layout, Values } from "./info_layouts.ts";
import { nameBytes } from "./info_layouts.ts";

/** What every object can be given, beside the fields of its layout. */
export interface CommonSpec {
  /** The next free one when absent. */
  readonly id?: number;
}

/** Largest struct that this fake fills. */
export const MAX_INFO_BYTES = 256;

let lastCookie = 0;

/** One object: `Fields` names what update() takes. */
export class FakeObject<Fields extends Layout = Layout> {
  /** The struct as the newest kernel fills it. */
  readonly info = new Uint8Array(MAX_INFO_BYTES);
  readonly view: DataView<ArrayBuffer> = new DataView(this.info.buffer);
  /** A name that the kernel copies to where the caller points: a link's target, a BTF object's name. */
  outOfLineName: Uint8Array = new Uint8Array(0);
  /** Ids of the maps that a program uses. */
  mapIds: readonly number[] = [];
  /** BTF type ids of a program's functions, the main one first. */
  functionTypeIds: readonly number[] = [];
  /** The type information of a BTF object. */
  typeBytes: Uint8Array = new Uint8Array(0);
  /** A program's instructions. */
  code: Uint8Array = new Uint8Array(0);
  /** Never given out twice. */
  readonly cookie = ++lastCookie;
  /** Descriptors and objects that refer to it. */
  references = 0;
  /** Something outside of this process keeps it alive. */
  owned = true;
  /** It goes away between being listed and being opened. */
  vanishes = false;
  /** What it keeps alive, each counted in the other's references. */
  holds: FakeObject[] = [];

  constructor(
    readonly kind: ObjectKind,
    readonly id: number,
    readonly layout: Fields,
  ) {
    this.view.setUint32(kind === "btf" ? 12 : 4, id, true);
  }

  /** Sets fields of its struct by name. */
  update(values: Values<Fields>): this {
    for (const [field, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const put = this.layout[field];
      if (!put) {
        throw new RangeError(
          `Cannot set ${field} of ${this.kind} ${this.id}: expected one of ${
            Object.keys(this.layout).join(", ")
          }`,
        );
      }
      put(this.view, value);
    }
    return this;
  }

  /** Sets the out-of-line name, as text or raw bytes. */
  named(name: string | Uint8Array): this {
    this.outOfLineName = nameBytes(name);
    return this;
  }
}

/** The objects of one kind. */
export class ObjectTable {
  readonly #byId = new Map<number, FakeObject>();
  readonly #ids: number[] = [];
  #last = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(id: number): FakeObject | undefined {
    return this.#byId.get(id);
  }

  /** An id that no object has, above all that were handed out. */
  freeId(): number {
    return this.#last + 1;
  }

  add(object: FakeObject): void {
    if (this.#byId.has(object.id)) {
      throw new RangeError(
        `Cannot add ${object.kind} ${object.id}: there is one already`,
      );
    }
    this.#byId.set(object.id, object);
    this.#ids.splice(this.#indexAbove(object.id), 0, object.id);
    this.#last = Math.max(this.#last, object.id);
  }

  remove(id: number): void {
    if (this.#byId.delete(id)) this.#ids.splice(this.#indexAbove(id) - 1, 1);
  }

  /** The smallest id above `after`. */
  idAfter(after: number): number | undefined {
    return this.#ids[this.#indexAbove(after)];
  }

  #indexAbove(id: number): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ids[middle] <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
