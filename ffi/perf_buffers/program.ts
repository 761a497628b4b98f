/**
 * Owns the program that reads perf buffers: an iterator over maps that goes over the entries of each perf_event_array, and forgets
 * what it kept of those that are gone. In: a writer. Out: instructions, and the functions that they are made of. It holds nothing: an
 * owner that ends takes its events along.
 * @module
 */
import { MAP_TYPES } from "../names.ts";
import type { OwnFunction } from "../iter/callbacks.ts";
import { OBJECT } from "../iter/emitter.ts";
import { ENTRY_FUNCTION, writeEntries, writeEntryFunction } from "./entry.ts";
import { PERF_RECORD, STATE, VARIABLE } from "./layout.ts";
import { RECORD_FUNCTION, writeRecordFunction } from "./record_walk.ts";
import { type PerfWriter, SPARE, VARIABLES } from "./writer.ts";

const MAP_DELETE_ELEM = 3;
const FOR_EACH_MAP_ELEM = 164;
/** Entries of one map that are looked at; a map has one for each CPU. */
const MOST_ENTRIES = 4096;
/** Passes from one look for what is gone to the next, unless room is short. */
const SWEEP_EVERY = 64;
/** Who was not seen for so many passes is gone. */
const UNSEEN_PASSES = 2;

const SWEEP_FUNCTION = { name: "sweep", argumentCount: 4 };

export const PERF_FUNCTIONS: readonly OwnFunction[] = [
  { name: "perf_buffers", argumentCount: 1 },
  ENTRY_FUNCTION,
  RECORD_FUNCTION,
  SWEEP_FUNCTION,
];

/** Every struct that it looks into. */
export const PERF_STRUCTS: readonly string[] = [
  "bpf_iter__bpf_map",
  "bpf_iter_meta",
  "bpf_map",
  "bpf_array",
  "bpf_event_entry",
  "perf_event",
  "perf_buffer",
  "perf_event_mmap_page",
  "task_struct",
  "bpf_prog_stats",
];

/** @throws {Absent} where the kernel lacks what the program reads. */
export function writeProgram(writer: PerfWriter): Uint8Array<ArrayBuffer> {
  const { asm } = writer;
  beginMap(writer, MOST_ENTRIES);
  writeEntries(writer);
  asm.label("end").move("r0", 0).exit();

  asm.label("past");
  writer.begin();
  asm.move("r0", 1);
  writer.add(VARIABLES, VARIABLE.pass);
  writer.get("r0", VARIABLE.isFull);
  asm.jump("r0", "!=", 0, "clean")
    .alu64("r1", "&=", SWEEP_EVERY - 1).jump("r1", "!=", 0, "end")
    .label("clean");
  writer.set(VARIABLE.isFull, 0);
  asm.mapFd("r1", writer.maps.stateFd)
    .functionAddress("r2", SWEEP_FUNCTION.name)
    .move("r3", 0).move("r4", 0).call(FOR_EACH_MAP_ELEM)
    .goto("end");

  writeEntryFunction(writer);
  writeRecordFunction(writer);
  writeSweepFunction(writer);
  return asm.assemble();
}

/**
 * Leaves the context in r6, the entries to look at in r8, and where they are in the variables. Goes to `end` where the map is none, to
 * `past` behind the last one.
 */
export function beginMap(writer: PerfWriter, mostEntries: number): void {
  const { asm, emit } = writer;
  const context = "bpf_iter__bpf_map";
  asm.move("r6", "r1")
    .load(8, OBJECT, "r1", emit.place([context, "map"]).offset)
    .jump(OBJECT, "==", 0, "past")
    .load(4, "r0", OBJECT, emit.place(["bpf_map", "map_type"]).offset)
    .jump("r0", "!=", MAP_TYPES.indexOf("perf_event_array"), "end")
    .load(4, "r0", OBJECT, emit.place(["bpf_map", "id"]).offset)
    .load(4, "r8", OBJECT, emit.place(["bpf_map", "max_entries"]).offset)
    .jump("r8", "<=", mostEntries, "few").move("r8", mostEntries)
    .label("few");
  writer.begin();
  asm.store(4, VARIABLES, PERF_RECORD.mapId, "r0")
    // What was copied is a number, with which sums can be done.
    .store(8, "r10", SPARE, OBJECT)
    .move("r1", "r10").alu64("r1", "+=", SPARE);
  emit.peek(8, 0);
  asm.alu64("r0", "+=", emit.place(["bpf_array", "ptrs"]).offset);
  writer.set(VARIABLE.entries, "r0");
}

function writeSweepFunction(writer: PerfWriter): void {
  const { asm } = writer;
  asm.label(SWEEP_FUNCTION.name);
  writer.begin();
  asm.load(8, "r0", "r3", STATE.pass);
  writer.get("r3", VARIABLE.pass);
  asm.alu64("r3", "-=", "r0").jump("r3", "<=", UNSEEN_PASSES, "kept")
    .call(MAP_DELETE_ELEM)
    .label("kept").move("r0", 0).exit();
}
