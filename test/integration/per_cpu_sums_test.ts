/**
 * The sums over all CPUs on the real kernel, for numbers of CPUs that this machine does not have: the bases of those that it has,
 * over and over, so that a sum is known: by immediates and by a loop, in both forms.
 */
import { assert, assertEquals } from "@std/assert";
import {
  BPF,
  Btf,
  CALIBRATION_STRUCTS,
  EACCES,
  enableRunTimeStats,
  Fd,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  objectInfo,
  openIterator,
  openLibc,
  perCpuBases,
  PerCpuTable,
  PROG_INFO,
  PROGRAM_TICK,
  readBtf,
  structsOf,
  testRunProgram,
} from "../../ffi/mod.ts";
import { loadReturnZero } from "../builders.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { kernelTest } from "../kernel/skip.ts";

const RUNS = 7;
const PACKET_BYTES = 64;
const RUN_COUNT = PROGRAM_TICK.fields.find(({ name }) => name === "run_cnt");
const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

function scan(kernel: KernelPort): Btf {
  const bytes = readBtf(kernel);
  assert(typeof bytes !== "number", `errno ${bytes}`);
  return Btf.scan(bytes, {
    structs: [...structsOf(PROGRAM_TICK), ...CALIBRATION_STRUCTS],
    functions: ["bpf_iter_bpf_prog", "bpf_iter_bpf_map", "bpf_rdonly_cast"],
  });
}

/** `kernel`, whose verifier refuses the form that is tried first: each form is loaded a second time for its log. */
function withoutTypes(kernel: KernelPort): KernelPort {
  let left = 2;
  return {
    ...kernel,
    bpf: (command, attr, size) =>
      command === BPF.PROG_LOAD && left-- > 0
        ? -EACCES
        : kernel.bpf(command, attr, size),
  };
}

/** What a fresh iterator says of how often program `id` ran. */
function runsOf(
  kernel: KernelPort,
  btf: Btf,
  perCpu: PerCpuTable,
  form: "typed" | "probe",
  id: number,
): number {
  const port = form === "typed" ? kernel : withoutTypes(kernel);
  const opened = openIterator(port, btf, PROGRAM_TICK, perCpu);
  assert(typeof opened !== "string", String(opened));
  assertEquals(opened.form, form);
  using link = new Fd(kernel, opened.linkFd);
  assertEquals(opened.absent, {});
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, { linkFd: link.number }),
    opened.recordBytes,
  );
  assertEquals(session.run(), undefined);
  for (let i = 0; i < session.count; i++) {
    const view = session.view(i);
    if (view.getUint32(0, true) !== id) continue;
    return view.getUint32(RUN_COUNT?.offset ?? 0, true);
  }
  return NaN;
}

kernelTest(
  "PerCpuTable has programs sum over hundreds of CPUs, by immediates and by a loop alike",
  () => {
    const kernel = openLibc();
    using _stats = new Fd(kernel, enableRunTimeStats(kernel));
    using program = new Fd(kernel, loadReturnZero(kernel));
    const packet = kernel.allocate(PACKET_BYTES);
    testRunProgram(kernel, program.number, packet, PACKET_BYTES, RUNS);
    const info = kernel.allocate(PROG_INFO.size);
    objectInfo(kernel, program.number, info, PROG_INFO.size);
    const id = PROG_INFO.id.get(info.view, PROG_INFO.id.offset);
    using btf = scan(kernel);
    const bases = perCpuBases(kernel, btf);
    assert(typeof bases !== "string", String(bases));
    for (const form of ["typed", "probe"] as const) {
      for (const times of [1, 3, 150]) {
        const many = Array.from({ length: times }, () => bases).flat();
        for (const few of [0, Infinity]) {
          using perCpu = new PerCpuTable(kernel, many, few);
          assertEquals(perCpu.mapIds.length, few === 0 ? 1 : 0);
          const runs = runsOf(kernel, btf, perCpu, form, id);
          const what = `${form}, ${many.length} CPUs, few ${few}`;
          assertEquals(runs, RUNS * times, what);
        }
      }
    }
  },
  noBtf,
);
