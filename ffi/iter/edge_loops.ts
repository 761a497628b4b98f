/**
 * Owns the parts of programs that follow many references of one object: arrays of pointers, and chains of hash tables. In: where they
 * begin, and the way from an element to an id. Out: parts. Where the kernel has loops of its own (since 6.4) they go on to
 * MOST_ELEMENTS, else the verifier must see an end, and it is FEW_ELEMENTS; what is beyond is said to be unfollowed.
 * Source: kernel/bpf/bpf_iter.c bpf_iter_num_new(), kernel/bpf/arraymap.c, kernel/bpf/hashtab.c.
 * @module
 */
import { Absent, OBJECT, widthOf } from "./emitter.ts";
import type { EdgePart, EdgeWriter } from "./edges.ts";
import type { HeldType } from "./holder_records.ts";
import type { Step, Way } from "./table.ts";

const MOST_ELEMENTS = 131_072;
const FEW_ELEMENTS = 512;
/** No chain is as long where keys are spread. */
const MOST_IN_CHAIN = 1_024;

/** What the kernel's own loops take. */
export const LOOP_FUNCTIONS = {
  begin: "bpf_iter_num_new",
  next: "bpf_iter_num_next",
  end: "bpf_iter_num_destroy",
} as const;

/** Where an array of pointers is, and how long. */
export interface PointerArray {
  /** To a pointer to its first element. */
  readonly at?: readonly Way[];
  /** A member of the object that is its first element. */
  readonly within?: Way;
  readonly count: readonly Way[];
}

/** An array of pointers, each to something from which `element` leads to an id; pointers may be 0. */
export function eachPointer(
  name: string,
  array: PointerArray,
  element: Way,
  to: HeldType,
  more: Pick<EdgePart, "when" | "orNone"> = {},
): EdgePart {
  return {
    name,
    ...more,
    write(writer) {
      const { emit, asm } = writer;
      const [many, end] = [emit.fresh(), emit.fresh()];
      const loops = hasLoops(writer);
      const most = loops ? MOST_ELEMENTS : FEW_ELEMENTS;
      leaveCount(writer, array.count);
      asm.jump("r0", "<", 1, end).jump("r0", ">", most, many)
        .move("r9", "r0");
      leaveStart(writer, array);
      const visit = () => {
        const skip = emit.fresh();
        emit.peek(8, 0);
        asm.jump("r0", "==", 0, skip);
        leaveId(writer, element);
        writer.to(to);
        asm.label(skip);
      };
      if (loops) {
        asm.store(8, "r10", writer.kept.value, "r9");
        writer.markRoom();
        asm.load(8, "r3", "r10", writer.kept.value);
        loop(writer, writer.kept.outer, many, ({ full }) => {
          asm.alu64("r1", "<<=", 3).alu64("r1", "+=", "r8");
          visit();
          writer.ifFull(full);
        });
      } else {
        const again = emit.fresh();
        asm.label(again).move("r1", "r8");
        visit();
        asm.alu64("r8", "+=", 8).alu64("r9", "-=", 1)
          .jump("r9", ">", 0, again);
      }
      asm.goto(end).label(many);
      writer.unfollowed(to);
      asm.label(end);
    },
  };
}

/** A hash table whose buckets are chains. */
export interface Chains {
  /** To a pointer to the first bucket. */
  readonly buckets: Way;
  /** Begins with the pointer to its chain. */
  readonly bucket: string;
  readonly count: Way;
  /** Member of an element that points to the next one's. */
  readonly node: Step;
  /** Leaves at `kept.value` what `id` needs. */
  before?(writer: EdgeWriter): void;
  /** Leaves in r0 an id, of the element whose address is in r1. */
  id(writer: EdgeWriter): void;
}

/** The elements of a hash table. */
export function eachOfChains(
  name: string,
  chains: Chains,
  to: HeldType,
  when: number,
): EdgePart {
  return {
    name,
    when,
    write(writer) {
      const { emit, asm, kept, btf } = writer;
      if (!hasLoops(writer)) {
        throw new Absent(`this kernel has no ${LOOP_FUNCTIONS.begin}()`);
      }
      const bucketBytes = btf.sizeOf(chains.bucket);
      if (bucketBytes === undefined) {
        throw new Absent(`this kernel has no ${chains.bucket}`);
      }
      const [many, end] = [emit.fresh(), emit.fresh()];
      chains.before?.(writer);
      emit.address(chains.buckets);
      asm.move("r8", "r0");
      writer.markRoom();
      emit.value(chains.count);
      asm.jump("r0", ">", MOST_ELEMENTS, many).move("r3", "r0");
      loop(writer, kept.outer, many, ({ full }) => {
        asm.alu64("r1", "*=", bucketBytes).alu64("r1", "+=", "r8");
        emit.peek(8, 0);
        asm.store(8, "r10", kept.node, "r0").move("r3", MOST_IN_CHAIN);
        followChain(writer, chains, to, full);
      });
      asm.goto(end).label(many);
      writer.unfollowed(to);
      asm.label(end);
    },
  };
}

/** Follows the chain that begins at `kept.node`, r3 elements at most; goes to `outerFull` where there is no room. */
function followChain(
  writer: EdgeWriter,
  { node, id }: Chains,
  to: HeldType,
  outerFull: string,
): void {
  const { emit, asm, kept } = writer;
  const { offset } = emit.place(node);
  loop(writer, kept.inner, outerFull, ({ full, leave }) => {
    asm.load(8, "r1", "r10", kept.node)
      // A chain ends with 0, or with a number that is odd.
      .move("r2", "r1").alu64("r2", "&=", 1)
      .jump("r2", "!=", 0, leave).jump("r1", "==", 0, leave);
    if (offset !== 0) asm.alu64("r1", "-=", offset);
    id(writer);
    writer.to(to);
    asm.load(8, "r1", "r10", kept.node);
    emit.peek(8, 0);
    asm.store(8, "r10", kept.node, "r0");
    writer.ifFull(full);
  });
}

function hasLoops({ btf }: EdgeWriter): boolean {
  return Object.values(LOOP_FUNCTIONS).every((name) =>
    btf.functionId(name) !== undefined
  );
}

/** Ways out of a loop before its end. */
interface Ways {
  /** Goes on at `whenFull`. */
  readonly full: string;
  /** Goes on behind the loop. */
  readonly leave: string;
}

/** Runs `turn` with 0, 1, … in r1, as many times as r3 says. @param slot offset from r10 of 8 bytes */
function loop(
  { emit, asm, btf }: EdgeWriter,
  slot: number,
  whenFull: string,
  turn: (ways: Ways) => void,
): void {
  const [again, full, leave] = [emit.fresh(), emit.fresh(), emit.fresh()];
  const call = (name: string) => {
    asm.move("r1", "r10").alu64("r1", "+=", slot)
      .callKernelFunction(btf.functionId(name) ?? 0);
  };
  asm.move("r2", 0);
  call(LOOP_FUNCTIONS.begin);
  asm.label(again);
  call(LOOP_FUNCTIONS.next);
  asm.jump("r0", "==", 0, leave).load(4, "r1", "r0", 0);
  turn({ full, leave });
  asm.goto(again).label(full);
  call(LOOP_FUNCTIONS.end);
  asm.goto(whenFull).label(leave);
  call(LOOP_FUNCTIONS.end);
}

/** In r0. */
function leaveCount({ emit }: EdgeWriter, counts: readonly Way[]): void {
  emit.value(counts.find((one) => emit.has(one)) ?? counts[0]);
}

/** In r8, as a number. */
function leaveStart(
  { emit, asm }: EdgeWriter,
  { at, within }: PointerArray,
): void {
  if (at !== undefined) {
    emit.address(at.find((one) => emit.has(one)) ?? at[0]);
    asm.move("r8", "r0");
    return;
  }
  if (within === undefined) throw new Absent("there is no array");
  const { offset } = emit.place(within[0]);
  // The object's own address as a number: the verifier would follow each sum with the pointer that it has for it.
  asm.store(8, "r10", emit.scratch, OBJECT);
  asm.move("r1", "r10").alu64("r1", "+=", emit.scratch);
  emit.peek(8, 0);
  asm.move("r8", "r0").alu64("r8", "+=", offset);
}

/** In r0, from the pointer in r0, by numbers alone. */
export function leaveId({ emit, asm }: EdgeWriter, way: Way): void {
  way.forEach((step: Step, i) => {
    const { offset, size } = emit.place(step);
    asm.move("r1", "r0");
    emit.peek(i === way.length - 1 ? widthOf(size) : 8, offset);
  });
}
