/**
 * Owns the tests of ffi/btf/file.ts. In: files of the fake kernel, and one that hands out pages. Out: assertions; no test
 * leaves a descriptor open.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { KERNEL_BTF_PATH, readBtf } from "../../../../ffi/btf/file.ts";
import { BtfError } from "../../../../ffi/btf/header.ts";
import { EACCES, EINTR, ENOENT } from "../../../../ffi/errno.ts";
import { BtfMaker } from "../../../btf_bytes.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const EIO = 5;

function made(): Uint8Array<ArrayBuffer> {
  const maker = new BtfMaker();
  for (let i = 0; i < 1000; i++) maker.struct(`struct_number_${i}`, 8, []);
  return maker.bytes();
}

/** Gives a page at most, and every other time a signal comes first. */
class PageKernel extends FakeKernel {
  reads = 0;

  override read(fd: number, into: Uint8Array<ArrayBuffer>): number {
    return this.reads++ % 2 === 0
      ? -EINTR
      : super.read(fd, into.subarray(0, 4096));
  }
}

Deno.test("readBtf() reads the kernel's file, and nothing behind what its header says", () => {
  const kernel = new FakeKernel();
  const longer = new Uint8Array(made().length + 100).fill(7);
  longer.set(made());
  kernel.files.addFile(KERNEL_BTF_PATH, longer);
  assertEquals(readBtf(kernel), made());
  assertEquals(kernel.openFds, 0);
});

Deno.test("readBtf() joins pages, whatever interrupts", () => {
  const kernel = new PageKernel();
  kernel.files.addFile("/sys/kernel/btf/other", made());
  assertEquals(readBtf(kernel, "/sys/kernel/btf/other"), made());
  assertEquals(kernel.openFds, 0);
});

Deno.test("readBtf() answers the errno where it cannot read", () => {
  const kernel = new FakeKernel();
  assertEquals(readBtf(kernel), -ENOENT);
  kernel.files.addFile("/secret", made(), { openErrno: EACCES });
  assertEquals(readBtf(kernel, "/secret"), -EACCES);
  const cut = made().subarray(0, 400);
  kernel.files.addFile("/broken", cut, { readErrno: EIO });
  assertEquals(readBtf(kernel, "/broken"), -EIO);
  kernel.files.addFile("/empty", "", { readErrno: EIO });
  assertEquals(readBtf(kernel, "/empty"), -EIO);
  assertEquals(kernel.openFds, 0);
});

Deno.test("readBtf() refuses a file that is no BTF, is cut, or claims too much", () => {
  const kernel = new FakeKernel();
  const whole = made();
  const huge = whole.slice();
  new DataView(huge.buffer).setUint32(16, 0x7fff_0000, true);
  const files: readonly (readonly [string, string | Uint8Array, string])[] = [
    ["/empty", "", "expected 24 bytes of header or more, found 0"],
    ["/text", "x".repeat(100), "expected magic 0xeb9f, found 0x7878"],
    [
      "/cut",
      whole.subarray(0, 5000),
      `expected ${whole.length} bytes in /cut, found 5000`,
    ],
    ["/huge", huge, "expected 67108864 bytes or fewer, found "],
  ];
  for (const [path, content, sentence] of files) {
    kernel.files.addFile(path, content);
    assertThrows(() => readBtf(kernel, path), BtfError, sentence);
  }
  assertEquals(kernel.openFds, 0);
});
