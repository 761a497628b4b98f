/**
 * Owns what the two program iterators write. In: nothing. Out: a tick table (identity and counters), and a birth table that begins
 * with the same identity and goes on as `struct bpf_prog_info` and the whole name of the main function.
 * @module
 */
import { PROG_INFO } from "../uapi.ts";
import type { RecordField, RecordTable, Way } from "./table.ts";

const AUX = ["bpf_prog", "aux"] as const;
const of = (...way: Way) => ({ ways: [way] } as const);
const ofAux = (path: string) => of(AUX, ["bpf_prog_aux", path]);

const IDENTITY: readonly RecordField[] = [
  { name: "id", offset: 0, size: 4, from: ofAux("id"), required: true },
  {
    name: "type",
    offset: 4,
    size: 4,
    from: of(["bpf_prog", "type"]),
    required: true,
  },
  {
    name: "load_time",
    offset: 8,
    size: 8,
    from: ofAux("load_time"),
    required: true,
  },
];

export const PROGRAM_HEAD_BYTES = 16;

/** Since 5.12 the pointer is the program's own. */
const STATS: readonly Way[] = [[["bpf_prog", "stats"]], [AUX, [
  "bpf_prog_aux",
  "stats",
]]];

const counter = (name: string, member: string, at: number): RecordField => ({
  name,
  offset: PROGRAM_HEAD_BYTES + at,
  size: 8,
  from: { sum: ["bpf_prog_stats", member], perCpu: STATS },
});

export const PROGRAM_TICK: RecordTable = {
  name: "bpfpulse_prog",
  target: "bpf_prog",
  object: ["bpf_prog", "prog"],
  fields: [
    ...IDENTITY,
    counter("run_time_ns", "nsecs", 0),
    counter("run_cnt", "cnt", 8),
    { ...counter("recursion_misses", "misses", 16), since: "5.12" },
  ],
  ahead: [
    [AUX],
    [AUX, ["bpf_prog_aux", "id"]],
    [AUX, ["bpf_prog_aux", "load_time"]],
  ],
};

const info = (
  name: Exclude<keyof typeof PROG_INFO, "size">,
  from: RecordField["from"],
  more: Partial<RecordField> = {},
): RecordField => ({
  name: `info.${name}`,
  offset: PROGRAM_HEAD_BYTES + PROG_INFO[name].offset,
  size: PROG_INFO[name].size,
  from,
  ...more,
});

/** Behind the info, as much as the 512 bytes of a program's stack leave: a name that fills it was cut, and is not told. */
export const FULL_NAME = {
  offset: PROGRAM_HEAD_BYTES + PROG_INFO.size,
  size: 232,
};

/** In place of the address at which the caller wants map ids, which means nothing here. */
export const PROGRAM_PAGES = {
  name: "pages",
  offset: PROGRAM_HEAD_BYTES + 56,
  size: 2,
} as const;

/** BPF_MAX_SUBPROGS */
const MOST_FUNCTIONS = 256;

export const PROGRAM_BIRTH: RecordTable = {
  name: "bpfpulse_prog_b",
  target: PROGRAM_TICK.target,
  object: PROGRAM_TICK.object,
  boundBy: [AUX, ["bpf_prog_aux", "id"]],
  fields: [
    ...IDENTITY,
    info("type", of(["bpf_prog", "type"]), { required: true }),
    info("id", ofAux("id"), { required: true }),
    info("tag", of(["bpf_prog", "tag"]), { required: true }),
    // As bpf_prog_get_info_by_fd(): of a program with functions, the sum of theirs.
    info("jited_prog_len", {
      total: ["bpf_prog", "jited_len"],
      array: [AUX, ["bpf_prog_aux", "func"]],
      count: [AUX, ["bpf_prog_aux", "func_cnt"]],
      most: MOST_FUNCTIONS,
      otherwise: [["bpf_prog", "jited_len"]],
    }),
    info("xlated_prog_len", { ways: [[["bpf_prog", "len"]]], shift: 3 }),
    info("load_time", ofAux("load_time"), { required: true }),
    info(
      "created_by_uid",
      of(AUX, ["bpf_prog_aux", "user"], ["user_struct", "uid.val"]),
    ),
    { ...PROGRAM_PAGES, from: of(["bpf_prog", "pages"]) },
    info("name", ofAux("name"), { required: true }),
    info("btf_id", of(AUX, ["bpf_prog_aux", "btf"], ["btf", "id"])),
    info("verified_insns", ofAux("verified_insns"), { since: "5.16" }),
    { name: "full_name", ...FULL_NAME, from: { functionName: true } },
  ],
};
