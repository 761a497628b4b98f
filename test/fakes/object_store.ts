/**
 * Owns the set of objects in the fake kernel and the one-line builders of them. In: what a test cares about, the rest by
 * default. Out: FakeObjects in their tables. Builders make objects that somebody else owns: they live until remove().
 * @module
 */
import type { ObjectKind } from "../../ffi/bpf.ts";
import { type CommonSpec, FakeObject, ObjectTable } from "./fake_objects.ts";
import {
  BTF_LAYOUT,
  type LinkLayout,
  linkLayout,
  MAP_LAYOUT,
  PROGRAM_LAYOUT,
  type Values,
} from "./info_layouts.ts";

export type MapSpec = CommonSpec & Values<typeof MAP_LAYOUT>;
export type ProgramSpec = CommonSpec & Values<typeof PROGRAM_LAYOUT> & {
  readonly mapIds?: readonly number[];
  /** BTF type ids of its functions, the main one first. */
  readonly functionTypeIds?: readonly number[];
};
export type LinkSpec = CommonSpec & Values<LinkLayout> & {
  /** The tracepoint, iterator target, function or file; not every type has one. */
  readonly targetName?: string | Uint8Array;
};
export type BtfSpec = CommonSpec & Values<typeof BTF_LAYOUT> & {
  readonly name?: string | Uint8Array;
  /** The type information itself; its length is the object's size. */
  readonly typeBytes?: Uint8Array;
};

/** All objects, by kind. */
export class ObjectStore {
  readonly tables: Readonly<Record<ObjectKind, ObjectTable>> = {
    map: new ObjectTable(),
    program: new ObjectTable(),
    link: new ObjectTable(),
    btf: new ObjectTable(),
  };

  /** A hash of 4-byte keys and 8-byte values for 1024 entries, unless `spec` says otherwise. */
  addMap(spec: MapSpec = {}): FakeObject<typeof MAP_LAYOUT> {
    const { id = this.tables.map.freeId(), ...values } = spec;
    const defaults = {
      type: "hash",
      keySize: 4,
      valueSize: 8,
      maxEntries: 1024,
      name: `map_${id}`,
    };
    return this.#add(
      new FakeObject("map", id, MAP_LAYOUT).update({ ...defaults, ...values }),
    );
  }

  /** A socket filter of two instructions, unless `spec` says otherwise. */
  addProgram(spec: ProgramSpec = {}): FakeObject<typeof PROGRAM_LAYOUT> {
    const {
      id = this.tables.program.freeId(),
      mapIds = [],
      functionTypeIds = [],
      ...values
    } = spec;
    const defaults = {
      type: "socket_filter",
      name: `prog_${id}`,
      tag: id.toString(16).padStart(16, "0"),
      xlatedBytes: 16,
      jitedBytes: 32,
      verifiedInstructions: 2,
      loadTimeNs: id * 1_000_000,
    };
    const program = new FakeObject("program", id, PROGRAM_LAYOUT)
      .update({ ...defaults, ...values });
    program.mapIds = mapIds;
    program.functionTypeIds = functionTypeIds;
    return this.#add(program);
  }

  /** A raw tracepoint on sys_enter, unless `spec` says otherwise. */
  addLink(spec: LinkSpec = {}): FakeObject<LinkLayout> {
    const {
      id = this.tables.link.freeId(),
      type = "raw_tracepoint",
      targetName = "sys_enter",
      ...values
    } = spec;
    return this.#add(
      new FakeObject("link", id, linkLayout(type)).named(targetName)
        .update({ type, programId: 1, ...values }),
    );
  }

  /** BTF of a program, without a name, unless `spec` says otherwise. */
  addBtf(spec: BtfSpec = {}): FakeObject<typeof BTF_LAYOUT> {
    const {
      id = this.tables.btf.freeId(),
      name = "",
      typeBytes = new Uint8Array(spec.sizeBytes ?? 500),
      ...values
    } = spec;
    const btf = new FakeObject("btf", id, BTF_LAYOUT).named(name)
      .update({ sizeBytes: typeBytes.length, kernelBtf: 0, ...values });
    btf.typeBytes = typeBytes;
    return this.#add(btf);
  }

  /** Its owner lets go of it: it is gone at once, or when the last descriptor of it is closed. */
  remove(kind: ObjectKind, id: number): void {
    const object = this.#existing(kind, id);
    object.owned = false;
    if (object.references === 0) this.forget(object);
  }

  /** The object is still listed, and then it cannot be opened, for it has just gone. */
  vanishAfterList(kind: ObjectKind, id: number): void {
    this.#existing(kind, id).vanishes = true;
  }

  /** Takes an object out, and with it what it alone kept alive. */
  forget(object: FakeObject): void {
    this.tables[object.kind].remove(object.id);
    for (const held of object.holds.splice(0)) {
      held.references--;
      if (held.references === 0 && !held.owned) this.forget(held);
    }
  }

  #add<T extends FakeObject>(object: T): T {
    this.tables[object.kind].add(object);
    return object;
  }

  #existing(kind: ObjectKind, id: number): FakeObject {
    const object = this.tables[kind].get(id);
    if (!object) throw new RangeError(`There is no ${kind} ${id}`);
    return object;
  }
}
