/**
 * Owns the finding of where the kernel keeps the memory of each CPU: a per-CPU pointer plus a CPU's base is an address, and of
 * a map of our own both are known (since 5.19, bpf_map_lookup_percpu_elem); before, the kernel's own list of bases is read,
 * which takes its symbol. In: a port, the kernel's BTF. Out: one base a possible CPU, constant until the next boot; or why
 * there are none. Needs CAP_BPF and CAP_PERFMON.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import { createIteratorLink, createMap, TRACE_ITER, TRACING } from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { EINVAL, errnoName } from "../errno.ts";
import { Fd } from "../fd.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import { readText } from "../procfs.ts";
import { symbolAddress } from "../symbols.ts";
import { loadOrRefusal, type Refusal } from "../verifier.ts";
import { Absent, Emitter, OBJECT, SCRATCH_BYTES } from "./emitter.ts";
import { iterationsOf, IteratorSession } from "./session.ts";
import { instructionsOf } from "../instructions.ts";

const SEQ_WRITE = 127;
const LOOKUP_PERCPU_ELEM = 195;
const POSSIBLE_CPUS = "/sys/devices/system/cpu/possible";

/** What perCpuBases() looks up. */
export const CALIBRATION_STRUCTS = [
  "bpf_array",
  "bpf_map",
  "bpf_iter__bpf_map",
  "bpf_iter_meta",
];

/** The base of each possible CPU, or one sentence. */
export function perCpuBases(kernel: KernelPort, btf: Btf): bigint[] | string {
  const cpus = possibleCpus(kernel);
  if (cpus === undefined) return `${POSSIBLE_CPUS} cannot be read`;
  const number = createMap(kernel, {
    type: MAP_TYPES.indexOf("percpu_array"),
    keyBytes: 4,
    valueBytes: 8,
    maxEntries: 1,
    name: "bpfpulse_percpu",
  });
  if (number < 0) return `BPF_MAP_CREATE failed: ${errnoName(-number)}`;
  using map = new Fd(kernel, number);
  const id = objectId(kernel, map.number);
  if (id === 0) return "a map has no id";
  let answer: number | Refusal;
  try {
    answer = load(kernel, btf, id, ofOwnMap(map.number, cpus));
    if (typeof answer !== "number" && answer.errno === EINVAL) {
      const list = symbolAddress(kernel, "__per_cpu_offset");
      if (list !== undefined) {
        answer = load(kernel, btf, id, ofKernelList(list, cpus));
      }
    }
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
  if (typeof answer !== "number") return answer.reason;
  using loaded = new Fd(kernel, answer);
  const linked = createIteratorLink(kernel, loaded.number);
  if (linked < 0) return `BPF_LINK_CREATE failed: ${errnoName(-linked)}`;
  using link = new Fd(kernel, linked);
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, { linkFd: link.number }),
    8,
  );
  const failure = session.run();
  if (failure !== undefined) {
    return `${failure.call} failed: ${errnoName(failure.errno)}`;
  }
  if (session.count !== cpus + 1) return "the map is not among the maps";
  const numbers = new BigUint64Array(session.words.buffer, 0, cpus + 1);
  return Array.from(
    numbers.subarray(1),
    (address) => BigInt.asUintN(64, address - numbers[0]),
  );
}

/** Leaves one number after another in r0, and has each written: where per-CPU memory begins, and a copy of it for each CPU. */
type Numbers = (asm: Assembler, emit: Emitter, write: () => void) => void;

/** The per-CPU pointer of the map's only element, then its address on each CPU. */
function ofOwnMap(mapFd: number, cpus: number): Numbers {
  return (asm, emit, write) => {
    emit.address([["bpf_array", "pptrs"]]);
    write();
    asm.move("r8", 0).label("next")
      .store(4, "r10", -16, 0).mapFd("r1", mapFd)
      .move("r2", "r10").alu64("r2", "+=", -16)
      .move("r3", "r8").call(LOOKUP_PERCPU_ELEM);
    write();
    asm.alu64("r8", "+=", 1).jump("r8", "!=", cpus, "next");
  };
}

/** Bases as the kernel lists them: `unsigned long __per_cpu_offset[NR_CPUS]`. */
function ofKernelList(address: bigint, cpus: number): Numbers {
  return (asm, emit, write) => {
    asm.move("r0", 0);
    write();
    for (let cpu = 0; cpu < cpus; cpu++) {
      asm.immediate64("r1", address);
      emit.peek(8, cpu * 8);
      write();
    }
  };
}

/** @throws {Absent} */
function load(
  kernel: KernelPort,
  btf: Btf,
  mapId: number,
  numbers: Numbers,
): number | Refusal {
  const asm = new Assembler();
  const emit = new Emitter(asm, btf, "probe", "bpf_map", -16 - SCRATCH_BYTES);
  const { offset: meta } = emit.place(["bpf_iter__bpf_map", "meta"]);
  const { offset: seq } = emit.place(["bpf_iter_meta", "seq"]);
  asm.move("r6", "r1")
    .load(8, OBJECT, "r1", emit.place(["bpf_iter__bpf_map", "map"]).offset)
    .jump(OBJECT, "==", 0, "end")
    .load(4, "r0", OBJECT, emit.place(["bpf_map", "id"]).offset)
    .jump("r0", "!=", mapId, "end");
  numbers(asm, emit, () => {
    asm.store(8, "r10", -8, "r0")
      .load(8, "r1", "r6", meta).load(8, "r1", "r1", seq)
      .move("r2", "r10").alu64("r2", "+=", -8)
      .move("r3", 8).call(SEQ_WRITE);
  });
  const code = asm.label("end").move("r0", 0).exit().assemble();
  return loadOrRefusal(kernel, {
    type: TRACING,
    ...instructionsOf(kernel, code),
    name: "bpfpulse_cal",
    expectedAttachType: TRACE_ITER,
    attachBtfId: btf.functionId("bpf_iter_bpf_map") ?? 0,
  });
}

/** How many CPUs there may ever be: per-CPU memory is for all of them. As `0-63` or `0,2-3`. */
function possibleCpus(kernel: KernelPort): number | undefined {
  const text = readText(kernel, POSSIBLE_CPUS);
  const last = text?.trim().split(/[,-]/).map(Number).at(-1);
  return last === undefined || !Number.isInteger(last) ? undefined : last + 1;
}
