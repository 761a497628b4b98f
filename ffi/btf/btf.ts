/**
 * Owns Btf: the types of the kernel, as much as is asked of them. In: the bytes of a BTF and the wanted names. Out: ids, sizes
 * and places of members, as plain numbers; undefined for what this kernel does not have. The bytes (5.5 MB for a kernel)
 * are needed for the look-ups at start alone: disposing a Btf gives them back at once.
 * @module
 */
import { parseHeader } from "./header.ts";
import { findMember, type Member } from "./lookup.ts";
import { type Found, scanTypes, type Wanted } from "./scan.ts";
import { TypeTable } from "./types.ts";

/** One BTF, scanned. Use it in a `using` block, and keep only numbers. */
export class Btf implements Disposable {
  readonly #found: Found;
  readonly #wanted: Wanted;
  #types: TypeTable | undefined;
  readonly #members = new Map<string, Member | undefined>();

  private constructor(types: TypeTable, found: Found, wanted: Wanted) {
    this.#types = types;
    this.#found = found;
    this.#wanted = wanted;
  }

  /**
   * Scans once for all that will be asked.
   * @param bytes belong to the Btf from now on, with the whole of the buffer that they are in
   * @throws {BtfError} where they are no BTF of this machine, are cut, or contradict themselves
   */
  static scan(bytes: Uint8Array<ArrayBuffer>, wanted: Wanted): Btf {
    const sections = parseHeader(bytes);
    // Words begin at multiples of 4 of a buffer.
    const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const at = (offset: number): number => whole.byteOffset + offset;
    const words = new Uint32Array(
      whole.buffer,
      at(sections.typesStart),
      sections.typesBytes / 4,
    );
    const strings = new Uint8Array(
      whole.buffer,
      at(sections.stringsStart),
      sections.stringsBytes,
    );
    const found = scanTypes(words, strings, wanted);
    return new Btf(new TypeTable(words, strings, found), found, wanted);
  }

  /** How many types there are. */
  get typeCount(): number {
    return this.#found.typeCount;
  }

  /** Type id of a struct. @throws {RangeError} where it was not among the wanted. */
  structId(name: string): number | undefined {
    if (!this.#wanted.structs.includes(name)) throw unasked("struct", name);
    return this.#found.structs.get(name);
  }

  /** Type id of a function, as attach_btf_id and calls of kernel functions take it. @throws {RangeError} as structId() */
  functionId(name: string): number | undefined {
    if (!this.#wanted.functions.includes(name)) {
      throw unasked("function", name);
    }
    return this.#found.functions.get(name);
  }

  /** Type id of a typedef; `btf_trace_NAME` is what programs on a tracepoint are attached to. @throws {RangeError} as structId() */
  typedefId(name: string): number | undefined {
    if (!this.#wanted.typedefs?.includes(name)) throw unasked("typedef", name);
    return this.#found.typedefs.get(name);
  }

  /** Value of an enumerator. @throws {RangeError} as structId() */
  enumerator(name: string): number | undefined {
    if (!this.#wanted.enumerators?.includes(name)) {
      throw unasked("enumerator", name);
    }
    return this.#found.enumerators.get(name);
  }

  /** Bytes of a struct. @throws {RangeError} as structId(); @throws {Error} once disposed. */
  sizeOf(struct: string): number | undefined {
    const id = this.structId(struct);
    return id === undefined ? undefined : this.#alive().sizeOf(id);
  }

  /**
   * Where a member is, given its dotted path (lookup.ts). A path ends at a pointer: what it points to is another struct.
   * @throws {BtfError} where types go in circles; @throws {RangeError} as structId(); @throws {Error} once disposed.
   */
  member(struct: string, path: string): Member | undefined {
    const id = this.structId(struct);
    if (id === undefined) return undefined;
    const types = this.#alive();
    const key = `${id} ${path}`;
    // Programs of several forms are made of the same members.
    if (!this.#members.has(key)) {
      this.#members.set(key, findMember(types, id, path));
    }
    return this.#members.get(key);
  }

  /** Gives the bytes back; ids stay. */
  [Symbol.dispose](): void {
    const buffer = this.#types?.words.buffer;
    this.#types = undefined;
    this.#members.clear();
    // Left to the garbage collector they would stay until its next full run, which an idle agent may not see for long.
    if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  }

  #alive(): TypeTable {
    if (this.#types === undefined) {
      throw new Error("Cannot look up in a BTF after it was disposed");
    }
    return this.#types;
  }
}

function unasked(what: string, name: string): RangeError {
  return new RangeError(
    `Cannot look up ${what} ${name}: expected one of those that were scanned for`,
  );
}
