/**
 * Owns the sums over all CPUs. In: an emitter, members of a per-CPU struct, where each CPU's memory begins. Out: instructions that
 * leave each member's sum on the stack. CPU by CPU all members are read, for they are close to each other there. r8 and r9 are theirs.
 * Source: kernel/bpf/syscall.c bpf_prog_get_stats().
 * @module
 */
import { Absent, type Emitter, SCRATCH_BYTES } from "./emitter.ts";
import type { PerCpu } from "./per_cpu.ts";
import type { Step, Way } from "./table.ts";

/** A u64 of the per-CPU struct, and the offset from r10 of its sum. */
export interface Summand {
  readonly member: Step;
  readonly at: number;
}

/** @param ways to the per-CPU pointer, of which the first that this kernel has is taken @throws {Absent} */
export function writeSums(
  emit: Emitter,
  summands: readonly Summand[],
  ways: readonly Way[],
  { bases, mapFd }: PerCpu,
): void {
  if (bases.length === 0) {
    throw new Absent("where the memory of each CPU begins is not known");
  }
  const { asm } = emit;
  const [struct] = summands[0].member;
  const places = summands.map(({ member, at }) => ({
    offset: emit.place(member).offset,
    at,
  }));
  emit.address(ways.find((one) => emit.has(one)) ?? ways[0]);
  asm.move("r8", "r0");
  for (const { at } of places) asm.store(8, "r10", at, 0);
  if (mapFd === undefined) {
    for (const base of bases) {
      asm.immediate64("r1", base).alu64("r1", "+=", "r8");
      addMembers(emit, struct, places);
    }
    return;
  }
  const again = emit.fresh();
  asm.move("r9", 0).label(again)
    .mapValue("r1", mapFd, 0)
    .move("r2", "r9").alu64("r2", "<<=", 3).alu64("r1", "+=", "r2")
    .load(8, "r1", "r1", 0).alu64("r1", "+=", "r8");
  addMembers(emit, struct, places);
  asm.alu64("r9", "+=", 1).jump("r9", "!=", bases.length, again);
}

/** Adds the members of the struct at the number in r1. */
function addMembers(
  emit: Emitter,
  struct: string,
  places: readonly { readonly offset: number; readonly at: number }[],
): void {
  const { asm } = emit;
  const offsets = places.map(({ offset }) => offset);
  const first = Math.min(...offsets);
  const bytes = Math.max(...offsets) + 8 - first;
  if (bytes > SCRATCH_BYTES) {
    throw new Absent(`the counters of ${struct} are ${bytes} bytes apart`);
  }
  const typed = emit.view(struct);
  // One call for all, where a call it is.
  if (!typed) emit.fill(first, bytes);
  for (const { offset, at } of places) {
    if (typed) asm.load(8, "r1", "r0", offset);
    else asm.load(8, "r1", "r10", emit.scratch + offset - first);
    asm.load(8, "r2", "r10", at).alu64("r1", "+=", "r2")
      .store(8, "r10", at, "r1");
  }
}
