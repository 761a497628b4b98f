/**
 * Owns the run of the backends' contract: the walk and the iterators, on the fake kernel and on that of this machine. In: the suite,
 * this process's capabilities. Out: registered tests, ignored with their reason where a side cannot be had.
 * @module
 */
import { openLibc } from "../../ffi/libc.ts";
import type { KernelPort } from "../../ffi/port.ts";
import { openIterators } from "../../workers/iterators.ts";
import { FakeKernel, type FakeKernelOptions } from "../fakes/fake_kernel.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { hasSince } from "../kernel/since.ts";
import { whyNoKernel } from "../kernel/skip.ts";
import { backendContract, type Side } from "./backends.case.ts";

const NONE = { map: [], program: [], link: [], btf: [] };

function fakeKernel(options?: FakeKernelOptions): FakeKernel {
  const kernel = new FakeKernel(options);
  kernel.addBtf({ id: 1, name: "vmlinux", kernelBtf: 1 });
  for (const id of [3, 4, 90]) {
    kernel.addMap({ id });
    kernel.addProgram({ id });
    kernel.addLink({ id });
  }
  return kernel;
}

function walk(kernel: KernelPort, fake?: FakeKernel): Side {
  return {
    kernel,
    init: { leaveOut: NONE },
    ...(fake === undefined ? {} : { fake }),
    [Symbol.dispose]() {},
  };
}

function iterators(kernel: KernelPort, fake?: FakeKernel): Side {
  const opened = openIterators(kernel, false);
  return {
    kernel,
    init: { leaveOut: opened.ownIds, iterators: opened.iterators },
    ...(fake === undefined ? {} : { fake }),
    hasNoLinks: !hasSince(kernel, "5.19"),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

backendContract("walk, fake", "walk", () => {
  const fake = fakeKernel();
  return walk(fake, fake);
});
backendContract("iterators, fake", "iterator", () => {
  const fake = fakeKernel().giveIterators();
  return iterators(fake, fake);
});
// As 5.12: no cookies, no map_extra, no count of a program's instructions.
const OLDER = { infoBytes: { map: 80, program: 216 } };
const OLDER_LACKS = [
  "bpf_map.cookie",
  "bpf_map.map_extra",
  "bpf_prog_aux.verified_insns",
  "bpf_rdonly_cast",
];
backendContract("walk, fake of an older kernel", "walk", () => {
  const fake = fakeKernel(OLDER);
  return walk(fake, fake);
});
backendContract("iterators, fake of an older kernel", "iterator", () => {
  const fake = fakeKernel(OLDER).giveIterators(OLDER_LACKS);
  return iterators(fake, fake);
});
const noKernel = Deno.build.os === "linux" ? whyNoKernel() : "not Linux";
backendContract("walk, this kernel", "walk", () => walk(openLibc()), noKernel);
backendContract(
  "iterators, this kernel",
  "iterator",
  () => iterators(openLibc()),
  noKernel ??
    (kernelBtf() === undefined ? "the kernel has no BTF" : undefined),
);
