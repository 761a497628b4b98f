/**
 * Owns the walk over a perf buffer's records as instructions: a function that looks at one record, for bpf_loop(), and what is done
 * about what it found. In: a writer; the variables `at`, `end`, `isTrying`. Out: instructions. Headers are 8-aligned, so none straddles two
 * pages, but records do. An owner can write its positions, and no data: what is no header was overwritten meanwhile, and ends the walk.
 * Source: kernel/events/ring_buffer.c __perf_output_begin(), include/uapi/linux/perf_event.h.
 * @module
 */
import { STATE, VARIABLE } from "./layout.ts";
import { type PerfWriter, VARIABLES } from "./writer.ts";

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
/** Types are numbered from 1 on; 6.18 has 22 of them. */
const HIGHEST_TYPE = 63;
const HEADER_BYTES = 8;
/** Behind its header and the event's id. */
const LOST_OFFSET = 16;

export const RECORD_FUNCTION = { name: "record", argumentCount: 2 };

/** One record at `at`. 1 ends the loop. */
export function writeRecordFunction(writer: PerfWriter): void {
  const { asm } = writer;
  asm.label(RECORD_FUNCTION.name);
  writer.begin();
  writeRecordStep(writer);
  asm.label("record_next").move("r0", 0).exit()
    .label("record_stop").move("r0", 1).exit();
}

/** Looks at the record at `at`; goes to record_next, or to record_stop where there is no other. r6 to r8 are its own. */
export function writeRecordStep(writer: PerfWriter): void {
  const { asm } = writer;
  writer.get("r6", VARIABLE.at);
  writer.get("r7", VARIABLE.end);
  asm.jump("r6", ">=", "r7", "record_stop")
    .move("r8", "r6");
  readAt(writer);
  asm.move("r8", "r0").alu64("r8", ">>=", 48)
    .alu32("r0", "=", "r0")
    .jump("r8", "<", HEADER_BYTES, "record_bad")
    .move("r1", "r8").alu64("r1", "&=", 7)
    .jump("r1", "!=", 0, "record_bad")
    .alu64("r7", "-=", "r6")
    .jump("r8", ">", "r7", "record_bad")
    .jump("r0", "==", 0, "record_bad")
    .jump("r0", ">", HIGHEST_TYPE, "record_bad")
    .alu64("r8", "+=", "r6");
  if (!writer.isLostExact) {
    asm.jump("r0", "!=", PERF_RECORD_LOST, "record_other")
      .store(8, VARIABLES, VARIABLE.at, "r8")
      .move("r8", "r6").alu64("r8", "+=", LOST_OFFSET);
    readAt(writer);
    writer.add(VARIABLES, VARIABLE.lost);
    asm.goto("record_next").label("record_other");
  }
  writer.set(VARIABLE.at, "r8");
  asm.jump("r0", "!=", PERF_RECORD_SAMPLE, "record_next");
  asm.move("r0", 1);
  writer.add(VARIABLES, VARIABLE.samples);
  asm.goto("record_next").label("record_bad");
  writer.get("r1", VARIABLE.isTrying);
  asm.jump("r1", "==", 0, "record_broken")
    // The chain begins at the next place where one may.
    .alu64("r6", "+=", 8);
  writer.set(VARIABLE.at, "r6");
  writer.set(VARIABLE.trial, "r6");
  writer.set(VARIABLE.samples, 0);
  writer.set(VARIABLE.lost, 0);
  asm.goto("record_next").label("record_broken");
  writer.set(VARIABLE.isBroken, 1);
  asm.goto("record_stop");
}

/** Leaves in r0 the 8 bytes at position r8 of the buffer. r8 is spent. */
function readAt(writer: PerfWriter): void {
  const { asm } = writer;
  writer.get("r1", VARIABLE.mask);
  asm.alu64("r8", "&=", "r1").move("r1", "r8");
  writer.get("r2", VARIABLE.pageShift);
  asm.alu64("r1", ">>=", "r2").alu64("r1", "<<=", 3);
  writer.get("r0", VARIABLE.dataPages);
  asm.alu64("r1", "+=", "r0");
  writer.read(8, 0);
  writer.get("r1", VARIABLE.pageMask);
  asm.alu64("r8", "&=", "r1").move("r1", "r0").alu64("r1", "+=", "r8");
  writer.read(8, 0);
}

/** Enters what a walk found into the state that r8 points to, unless the producer has come round meanwhile; goes to `done`. */
export function writeWalkEnd(writer: PerfWriter, done: string): void {
  const { asm } = writer;
  writer.memberOf(VARIABLE.buffer, "perf_buffer", "head");
  writer.get("r1", VARIABLE.trial);
  asm.alu64("r0", "-=", "r1");
  writer.sizeBytes("r2");
  asm.jump("r0", ">", "r2", "walk_skip");
  writer.get("r1", VARIABLE.isTrying);
  asm.jump("r1", "!=", 0, "walk_tried");
  addCounts(writer);
  writer.get("r0", VARIABLE.at);
  asm.load(8, "r2", "r8", STATE.position)
    .store(8, "r8", STATE.position, "r0")
    .alu64("r0", "-=", "r2");
  writer.add("r8", STATE.walked);
  writer.get("r1", VARIABLE.isBroken);
  asm.jump("r1", "==", 0, done).goto("walk_skip");

  asm.label("walk_tried");
  writer.get("r0", VARIABLE.end);
  writer.get("r1", VARIABLE.at);
  asm.jump("r0", "!=", "r1", "walk_skip");
  addCounts(writer);
  writer.get("r0", VARIABLE.end);
  writer.get("r2", VARIABLE.trial);
  asm.alu64("r0", "-=", "r2");
  writer.add("r8", STATE.walked);
  writer.get("r0", VARIABLE.trial);
  asm.load(8, "r2", "r8", STATE.position).alu64("r0", "-=", "r2");
  writer.add("r8", STATE.skipped);
  writer.get("r0", VARIABLE.end);
  asm.store(8, "r8", STATE.position, "r0").goto(done);

  asm.label("walk_skip");
  writer.get("r0", VARIABLE.end);
  asm.load(8, "r2", "r8", STATE.position)
    .store(8, "r8", STATE.position, "r0")
    .alu64("r0", "-=", "r2");
  writer.add("r8", STATE.skipped);
}

function addCounts(writer: PerfWriter): void {
  writer.get("r0", VARIABLE.samples);
  writer.add("r8", STATE.samples);
  if (writer.isLostExact) return;
  writer.get("r0", VARIABLE.lost);
  writer.add("r8", STATE.lost);
}
