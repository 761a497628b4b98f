/**
 * Owns the contract of KernelPort: what every implementation answers, the fake kernel and libc alike. In: a name and a way
 * to get a port. Out: registered tests; each also fails when it leaves a descriptor open. Where the port cannot be had
 * every test is ignored, and one line that starts with SKIP says why.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { KernelPort } from "../../ffi/port.ts";
import { listDirectory } from "../../ffi/procfs.ts";
import { registerBpfCommands } from "./bpf_commands.case.ts";
import { registerFiles } from "./files.case.ts";
import { registerObjectInfo } from "./object_info.case.ts";

/** Registers one test of the contract. */
export type Register = (
  behaviour: string,
  body: (kernel: KernelPort) => void,
) => void;

/** @param skip why this port cannot be tested here; absent where it can */
export function kernelPortContract(
  name: string,
  open: () => KernelPort,
  skip?: string,
): void {
  if (skip !== undefined) {
    // deno-lint-ignore no-console -- the runner counts this line
    console.log(`SKIP KernelPort contract on ${name}: ${skip}`);
  }
  const register: Register = (behaviour, body) =>
    Deno.test({
      name: `${behaviour} (${name})`,
      ignore: skip !== undefined,
      fn() {
        const kernel = open();
        const before = descriptors(kernel);
        body(kernel);
        assertEquals(descriptors(kernel), before, "descriptors left open");
      },
    });
  register(
    "threadCpuMs() rises by no more than the time that passes",
    (kernel) => {
      const [fromMs, fromCpuMs] = [kernel.monotonicMs(), kernel.threadCpuMs()];
      let sum = 0;
      for (let i = 0; i < 2_000_000; i++) sum += i & 3;
      const cpuMs = kernel.threadCpuMs() - fromCpuMs;
      assert(sum > 0 && fromCpuMs >= 0 && cpuMs >= 0, `${cpuMs}`);
      assert(cpuMs <= kernel.monotonicMs() - fromMs, `${cpuMs}`);
    },
  );
  registerBpfCommands(register);
  registerObjectInfo(register);
  registerFiles(register);
}

function descriptors(kernel: KernelPort): string[] | undefined {
  return listDirectory(kernel, "/proc/self/fd");
}
