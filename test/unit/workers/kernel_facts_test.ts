import { assertEquals } from "@std/assert";
import { EACCES } from "../../../ffi/mod.ts";
import { kernelBtf, kernelRelease } from "../../../workers/kernel_facts.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const BTF = "/sys/kernel/btf/vmlinux";

/** A header whose types take 100 bytes and whose strings, behind them, 60. */
function btfHeader(): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  bytes[2] = 1;
  [24, 0, 100, 100, 60].forEach((word, at) =>
    view.setUint32(4 + 4 * at, word, true)
  );
  return bytes;
}

Deno.test("kernelRelease() is the file's text without its newline, undefined without the file", () => {
  const kernel = new FakeKernel();
  assertEquals(kernelRelease(kernel), undefined);
  kernel.files.addFile("/proc/sys/kernel/osrelease", "6.18.5-cloud\n");
  assertEquals(kernelRelease(kernel), "6.18.5-cloud");
});

Deno.test("kernelBtf() tells the size that the header says and closes the file", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile(BTF, btfHeader());
  assertEquals(kernelBtf(kernel), { sizeBytes: 184 });
  assertEquals(kernel.openFds, 0);
});

Deno.test("kernelBtf() says why there is none", () => {
  const kernel = new FakeKernel();
  assertEquals(kernelBtf(kernel), { reason: `open of ${BTF} failed: ENOENT` });
  kernel.files.addFile(BTF, btfHeader(), { openErrno: EACCES });
  assertEquals(kernelBtf(kernel), { reason: `open of ${BTF} failed: EACCES` });
});

Deno.test("kernelBtf() takes nothing for BTF that does not begin as BTF does", () => {
  const kernel = new FakeKernel();
  const reason = `${BTF} does not begin with a BTF header`;
  kernel.files.addFile(BTF, "ELF");
  assertEquals(kernelBtf(kernel), { reason });
  kernel.files.addFile(BTF, new Uint8Array(24));
  assertEquals(kernelBtf(kernel), { reason });
  assertEquals(kernel.openFds, 0);
});
