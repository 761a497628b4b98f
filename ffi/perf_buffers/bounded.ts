/**
 * Owns the program that reads perf buffers where the kernel has no bpf_loop(): all in one function, whose loops the verifier walks through.
 * In: a writer. Out: instructions. Some records are walked in a run; where there are more, the program asks for the same map again, which
 * costs its reader a read() and gives up what the run had written. A buffer that came round is not searched: its walk goes on at its head.
 * @module
 */
import { writeEntry, writeRecord } from "./entry.ts";
import { VARIABLE } from "./layout.ts";
import { beginMap } from "./program.ts";
import { writeRecordStep, writeWalkEnd } from "./record_walk.ts";
import { type PerfWriter, SPARE, VARIABLES } from "./writer.ts";

/** As many as the verifier walks through. */
export const MOST_BOUNDED_CPUS = 256;
/** Of a map that are looked at, however few CPUs there are: an owner may number its buffers otherwise. */
const LEAST_ENTRIES = 16;
/** Records of one run. */
const MOST_RECORDS = 128;
/** Runs of one pass that walk. */
const MOST_WALKS = 256;

/** Offsets from r10, behind what the emitter has. */
const LEFT = SPARE - 40;
const COUNT = LEFT - 8;
const STATE_POINTER = COUNT - 8;

/** @param cpuCount that there may ever be @throws {Absent} where the kernel lacks what the program reads. */
export function writeBoundedProgram(
  writer: PerfWriter,
  cpuCount: number,
): Uint8Array<ArrayBuffer> {
  const { asm } = writer;
  const mostEntries = Math.max(cpuCount, LEAST_ENTRIES);
  beginMap(writer, mostEntries);
  writer.set(VARIABLE.written, 0);
  asm.store(8, "r10", COUNT, "r8").store(8, "r10", LEFT, 0)
    .label("entry_next")
    .load(8, "r7", "r10", LEFT)
    .jump("r7", ">=", mostEntries, "end")
    .load(8, "r0", "r10", COUNT).jump("r7", ">=", "r0", "end")
    .move("r0", "r7").alu64("r0", "+=", 1).store(8, "r10", LEFT, "r0");
  writeEntry(writer, {
    wrapped: () => asm.jump("r1", "==", 0, "walk_done").goto("bounded_skip"),
    walk: () => asm.goto("bounded_walk"),
  });
  asm.move("r1", "r6");
  writeRecord(writer);
  asm.goto("entry_next");

  asm.label("bounded_walk").store(8, "r10", STATE_POINTER, "r8");
  spend(writer);
  asm.store(8, "r10", LEFT, MOST_RECORDS)
    .label("record_next")
    .load(8, "r1", "r10", LEFT).jump("r1", "==", 0, "record_stop")
    .alu64("r1", "-=", 1).store(8, "r10", LEFT, "r1");
  writeRecordStep(writer);
  asm.label("record_stop").load(8, "r8", "r10", STATE_POINTER);
  writeWalkEnd(writer, "again");
  asm.label("again").move("r0", 1).exit();

  asm.label("bounded_skip");
  spend(writer);
  asm.goto("walk_skip");

  asm.label("past");
  writer.begin();
  writer.set(VARIABLE.budget, MOST_WALKS);
  return asm.label("end").move("r0", 0).exit().assemble();
}

function spend({ asm }: PerfWriter): void {
  asm.load(8, "r1", VARIABLES, VARIABLE.budget).alu64("r1", "-=", 1)
    .store(8, VARIABLES, VARIABLE.budget, "r1");
}
