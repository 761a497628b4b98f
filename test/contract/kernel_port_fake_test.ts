/**
 * Owns the run of KernelPort's contract on the fake kernel. In: the suite. Out: registered tests.
 * @module
 */
import { FakeKernel } from "../fakes/fake_kernel.ts";
import { kernelPortContract } from "./kernel_port.case.ts";

kernelPortContract("fake", () => {
  const kernel = new FakeKernel();
  const typeBytes = new Uint8Array(64);
  typeBytes.set([0x9f, 0xeb, 1, 0xff, 24]);
  kernel.addBtf({ id: 1, name: "vmlinux", kernelBtf: 1, typeBytes });
  for (const id of [3, 4, 90]) {
    kernel.addMap({ id });
    kernel.addProgram({ id });
    kernel.addLink({ id });
  }
  const { files } = kernel;
  files.addFile("/proc/sys/kernel/ostype", "Linux\n");
  files.addFile("/proc/sys/kernel/hostname", "node\n");
  files.addFile("/proc/sys/kernel/osrelease", "6.18.0\n");
  return kernel;
});
