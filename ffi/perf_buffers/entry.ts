/**
 * Owns what the perf buffers' program does with one entry of a map, as instructions: it writes one record where the entry is an event with
 * a buffer, as a function for bpf_loop(), or as the body of a bounded loop. In: a writer; the variables `entries` and `budget`. Out:
 * instructions.
 * Source: kernel/bpf/arraymap.c (perf_event_array), kernel/events/internal.h, kernel/events/ring_buffer.c.
 * @module
 */
import { Absent } from "../iter/emitter.ts";
import { PERF_FLAG, PERF_RECORD, STATE, VARIABLE } from "./layout.ts";
import { RECORD_FUNCTION, writeWalkEnd } from "./record_walk.ts";
import { CONTEXT, type PerfWriter, VARIABLES } from "./writer.ts";

const MAP_LOOKUP_ELEM = 1;
const MAP_UPDATE_ELEM = 2;
const SEQ_WRITE = 127;
const LOOP = 181;
/** Records that one run, over all entries of a map, looks at: 1 to 2 ms. */
export const MOST_STEPS = 1 << 15;
/** What an iterator writes for one object must fit into 8 pages of 4 KiB (kernel/bpf/bpf_iter.c). */
const MOST_WRITTEN = Math.floor(8 * 4096 / PERF_RECORD.size) - 1;

export const ENTRY_FUNCTION = { name: "entry", argumentCount: 2 };

/** How an entry's records are walked. */
export interface Walk {
  /**
   * Of a buffer that has come round; the budget is in r1, the walk's start in r3 and the size in r4. Goes to walk_done, or
   * leaves r3 changed.
   */
  readonly wrapped: () => void;
  /** From the variable `at` on. Goes to walk_done, or somewhere else. */
  readonly walk: () => void;
}

/** @throws {Absent} */
export function writeEntryFunction(writer: PerfWriter): void {
  const { asm } = writer;
  asm.label(ENTRY_FUNCTION.name).move("r6", "r2").move("r7", "r1");
  writer.begin();
  writeEntry(writer, {
    wrapped: () => searchFirstRecord(writer),
    walk: () => callWalk(writer),
  });
  asm.load(8, "r1", "r6", 0);
  writeRecord(writer);
  asm.move("r0", 0).jump("r1", "<", MOST_WRITTEN, "entry_end")
    .move("r0", 1).label("entry_end").exit()
    .label("entry_next").move("r0", 0).exit();
}

/** Of the entry whose index is in r7. Goes to entry_next where it is no buffer, else leaves its record in the variables. @throws {Absent} */
export function writeEntry(writer: PerfWriter, walk: Walk): void {
  const { asm } = writer;
  asm.store(4, VARIABLES, PERF_RECORD.index, "r7")
    .alu64("r7", "<<=", 3);
  writer.get("r1", VARIABLE.entries);
  asm.alu64("r1", "+=", "r7");
  writer.read(8, 0);
  asm.jump("r0", "==", 0, "entry_next");
  writer.member("r0", "bpf_event_entry", "event");
  asm.jump("r0", "==", 0, "entry_next").move("r7", "r0");
  writeEvent(writer);
  writeBuffer(writer);
  writeState(writer);
  writeWalk(writer, walk);
  asm.label("entry_write");
}

/** Of the event at r7. */
function writeEvent(writer: PerfWriter): void {
  const { asm } = writer;
  const event = "perf_event";
  writer.member("r7", event, "rb");
  asm.jump("r0", "==", 0, "entry_next");
  writer.set(VARIABLE.buffer, "r0");
  writer.member("r7", event, "id");
  writer.set(PERF_RECORD.eventId, "r0");
  if (writer.isLostExact) {
    writer.member("r7", event, "lost_samples");
    writer.set(PERF_RECORD.lost, "r0");
  }
  asm.store(4, VARIABLES, PERF_RECORD.flags, 0);
  const backward = writer.btf.member(event, "attr.write_backward");
  if (backward?.bitField === undefined) {
    throw new Absent("this kernel has no perf_event.attr.write_backward");
  }
  asm.move("r1", "r7");
  writer.read(1, backward.byteOffset + (backward.bitField.bitOffset >> 3));
  asm.alu64("r0", "&=", 1 << (backward.bitField.bitOffset & 7))
    .jump("r0", "==", 0, "entry_forward");
  setFlag(writer, PERF_FLAG.BACKWARD);
  asm.label("entry_forward");
  asm.store(4, VARIABLES, PERF_RECORD.pid, 0);
  writer.member("r7", event, "owner");
  asm.jump("r0", "==", 0, "entry_orphan");
  writer.member("r0", "task_struct", "tgid");
  asm.store(4, VARIABLES, PERF_RECORD.pid, "r0").label("entry_orphan");
}

/** Of the buffer that the variable has. What user space can write is read before what it cannot. */
function writeBuffer(writer: PerfWriter): void {
  const { asm } = writer;
  const buffer = "perf_buffer";
  const of = (path: string) => writer.memberOf(VARIABLE.buffer, buffer, path);
  const shift = Math.log2(writer.pageBytes);
  asm.move("r8", 0);
  if (writer.has(buffer, "page_order")) {
    of("page_order");
    asm.move("r8", "r0");
  }
  of("nr_pages");
  asm.jump("r0", "==", 0, "entry_next")
    .alu64("r0", "<<=", "r8")
    .store(4, VARIABLES, PERF_RECORD.pages, "r0")
    .alu64("r0", "<<=", shift).alu64("r0", "-=", 1);
  writer.set(VARIABLE.mask, "r0");
  asm.move("r0", writer.pageBytes).alu64("r0", "<<=", "r8")
    .alu64("r0", "-=", 1);
  writer.set(VARIABLE.pageMask, "r0");
  asm.alu64("r8", "+=", shift);
  writer.set(VARIABLE.pageShift, "r8");
  of("overwrite");
  asm.jump("r0", "==", 0, "entry_kept");
  setFlag(writer, PERF_FLAG.OVERWRITE);
  asm.label("entry_kept");
  of("user_page");
  writer.set(VARIABLE.userPage, "r0");
  const page = "perf_event_mmap_page";
  writer.memberOf(VARIABLE.userPage, page, "data_tail");
  writer.set(PERF_RECORD.tail, "r0");
  writer.memberOf(VARIABLE.userPage, page, "data_head");
  writer.set(VARIABLE.end, "r0");
  of("head");
  writer.set(PERF_RECORD.head, "r0");
  if (!writer.isLostExact) {
    of("lost");
    writer.set(PERF_RECORD.lost, "r0");
  }
  writer.get("r0", VARIABLE.buffer);
  asm.alu64("r0", "+=", writer.emit.place([buffer, "data_pages"]).offset);
  writer.set(VARIABLE.dataPages, "r0");
}

/** Leaves what is kept of this event in r8, made new where it is of another. */
function writeState(writer: PerfWriter): void {
  const { asm, maps } = writer;
  const lookUp = () =>
    asm.mapFd("r1", maps.stateFd).move("r2", VARIABLES).call(MAP_LOOKUP_ELEM)
      .jump("r0", "!=", 0, "state_found");
  for (const field of ["samples", "walked", "skipped", "unwalked"] as const) {
    writer.set(PERF_RECORD[field], 0);
  }
  asm.store(4, VARIABLES, PERF_RECORD.generation, 0)
    .load(4, "r0", VARIABLES, PERF_RECORD.flags)
    .jump("r0", "!=", 0, "entry_write");
  lookUp();
  asm.mapFd("r1", maps.stateFd).move("r2", VARIABLES)
    .move("r3", VARIABLES).alu64("r3", "+=", VARIABLE.zero)
    .move("r4", 0).call(MAP_UPDATE_ELEM);
  lookUp();
  writer.set(VARIABLE.isFull, 1);
  setFlag(writer, PERF_FLAG.UNKEPT);
  asm.goto("entry_write").label("state_found").move("r8", "r0");
  const same = [
    [STATE.eventId, PERF_RECORD.eventId],
    [STATE.buffer, VARIABLE.buffer],
  ] as const;
  for (const [kept, now] of same) {
    asm.load(8, "r0", "r8", kept).load(8, "r1", VARIABLES, now)
      .jump("r0", "!=", "r1", "state_fresh");
  }
  // Another buffer may be where the one before was.
  asm.load(8, "r0", "r8", STATE.head)
    .load(8, "r1", VARIABLES, PERF_RECORD.head)
    .jump("r1", ">=", "r0", "state_same")
    .label("state_fresh");
  for (const [kept, now] of same) {
    asm.load(8, "r0", VARIABLES, now).store(8, "r8", kept, "r0");
  }
  for (const field of ["samples", "lost", "walked", "skipped"] as const) {
    asm.store(8, "r8", STATE[field], 0);
  }
  writer.get("r0", VARIABLE.generation);
  asm.alu64("r0", "+=", 1).store(8, "r8", STATE.generation, "r0");
  writer.set(VARIABLE.generation, "r0");
  writeFirstPosition(writer);
  asm.label("state_same")
    .load(8, "r0", VARIABLES, PERF_RECORD.head)
    .store(8, "r8", STATE.head, "r0");
  writer.get("r0", VARIABLE.pass);
  asm.store(8, "r8", STATE.pass, "r0");
}

/** From the beginning where all is still there, else from what nobody consumed, else from now. */
function writeFirstPosition(writer: PerfWriter): void {
  const { asm } = writer;
  writer.sizeBytes("r2");
  asm.move("r0", 0).load(8, "r1", VARIABLES, PERF_RECORD.head)
    .jump("r1", "<=", "r2", "position_found")
    .load(8, "r0", VARIABLES, PERF_RECORD.tail)
    .move("r3", "r1").alu64("r3", "-=", "r0")
    .jump("r3", "<=", "r2", "position_found")
    .move("r0", "r1")
    .label("position_found").store(8, "r8", STATE.position, "r0");
}

function writeWalk(writer: PerfWriter, { wrapped, walk }: Walk): void {
  const { asm } = writer;
  asm.load(8, "r3", "r8", STATE.position)
    .load(8, "r0", VARIABLES, PERF_RECORD.head);
  writer.get("r2", VARIABLE.end);
  writer.sizeBytes("r4");
  asm.move("r1", "r0").alu64("r1", "-=", "r2")
    .jump("r1", ">", "r4", "walk_lies")
    .jump("r2", "<", "r3", "walk_lies")
    .jump("r2", "==", "r3", "walk_done");
  writer.get("r1", VARIABLE.budget);
  writer.set(VARIABLE.isTrying, 0);
  writer.set(VARIABLE.isBroken, 0);
  writer.set(VARIABLE.samples, 0);
  writer.set(VARIABLE.lost, 0);
  asm.move("r0", "r2").alu64("r0", "-=", "r3")
    .jump("r0", "<=", "r4", "walk_ready");
  wrapped();
  asm.label("walk_ready");
  writer.set(VARIABLE.at, "r3");
  writer.set(VARIABLE.trial, "r3");
  asm.jump("r1", "==", 0, "walk_done");
  walk();
  asm.label("walk_lies");
  setFlag(writer, PERF_FLAG.LYING);
  // What it may not walk is unwalked up to the head that the owner cannot change.
  asm.load(8, "r0", VARIABLES, PERF_RECORD.head);
  writer.set(VARIABLE.end, "r0");
  asm.goto("walk_rest").label("walk_done");
  writer.get("r0", VARIABLE.end);
  asm.load(8, "r1", "r8", STATE.position)
    .jump("r0", "<=", "r1", "walk_told");
  setFlag(writer, PERF_FLAG.MORE);
  asm.label("walk_rest");
  writer.get("r0", VARIABLE.end);
  asm.load(8, "r1", "r8", STATE.position).alu64("r0", "-=", "r1");
  writer.set(PERF_RECORD.unwalked, "r0");
  asm.label("walk_told");
  for (const field of ["samples", "walked", "skipped"] as const) {
    asm.load(8, "r0", "r8", STATE[field]);
    writer.set(PERF_RECORD[field], "r0");
  }
  asm.load(8, "r0", "r8", STATE.generation)
    .store(4, VARIABLES, PERF_RECORD.generation, "r0");
  if (writer.isLostExact) return;
  asm.load(8, "r0", "r8", STATE.lost);
  writer.add(VARIABLES, PERF_RECORD.lost);
}

/** In what is left some record begins. The oldest part of it may be overwritten any moment. */
function searchFirstRecord(writer: PerfWriter): void {
  const { asm } = writer;
  asm.jump("r1", "<", MOST_STEPS / 2, "walk_done");
  writer.set(VARIABLE.isTrying, 1);
  asm.move("r0", "r4").alu64("r0", ">>=", 3).alu64("r4", "-=", "r0")
    .move("r3", "r2").alu64("r3", "-=", "r4").alu64("r3", "&=", -8);
}

function callWalk(writer: PerfWriter): void {
  const { asm } = writer;
  asm.functionAddress("r2", RECORD_FUNCTION.name)
    .move("r3", 0).move("r4", 0).call(LOOP);
  writer.get("r1", VARIABLE.budget);
  asm.jump("r0", ">", "r1", "walk_done").alu64("r1", "-=", "r0");
  writer.set(VARIABLE.budget, "r1");
  writeWalkEnd(writer, "walk_done");
  asm.goto("walk_done");
}

/** Writes the record that is in the variables, with the iterator's context in r1. Leaves in r1 how many this map has by now. */
export function writeRecord(writer: PerfWriter): void {
  const { asm, emit } = writer;
  asm.load(8, "r1", "r1", emit.place(["bpf_iter__bpf_map", "meta"]).offset)
    .load(8, "r1", "r1", emit.place(["bpf_iter_meta", "seq"]).offset)
    .move("r2", VARIABLES).move("r3", PERF_RECORD.size).call(SEQ_WRITE)
    .move("r0", 1);
  writer.add(VARIABLES, VARIABLE.written);
}

function setFlag(writer: PerfWriter, flag: number): void {
  const { asm } = writer;
  asm.load(4, "r0", VARIABLES, PERF_RECORD.flags).alu64("r0", "|=", flag)
    .store(4, VARIABLES, PERF_RECORD.flags, "r0");
}

/** Of main: has every entry of the map at r7 looked at. The context is in r6. */
export function writeEntries(writer: PerfWriter): void {
  const { asm } = writer;
  writer.set(VARIABLE.budget, MOST_STEPS);
  writer.set(VARIABLE.written, 0);
  asm.store(8, "r10", CONTEXT, "r6")
    .move("r1", "r8")
    .functionAddress("r2", ENTRY_FUNCTION.name)
    .move("r3", "r10").alu64("r3", "+=", CONTEXT)
    .move("r4", 0).call(LOOP);
}
