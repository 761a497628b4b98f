/**
 * Owns what holds what at one pass: processes and pins at the roots, then links, programs, maps and BTF objects. In: a pass and the
 * references that the tables tell. Out: for each object the process that owns it, and whether anything keeps it; on request all
 * holders, pins and references of one. What is worked out for all takes time by the number of objects and references, however
 * many processes hold them.
 * @module
 */
import type { HoldersPass } from "../../workers/links/holders_model.ts";
import type { ObjectType } from "../../workers/protocol.ts";
import type { ObjectKey, Owner } from "./ownership.ts";

/** Numbers of types in a pass: the index here. */
export const TYPES_BY_NUMBER: readonly ObjectType[] = [
  "map",
  "program",
  "link",
  "btf",
];
const TYPE_NUMBERS = new Map(
  TYPES_BY_NUMBER.map((type, number) => [type, number]),
);
const NONE = -1;
const WORDS_OF_HOLD = 3;
const WORDS_OF_REFERENCE = 4;

/** `from` keeps `to` alive. */
export interface Reference {
  readonly from: ObjectKey;
  readonly to: ObjectKey;
}

/** A process that holds an object, and by what. */
export interface Holder {
  readonly owner: Owner;
  /** What it has a descriptor of, where that is another object. */
  readonly through?: ObjectKey;
}

export interface HoldingInput {
  readonly pass: HoldersPass;
  /** The same processes as they are shown, in the pass's order. */
  readonly owners: readonly Owner[];
  /** References that the pass may not have. */
  readonly references: Iterable<Reference>;
  /** Objects that something keeps which no pass can see. */
  readonly unseen: Iterable<ObjectKey>;
}

export class HoldingGraph {
  readonly #owners: readonly Owner[];
  /** Processes by their start. */
  readonly #byStart: readonly number[];
  readonly #nodes = new Map<number, number>();
  readonly #keys: ObjectKey[] = [];
  readonly #refersTo: number[][] = [];
  readonly #referredBy: number[][] = [];
  readonly #heldBy: number[][] = [];
  readonly #pins = new Map<number, string[]>();
  /** By node: process that owns it, the node by which it does; and whether anything at all keeps it. */
  readonly #ownerOf: Int32Array;
  readonly #throughOf: Int32Array;
  readonly #kept: Uint8Array;

  constructor({ pass, owners, references, unseen }: HoldingInput) {
    this.#owners = owners;
    this.#byStart = owners.map((_, i) => i).sort((a, b) =>
      owners[a].startedAtMs - owners[b].startedAtMs ||
      owners[a].pid - owners[b].pid
    );
    this.#addReferences(pass, references);
    const holdings = this.#addHolds(pass);
    if (typeof pass.pins !== "string") {
      for (const pin of pass.pins) {
        const node = this.#node(pin);
        const paths = this.#pins.get(node);
        if (paths === undefined) this.#pins.set(node, [pin.path]);
        else paths.push(pin.path);
      }
    }
    const roots = Array.from(unseen, (key) => this.#node(key));
    this.#ownerOf = new Int32Array(this.#keys.length).fill(NONE);
    this.#throughOf = new Int32Array(this.#keys.length).fill(NONE);
    this.#kept = new Uint8Array(this.#keys.length);
    this.#findOwners(holdings);
    for (const node of [...this.#pins.keys(), ...roots]) this.#keep(node);
  }

  /** The process that owns an object; undefined where none holds it. */
  ownerOf(key: ObjectKey): Holder | undefined {
    const node = this.#find(key);
    if (node === undefined || this.#ownerOf[node] === NONE) return undefined;
    return this.#holder(this.#ownerOf[node], node, this.#throughOf[node]);
  }

  /** Whether a process, a pin or something unseen keeps an object, directly or through others. */
  isKept(key: ObjectKey): boolean {
    const node = this.#find(key);
    return node !== undefined && this.#kept[node] === 1;
  }

  isPinned(key: ObjectKey): boolean {
    const node = this.#find(key);
    return node !== undefined && this.#pins.has(node);
  }

  /** Whether a pin keeps it, or something that refers to it. */
  isPinnedAbove(key: ObjectKey): boolean {
    const node = this.#find(key);
    return node !== undefined &&
      this.#above(node).some((above) => this.#pins.has(above));
  }

  /** Paths in their order. */
  pinsOf(key: ObjectKey): string[] {
    const node = this.#find(key);
    return [...(node === undefined ? [] : this.#pins.get(node) ?? [])].sort();
  }

  /** All processes that hold an object: by descriptor first, then through others; each once, the oldest first. */
  holdersOf(key: ObjectKey): { direct: Holder[]; indirect: Holder[] } {
    const node = this.#find(key);
    const through = new Map<number, number>();
    for (const above of node === undefined ? [] : this.#above(node)) {
      for (const process of this.#heldBy[above]) {
        if (!through.has(process)) through.set(process, above);
      }
    }
    const direct: Holder[] = [];
    const indirect: Holder[] = [];
    for (const process of this.#byStart) {
      const by = through.get(process);
      if (by === undefined || node === undefined) continue;
      (by === node ? direct : indirect).push(this.#holder(process, node, by));
    }
    return { direct, indirect };
  }

  /** What keeps an object alive by referring to it. */
  referredBy(key: ObjectKey): ObjectKey[] {
    return this.#keysOf(this.#referredBy, key);
  }

  /** What an object keeps alive by referring to it. */
  refersTo(key: ObjectKey): ObjectKey[] {
    return this.#keysOf(this.#refersTo, key);
  }

  /** Objects that the processes chosen hold, directly or through others. */
  heldBy(isChosen: (owner: Owner) => boolean): (key: ObjectKey) => boolean {
    const chosen = this.#owners.map(isChosen);
    const found = new Uint8Array(this.#keys.length);
    this.#heldBy.forEach((processes, node) => {
      if (found[node] === 0 && processes.some((process) => chosen[process])) {
        this.#spread(node, found);
      }
    });
    return (key) => {
      const node = this.#find(key);
      return node !== undefined && found[node] === 1;
    };
  }

  #addReferences(pass: HoldersPass, told: Iterable<Reference>): void {
    const seen = new Set<string>();
    const add = (from: number, to: number): void => {
      const pair = `${from} ${to}`;
      if (from === to || seen.has(pair)) return;
      seen.add(pair);
      this.#refersTo[from].push(to);
      this.#referredBy[to].push(from);
    };
    const { references } = pass;
    for (
      let i = 0;
      i + WORDS_OF_REFERENCE <= references.length;
      i += WORDS_OF_REFERENCE
    ) {
      const from = keyOf(references[i], references[i + 1]);
      const to = keyOf(references[i + 2], references[i + 3]);
      if (from === undefined || to === undefined) continue;
      add(this.#node(from), this.#node(to));
    }
    for (const { from, to } of told) add(this.#node(from), this.#node(to));
  }

  /** Returns the nodes that each process holds by descriptor. */
  #addHolds({ holds }: HoldersPass): number[][] {
    const holdings: number[][] = this.#owners.map(() => []);
    for (let i = 0; i + WORDS_OF_HOLD <= holds.length; i += WORDS_OF_HOLD) {
      const key = keyOf(holds[i + 1], holds[i + 2]);
      if (key === undefined || holdings[holds[i]] === undefined) continue;
      const node = this.#node(key);
      holdings[holds[i]].push(node);
      this.#heldBy[node].push(holds[i]);
    }
    return holdings;
  }

  /** The oldest process first: what it reaches is its own, and nobody needs to go there again. */
  #findOwners(holdings: readonly number[][]): void {
    for (const process of this.#byStart) {
      for (const node of holdings[process]) {
        if (this.#ownerOf[node] !== NONE) continue;
        this.#ownerOf[node] = process;
        this.#throughOf[node] = node;
      }
    }
    for (const process of this.#byStart) {
      for (const node of holdings[process]) {
        this.#spread(node, this.#kept, (reached) => {
          if (this.#ownerOf[reached] !== NONE) return;
          this.#ownerOf[reached] = process;
          this.#throughOf[reached] = node;
        });
      }
    }
  }

  #keep(node: number): void {
    this.#spread(node, this.#kept);
  }

  /** Marks a node and all below it; those that are marked already are left as they are, with all below them. */
  #spread(
    from: number,
    marks: Uint8Array,
    reach: (node: number) => void = () => {},
  ): void {
    if (marks[from] === 1) return;
    marks[from] = 1;
    const open = [from];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      reach(node);
      for (const next of this.#refersTo[node]) {
        if (marks[next] === 1) continue;
        marks[next] = 1;
        open.push(next);
      }
    }
  }

  /** A node and all that refer to it, the nearest first. */
  #above(node: number): number[] {
    const found = [node];
    const seen = new Set(found);
    for (const next of found) {
      for (const above of this.#referredBy[next]) {
        if (seen.has(above)) continue;
        seen.add(above);
        found.push(above);
      }
    }
    return found;
  }

  #holder(process: number, node: number, by: number): Holder {
    const owner = this.#owners[process];
    return by === node ? { owner } : { owner, through: this.#keys[by] };
  }

  #keysOf(edges: readonly number[][], key: ObjectKey): ObjectKey[] {
    const node = this.#find(key);
    const keys = node === undefined
      ? []
      : edges[node].map((other) => this.#keys[other]);
    return keys.sort((a, b) => numberOf(a) - numberOf(b));
  }

  #find(key: ObjectKey): number | undefined {
    return this.#nodes.get(numberOf(key));
  }

  #node(key: ObjectKey): number {
    const known = this.#find(key);
    if (known !== undefined) return known;
    const node = this.#keys.length;
    this.#nodes.set(numberOf(key), node);
    this.#keys.push({ type: key.type, id: key.id });
    this.#refersTo.push([]);
    this.#referredBy.push([]);
    this.#heldBy.push([]);
    return node;
  }
}

function keyOf(typeNumber: number, id: number): ObjectKey | undefined {
  const type = TYPES_BY_NUMBER[typeNumber];
  return type === undefined ? undefined : { type, id };
}

/** A number for each object: an id is a u32. */
function numberOf({ type, id }: ObjectKey): number {
  return (TYPE_NUMBERS.get(type) ?? 0) * 2 ** 32 + id;
}
