/**
 * Owns the run of KernelPort's contract on libc and the kernel of this machine. In: the suite, this process's capabilities.
 * Out: registered tests, ignored with their reason where there is no CAP_SYS_ADMIN.
 * @module
 */
import { nextObjectId } from "../../ffi/bpf.ts";
import { effectiveCapabilities } from "../../ffi/capabilities.ts";
import { ENOSYS } from "../../ffi/errno.ts";
import { openLibc } from "../../ffi/libc.ts";
import type { KernelPort } from "../../ffi/port.ts";
import { kernelPortContract } from "./kernel_port.case.ts";

if (Deno.build.os === "linux") {
  const kernel = openLibc();
  kernelPortContract("libc", () => kernel, reasonToSkip(kernel));
} else {
  kernelPortContract("libc", openLibc, "this is not Linux");
}

function reasonToSkip(kernel: KernelPort): string | undefined {
  if (!effectiveCapabilities(kernel).has("CAP_SYS_ADMIN")) {
    return "needs CAP_SYS_ADMIN, run it as root";
  }
  // With the capability any other failure is ours to explain, not a reason to skip.
  return nextObjectId(kernel, "program", 0) === -ENOSYS
    ? "this kernel has no bpf()"
    : undefined;
}
