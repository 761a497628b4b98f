/**
 * Owns the type information of the fake kernel. In: the agent's field tables, members that this kernel shall lack. Out: the bytes of
 * a vmlinux BTF that has every other struct and member that the tables name, at made-up offsets.
 * @module
 */
import { CALIBRATION_STRUCTS } from "../../ffi/iter/calibrate.ts";
import { MAP_BTF, PROGRAM_BTF } from "../../ffi/iter/btf_table.ts";
import { LINK_BIRTH, LINK_TICK } from "../../ffi/iter/link_table.ts";
import { MAP_BIRTH, MAP_TICK } from "../../ffi/iter/map_table.ts";
import { PROGRAM_BIRTH, PROGRAM_TICK } from "../../ffi/iter/program_table.ts";
import {
  callsOf,
  enumeratorsOf,
  FUNCTION_NAME_STEPS,
  type RecordField,
  type RecordTable,
  type Step,
  structsOf,
  type Way,
} from "../../ffi/iter/table.ts";
import { BtfMaker, type MadeMember } from "../btf_bytes.ts";

/** What iterators are made of. */
export const TABLES: readonly RecordTable[] = [
  MAP_TICK,
  MAP_BIRTH,
  PROGRAM_TICK,
  PROGRAM_BIRTH,
  LINK_TICK,
  LINK_BIRTH,
  MAP_BTF,
  PROGRAM_BTF,
];

/** What TABLES, and the agent's other programs, look up. */
export const WANTED = {
  structs: [...new Set([...TABLES.flatMap(structsOf), ...CALIBRATION_STRUCTS])],
  functions: [
    ...new Set(TABLES.map(({ target }) => `bpf_iter_${target}`)),
    "bpf_rdonly_cast",
    ...new Set(TABLES.flatMap(callsOf)),
  ],
  // The fake kernel has no enums, and so no names of perf events.
  enumerators: [...new Set(TABLES.flatMap(enumeratorsOf))],
};

/** Far enough for each member, and for a struct within. */
const MEMBER_BYTES = 64;
const POINTER_BYTES = 8;

/** @param lacks as `bpf_map.cookie`, or a function's name */
export function fakeKernelBtf(
  lacks: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  const maker = new BtfMaker();
  const ints = new Map(
    [1, 2, 4, 8].map((bytes) => [bytes, maker.int(`u${bytes * 8}`, bytes)]),
  );
  const typeOf = (bytes: number) =>
    ints.get(bytes) ?? maker.array(ints.get(1) ?? 0, bytes);
  for (const [struct, members] of membersOf(TABLES)) {
    const made: MadeMember[] = [];
    const inner = new Map<string, MadeMember[]>();
    for (const [path, bytes] of members) {
      if (lacks.includes(`${struct}.${path}`)) continue;
      const [name, within] = path.split(".");
      if (within === undefined) {
        made.push([name, typeOf(bytes), made.length * MEMBER_BYTES * 8]);
        continue;
      }
      const of = inner.get(name) ?? [];
      inner.set(name, of);
      of.push([within, typeOf(bytes), of.length * POINTER_BYTES * 8]);
    }
    for (const [name, of] of inner) {
      const id = maker.struct("", MEMBER_BYTES, of);
      made.push([name, id, made.length * MEMBER_BYTES * 8]);
    }
    // Counters are next to each other, as the kernel has them.
    const spread = struct === "bpf_prog_stats" ? POINTER_BYTES : MEMBER_BYTES;
    maker.struct(
      struct,
      made.length * MEMBER_BYTES,
      made.map(([name, id], i) => [name, id, i * spread * 8] as const),
    );
  }
  for (const name of WANTED.functions) {
    if (!lacks.includes(name)) maker.function(name);
  }
  return maker.bytes();
}

/** Sizes of members by path, by struct. */
function membersOf(
  tables: readonly RecordTable[],
): Map<string, Map<string, number>> {
  const found = new Map(
    WANTED.structs.map((name) => [name, new Map<string, number>()]),
  );
  const put = ([struct, path]: Step, bytes: number) => {
    const members = found.get(struct);
    members?.set(path, Math.max(members.get(path) ?? 0, bytes));
  };
  const follow = (way: Way, bytes: number) => {
    for (const step of way.slice(0, -1)) put(step, POINTER_BYTES);
    put(way[way.length - 1], bytes);
  };
  put(["bpf_iter_meta", "seq"], POINTER_BYTES);
  put(["bpf_iter_meta", "seq_num"], 8);
  put(["bpf_array", "pptrs"], POINTER_BYTES);
  for (const [struct, path] of FUNCTION_NAME_STEPS) {
    const isNumber = path === "type_id" || path === "name_off";
    put([struct, path], isNumber ? 4 : POINTER_BYTES);
  }
  for (const { target, object, selector, fields, ahead } of tables) {
    put([`bpf_iter__${target}`, "meta"], POINTER_BYTES);
    put([`bpf_iter__${target}`, object[1]], POINTER_BYTES);
    if (selector !== undefined) follow(selector, 4);
    for (const way of ahead ?? []) follow(way, 4);
    for (const field of fields) fieldMembers(field, follow);
  }
  return found;
}

function fieldMembers(
  { from, size }: RecordField,
  follow: (way: Way, bytes: number) => void,
): void {
  if ("ways" in from) {
    const whole = from.shift !== undefined && from.shift < 0;
    for (const way of from.ways) follow(way, whole ? POINTER_BYTES : size);
  } else if ("text" in from) follow(from.text, POINTER_BYTES);
  else if ("sum" in from) {
    for (const way of from.perCpu) follow(way, POINTER_BYTES);
    follow([from.sum], 8);
  } else if ("ring" in from) {
    for (const step of Object.values(from.ring)) follow([step], 4);
  } else if ("total" in from) {
    follow([from.total], 4);
    follow(from.array, POINTER_BYTES);
    follow(from.count, 4);
    follow(from.otherwise, 4);
  }
}
