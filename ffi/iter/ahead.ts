/**
 * Owns the touching of objects before an iteration comes to them. In: an emitter, members, a map for where the objects are. Out:
 * instructions that wait for the memory of many objects at once.
 *
 * After a pause nothing of an object is in the processor's caches, and the kernel's own iteration waits for one object after the
 * other: it counts a reference of each, which no processor does out of order. A program that loads from the next objects, all at
 * once, waits for them together: passes over thousands of objects take a quarter to a third less. Where objects are is known from
 * the pass before. That is a hint and nothing more: what is loaded is thrown away, and a load from what is gone reads 0.
 * Source: kernel/bpf/bpf_iter.c bpf_seq_read(), kernel/bpf/syscall.c bpf_map_get_curr_or_next().
 * @module
 */
import { createMap } from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import { type Emitter, OBJECT } from "./emitter.ts";
import type { Step, Way } from "./table.ts";

/** As many as a processor may wait for at once. */
const AT_ONCE = 16;
/** Objects by their place in a pass, a power of 2. Those behind share places, and are not waited for together. */
const PLACES = 16_384;
const POINTER_BYTES = 8;
/** The most that is kept of an object: where it is, and where a part of it is that lies apart. */
const MOST_POINTERS = 2;
const PLACE_BYTES = MOST_POINTERS * POINTER_BYTES;
/** Of the one element of the map. */
export const AHEAD_BYTES = (PLACES + AT_ONCE) * PLACE_BYTES;

/** Without it nobody knows an object's place. */
const PLACE: Step = ["bpf_iter_meta", "seq_num"];

/** Where objects of one kind are: kernel addresses, in a map that no descriptor leads to once the programs are loaded. */
export class AheadMap implements Disposable {
  readonly #kernel: KernelPort;
  /** Absent where programs cannot use it, or it cannot be made. Needed until they are loaded. */
  readonly mapFd?: number;
  /** The agent's own. */
  readonly mapIds: readonly number[] = [];

  constructor(kernel: KernelPort, btf: Btf) {
    this.#kernel = kernel;
    // Numbers are followed as pointers by it alone, since 6.2; a call for each load would cost more than it saves.
    if (btf.functionId("bpf_rdonly_cast") === undefined) return;
    const fd = createMap(kernel, {
      type: MAP_TYPES.indexOf("array"),
      keyBytes: 4,
      valueBytes: AHEAD_BYTES,
      maxEntries: 1,
      name: "bpfpulse_ahead",
    });
    if (fd < 0) return;
    this.mapFd = fd;
    this.mapIds = [objectId(kernel, fd)];
  }

  [Symbol.dispose](): void {
    if (this.mapFd !== undefined) this.#kernel.close(this.mapFd);
  }
}

/** What the last steps of ways are members of, which is what is kept: by the steps that lead there. */
interface Kept {
  readonly to: Way;
  readonly members: Step[];
}

/**
 * Keeps where the present object is and, at every AT_ONCE-th, loads what `ways` of the next ones lead to; ways that this kernel
 * lacks are left out, and so is everything where it numbers no objects. No load follows what another one found in an object that may be
 * gone, where anything may be by now: what lies apart is kept by an address of its own. Jumps to `end` where there is nothing to do.
 * r6 holds the context; r7, r8 and r9 are lost.
 */
export function touchAhead(
  emit: Emitter,
  mapFd: number,
  { object: [struct], meta, ways, end }: {
    /** Member of the context that is the object, after the struct that it points to. */
    readonly object: Step;
    readonly meta: Step;
    readonly ways: readonly Way[];
    readonly end: string;
  },
): void {
  if (!emit.has([PLACE])) return;
  const kept = whatIsKept(ways.filter((way) => emit.has(way)));
  const { asm } = emit;
  asm.load(8, "r1", "r6", emit.place(meta).offset)
    .load(8, "r8", "r1", emit.place(PLACE).offset)
    .mapValue("r9", mapFd, 0);
  kept.forEach(({ to }, i) => {
    if (to.length === 0) asm.move("r0", OBJECT);
    else emit.value(to);
    asm.move("r1", "r8")
      .alu64("r1", "&=", PLACES - 1)
      .alu64("r1", "<<=", Math.log2(PLACE_BYTES))
      .move("r2", "r9")
      .alu64("r2", "+=", "r1")
      .store(8, "r2", i * POINTER_BYTES, "r0");
  });
  asm.move("r1", "r8")
    .alu64("r1", "&=", AT_ONCE - 1)
    .jump("r1", "!=", 0, end)
    .alu64("r8", "+=", AT_ONCE)
    .alu64("r8", "&=", PLACES - 1)
    .alu64("r8", "<<=", Math.log2(PLACE_BYTES))
    .alu64("r9", "+=", "r8");
  for (let place = 0; place < AT_ONCE; place++) {
    kept.forEach(({ to, members }, i) => {
      asm.load(8, "r1", "r9", place * PLACE_BYTES + i * POINTER_BYTES);
      if (to.length === 0) {
        emit.view(struct);
        asm.move(OBJECT, "r0");
        // As a number, to which value() gives the type of a part.
      } else asm.move(OBJECT, "r1");
      for (const member of members) emit.value([member]);
    });
  }
}

/** @throws {Error} for a table that has more apart than a place has room for */
function whatIsKept(ways: readonly Way[]): Kept[] {
  const kept: Kept[] = [];
  for (const way of ways) {
    const to = way.slice(0, -1);
    const key = JSON.stringify(to);
    let one = kept.find((other) => JSON.stringify(other.to) === key);
    if (one === undefined) kept.push(one = { to, members: [] });
    one.members.push(way[way.length - 1]);
  }
  if (kept.length > MOST_POINTERS) {
    throw new Error(
      `Cannot touch ahead: expected at most ${MOST_POINTERS} pointers an object, found ${kept.length}`,
    );
  }
  return kept;
}
