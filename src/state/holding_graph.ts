/**
 * Owns what holds what at one look: processes and pins at the roots, then links, programs, maps and BTF objects. In: a pass and the
 * references that the tables tell. Out: for each object the process that owns it, and whether anything keeps it; on request all
 * holders, pins and references of one. What is worked out for all takes time by the number of objects and references, however
 * many processes hold them.
 * @module
 */
import type { HoldersPass } from "../../workers/links/holders_model.ts";
import type { ObjectType } from "../../workers/protocol.ts";
import { Adjacency, spread } from "./adjacency.ts";
import { ObjectNodes, TYPES_BY_NUMBER } from "./object_nodes.ts";
import type { ObjectKey, Owner } from "./ownership.ts";

const NONE = -1;
const WORDS_OF_HOLD = 3;
const WORDS_OF_REFERENCE = 4;

/** A process that holds an object, and by what. */
export interface Holder {
  readonly owner: Owner;
  /** What it has a descriptor of, where that is another object. */
  readonly through?: ObjectKey;
}

/** Two objects, the first of which keeps the second alive. */
export type Refer = (
  fromType: ObjectType,
  fromId: number,
  toType: ObjectType,
  toId: number,
) => void;

export interface HoldingInput {
  readonly pass: HoldersPass;
  /** The processes of the pass as they are shown, in its order. */
  readonly owners: readonly Owner[];
  /** Of the tables, by type number, ascending. */
  readonly ids: readonly Uint32Array[];
  /** Tells references that the pass may not have. */
  tellReferences(refer: Refer): void;
  /** Tells objects that something keeps which no pass can see. */
  tellUnseen(keep: (type: ObjectType, id: number) => void): void;
}

export class HoldingGraph {
  readonly #owners: readonly Owner[];
  readonly #nodes: ObjectNodes;
  readonly #refersTo: Adjacency;
  readonly #referredBy: Adjacency;
  /** Objects by process. */
  readonly #holds: Adjacency;
  /** Processes by object. */
  readonly #heldBy: Adjacency;
  readonly #pins = new Map<number, string[]>();
  /** Processes by their start. */
  readonly #byStart: readonly number[];
  /** By node: the process that owns it, and the node by which it does. */
  readonly #ownerOf: Int32Array;
  readonly #throughOf: Int32Array;
  readonly #kept: Uint8Array;
  readonly #stack: Uint32Array;

  constructor(input: HoldingInput) {
    const { pass, owners } = input;
    const nodes = new ObjectNodes(input.ids);
    this.#owners = owners;
    this.#nodes = nodes;
    this.#byStart = owners.map((_, i) => i).sort((a, b) =>
      owners[a].startedAtMs - owners[b].startedAtMs ||
      owners[a].pid - owners[b].pid
    );
    const references = edgesOf(input, nodes);
    const holds = holdsOf(pass, owners.length, nodes);
    for (const { type, id, path } of pinsOf(pass)) {
      const node = nodes.name(numberOf(type), id);
      const paths = this.#pins.get(node);
      if (paths === undefined) this.#pins.set(node, [path]);
      else paths.push(path);
    }
    const roots: number[] = [...this.#pins.keys()];
    input.tellUnseen((type, id) => roots.push(nodes.name(numberOf(type), id)));
    const { size } = nodes;
    this.#refersTo = new Adjacency(size, references.from, references.to);
    this.#referredBy = new Adjacency(size, references.to, references.from);
    this.#heldBy = new Adjacency(size, holds.nodes, holds.processes);
    this.#ownerOf = new Int32Array(size).fill(NONE);
    this.#throughOf = new Int32Array(size).fill(NONE);
    this.#kept = new Uint8Array(size);
    this.#stack = new Uint32Array(size);
    this.#holds = new Adjacency(owners.length, holds.processes, holds.nodes);
    this.#findOwners(this.#holds);
    for (const node of roots) {
      spread(node, this.#refersTo, this.#kept, this.#stack);
    }
  }

  /** The number of a table's row, which the questions about one object take. */
  nodeOfRow(type: ObjectType, row: number): number {
    return this.#nodes.ofRow(numberOf(type), row);
  }

  /** -1 for one that is not in the tables and that the pass does not name. */
  nodeOf(key: ObjectKey): number {
    return this.#nodes.findKey(key);
  }

  /** The process that owns an object; undefined where none holds it. */
  ownerOf(node: number): Owner | undefined {
    return this.#owners[this.#ownerOf[node]];
  }

  /** What the owner has a descriptor of, where that is another object. */
  throughOf(node: number): ObjectKey | undefined {
    const through = this.#throughOf[node];
    return through === undefined || through === NONE || through === node
      ? undefined
      : this.#nodes.keyOf(through);
  }

  /** Whether a process, a pin or something unseen keeps an object, directly or through others. */
  isKept(node: number): boolean {
    return this.#kept[node] === 1;
  }

  /** Names of objects in all bpffs. */
  get pinCount(): number {
    let count = 0;
    for (const paths of this.#pins.values()) count += paths.length;
    return count;
  }

  /** References between objects. */
  get referenceCount(): number {
    return this.#refersTo.edgeCount;
  }

  isPinned(node: number): boolean {
    return this.#pins.has(node);
  }

  isReferredTo(node: number): boolean {
    return this.#referredBy.of(node).length > 0;
  }

  /** Whether a pin keeps it, or something that refers to it. */
  isPinnedAbove(key: ObjectKey): boolean {
    return this.#pins.size > 0 &&
      this.#above(this.nodeOf(key)).some((above) => this.#pins.has(above));
  }

  /** Paths in their order. */
  pinsOf(key: ObjectKey): string[] {
    return [...this.#pins.get(this.nodeOf(key)) ?? []].sort();
  }

  /** All processes that hold an object: by descriptor first, then through others; each once, the oldest first. */
  holdersOf(key: ObjectKey): { direct: Holder[]; indirect: Holder[] } {
    const node = this.nodeOf(key);
    const through = new Map<number, number>();
    for (const above of this.#above(node)) {
      for (const process of this.#heldBy.of(above)) {
        if (!through.has(process)) through.set(process, above);
      }
    }
    const direct: Holder[] = [];
    const indirect: Holder[] = [];
    for (const process of this.#byStart) {
      const by = through.get(process);
      if (by === undefined) continue;
      const owner = this.#owners[process];
      if (by === node) direct.push({ owner });
      else indirect.push({ owner, through: this.#nodes.keyOf(by) });
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
    const found = new Uint8Array(this.#nodes.size);
    for (let node = 0; node < found.length; node++) {
      if (this.#heldBy.of(node).some((process) => chosen[process])) {
        spread(node, this.#refersTo, found, this.#stack);
      }
    }
    return (key) => found[this.nodeOf(key)] === 1;
  }

  /** By group of processes (their numbers in the pass) all objects that they hold, directly or through others; each once. */
  reachedBy(groups: Iterable<readonly number[]>): ObjectKey[][] {
    const marks = new Uint8Array(this.#nodes.size);
    return Array.from(groups, (processes) => {
      const reached: number[] = [];
      for (const process of processes) {
        for (const node of this.#holds.of(process)) {
          spread(node, this.#refersTo, marks, this.#stack, (one) => {
            reached.push(one);
          });
        }
      }
      for (const node of reached) marks[node] = 0;
      return reached.map((node) => this.#nodes.keyOf(node));
    });
  }

  /** The oldest process first: what it reaches is its own, and nobody needs to go there again. */
  #findOwners(holdings: Adjacency): void {
    const owners = this.#ownerOf;
    const throughs = this.#throughOf;
    for (const process of this.#byStart) {
      for (const node of holdings.of(process)) {
        if (owners[node] !== NONE) continue;
        owners[node] = process;
        throughs[node] = node;
      }
    }
    for (const process of this.#byStart) {
      for (const node of holdings.of(process)) {
        spread(node, this.#refersTo, this.#kept, this.#stack, (reached) => {
          if (owners[reached] !== NONE) return;
          owners[reached] = process;
          throughs[reached] = node;
        });
      }
    }
  }

  /** A node and all that refer to it, the nearest first. */
  #above(node: number): number[] {
    if (node === NONE) return [];
    const found = [node];
    const seen = new Set(found);
    for (const next of found) {
      for (const above of this.#referredBy.of(next)) {
        if (seen.has(above)) continue;
        seen.add(above);
        found.push(above);
      }
    }
    return found;
  }

  /** Each once, by type and id. */
  #keysOf(edges: Adjacency, key: ObjectKey): ObjectKey[] {
    const node = this.nodeOf(key);
    if (node === NONE) return [];
    return [...new Set(edges.of(node))].map((other) => this.#nodes.keyOf(other))
      .sort((a, b) => numberOf(a.type) - numberOf(b.type) || a.id - b.id);
  }
}

/** Edges of references, those that lead to themselves left out. */
function edgesOf(
  { pass: { references }, tellReferences }: HoldingInput,
  nodes: ObjectNodes,
): { from: number[]; to: number[] } {
  const from: number[] = [];
  const to: number[] = [];
  function add(a: number, b: number): void {
    if (a === b || a === NONE || b === NONE) return;
    from.push(a);
    to.push(b);
  }
  const end = references.length - WORDS_OF_REFERENCE;
  for (let i = 0; i <= end; i += WORDS_OF_REFERENCE) {
    add(
      nodes.name(references[i], references[i + 1]),
      nodes.name(references[i + 2], references[i + 3]),
    );
  }
  tellReferences((fromType, fromId, toType, toId) =>
    add(
      nodes.name(numberOf(fromType), fromId),
      nodes.name(numberOf(toType), toId),
    )
  );
  return { from, to };
}

function holdsOf(
  { holds }: HoldersPass,
  processCount: number,
  nodes: ObjectNodes,
): { processes: number[]; nodes: number[] } {
  const processes: number[] = [];
  const held: number[] = [];
  const end = holds.length - WORDS_OF_HOLD;
  for (let i = 0; i <= end; i += WORDS_OF_HOLD) {
    const node = nodes.name(holds[i + 1], holds[i + 2]);
    if (node === NONE || holds[i] >= processCount) continue;
    processes.push(holds[i]);
    held.push(node);
  }
  return { processes, nodes: held };
}

function pinsOf({ pins }: HoldersPass): Exclude<HoldersPass["pins"], string> {
  return typeof pins === "string" ? [] : pins;
}

function numberOf(type: ObjectType): number {
  return TYPES_BY_NUMBER.indexOf(type);
}
