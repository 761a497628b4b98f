/**
 * Owns how programs and BTF objects are read by the walk. In: a port, and ids to leave out. Out: collectors of the two tables.
 * @module
 */
import {
  accountedBytes,
  BTF_INFO,
  FDINFO_CALLS,
  filledInfo,
  type InfoReader,
  type KernelPort,
  ObjectWalk,
  PROG_INFO,
  PROG_TYPES,
  read,
  textAt,
  typeName,
} from "../../ffi/sampling.ts";
import { WalkCollector } from "../collector.ts";
import { Rows } from "../rows.ts";
import { FullNames } from "./full_name.ts";
import {
  BTF_COLUMNS,
  type BtfDescription,
  PROGRAM_COLUMNS,
  type ProgramDescription,
} from "./model.ts";

const RUN_TIME_NS = PROGRAM_COLUMNS.indexOf("runTimeNs");
const RUN_COUNT = PROGRAM_COLUMNS.indexOf("runCount");
const RECURSION_MISSES = PROGRAM_COLUMNS.indexOf("recursionMisses");

/** A program is its id and the two words of its load time. */
const LOAD_TIME_WORD = PROG_INFO.load_time.offset / 4;
export const PROGRAM_WALK_WORDS = PROG_INFO.load_time.size / 4;

/** A BTF object is its id and what its info says of size, name length and origin (the name's address is our own, constant). */
const BTF_IDENTITY = {
  first: BTF_INFO.btf_size.offset / 4,
  words: (BTF_INFO.size - BTF_INFO.btf_size.offset) / 4,
};

/** A module's name is at most 55 characters (MODULE_NAME_LEN). */
const BTF_NAME_BYTES = 64;

/**
 * Samples programs by BPF_PROG_GET_NEXT_ID and its kin. Needs CAP_SYS_ADMIN. Since 4.13.
 * @param asksMemory each program's fdinfo is read once, when it is new
 */
export function walkPrograms(
  kernel: KernelPort,
  leaveOut: readonly number[],
  rows: Rows<"program"> = new Rows(
    "program",
    PROGRAM_WALK_WORDS,
    PROGRAM_COLUMNS,
  ),
  asksMemory = false,
): WalkCollector<"program"> {
  const walk = new ObjectWalk(kernel, "program", PROG_INFO.size);
  const fullNames = new FullNames(kernel);
  let calls = 0;
  return new WalkCollector(rows, walk, leaveOut, {
    visit(id, info, filled, fd) {
      const known = rows.add(id, info.words, LOAD_TIME_WORD);
      const { view } = info;
      rows.set(RUN_TIME_NS, read(PROG_INFO.run_time_ns, view, filled) ?? NaN);
      rows.set(RUN_COUNT, read(PROG_INFO.run_cnt, view, filled) ?? NaN);
      rows.set(
        RECURSION_MISSES,
        read(PROG_INFO.recursion_misses, view, filled) ?? NaN,
      );
      if (known) return;
      const fullName = fullNames.find(fd, view, filled);
      const memlockBytes = asksMemory ? accountedBytes(kernel, fd) : undefined;
      if (asksMemory) calls += FDINFO_CALLS;
      const told = filledInfo(view, filled);
      rows.describe(describeProgram(id, fullName, told, memlockBytes));
    },
    finish: () => fullNames.forget(),
    calls: () => fullNames.calls + calls,
  });
}

/** What a `struct bpf_prog_info`, and the program's BTF, say. */
export function describeProgram(
  id: number,
  fullName: string | undefined,
  read: InfoReader,
  memlockBytes?: number,
): ProgramDescription {
  const loadTimeNs = read(PROG_INFO.load_time);
  const verifiedInstructions = read(PROG_INFO.verified_insns);
  const createdByUid = read(PROG_INFO.created_by_uid);
  const btfId = read(PROG_INFO.btf_id);
  return {
    id,
    identity: `${id}:${loadTimeNs}`,
    name: read(PROG_INFO.name) ?? "",
    ...(fullName === undefined ? {} : { fullName }),
    type: typeName(PROG_TYPES, read(PROG_INFO.type) ?? 0),
    tag: read(PROG_INFO.tag) ?? "",
    jitedBytes: read(PROG_INFO.jited_prog_len) ?? 0,
    xlatedBytes: read(PROG_INFO.xlated_prog_len) ?? 0,
    ...(loadTimeNs === undefined ? {} : { loadTimeNs }),
    ...(verifiedInstructions === undefined ? {} : { verifiedInstructions }),
    ...(createdByUid === undefined ? {} : { createdByUid }),
    ...(btfId === undefined || btfId === 0 ? {} : { btfId }),
    ...(memlockBytes === undefined ? {} : { memlockBytes }),
  };
}

/** Samples BTF objects by BPF_BTF_GET_NEXT_ID and its kin. Needs CAP_SYS_ADMIN. Since 5.4. */
export function walkBtfObjects(
  kernel: KernelPort,
  leaveOut: readonly number[],
): WalkCollector<"btf"> {
  const rows = new Rows("btf", BTF_IDENTITY.words, BTF_COLUMNS);
  const walk = new ObjectWalk(kernel, "btf", BTF_INFO.size);
  const name = kernel.allocate(BTF_NAME_BYTES);
  return new WalkCollector(rows, walk, leaveOut, {
    prepare(info) {
      name.bytes[0] = 0;
      info.words[BTF_INFO.name_address.offset / 4] = name.addressLow;
      info.words[BTF_INFO.name_address.offset / 4 + 1] = name.addressHigh;
      info.words[BTF_INFO.name_len.offset / 4] = BTF_NAME_BYTES;
    },
    visit(id, info, filled) {
      if (rows.add(id, info.words, BTF_IDENTITY.first)) return;
      const text = textAt(name.view, 0, BTF_NAME_BYTES);
      rows.describe(describeBtf(id, text, info.view, filled));
    },
  });
}

/** What `filled` bytes of a `struct bpf_btf_info`, and the name it pointed to, say. */
function describeBtf(
  id: number,
  name: string,
  view: DataView,
  filled: number,
): BtfDescription {
  return btfDescription(
    id,
    name,
    read(BTF_INFO.btf_size, view, filled) ?? 0,
    read(BTF_INFO.kernel_btf, view, filled),
  );
}

/** @param kernelBtf 1 for the kernel's own, 0 for others; undefined where this kernel does not say */
export function btfDescription(
  id: number,
  name: string,
  sizeBytes: number,
  kernelBtf: number | undefined,
): BtfDescription {
  return {
    id,
    identity: `${id}:${sizeBytes}:${kernelBtf}:${name}`,
    name,
    sizeBytes,
    ...(kernelBtf === undefined ? {} : { kernel: kernelBtf !== 0 }),
  };
}
