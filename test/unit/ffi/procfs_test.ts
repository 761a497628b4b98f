/**
 * Owns the tests of ffi/procfs.ts. In: files and directories of the fake kernel. Out: assertions.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { EACCES, EMFILE } from "../../../ffi/errno.ts";
import {
  listDirectory,
  readNumber,
  readProcessUsage,
  readText,
  threadExists,
} from "../../../ffi/procfs.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const EIO = 5;

Deno.test("readText() gives the whole of a file longer than one read", () => {
  const kernel = new FakeKernel();
  const text = "line of text\n".repeat(1000);
  kernel.files.addFile("/proc/long", text);
  assertEquals(readText(kernel, "/proc/long"), text);
  assertEquals(kernel.openFds, 0);
});

Deno.test("readText() joins a character that two reads share", () => {
  const kernel = new FakeKernel();
  const text = `${"a".repeat(4095)}é${"b".repeat(4094)}€${"c".repeat(4094)}😀`;
  kernel.files.addFile("/proc/split", text);
  assertEquals(readText(kernel, "/proc/split"), text);
});

Deno.test("readText() tells an empty file from a missing one", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/empty", "");
  assertEquals(readText(kernel, "/proc/empty"), "");
  assertEquals(readText(kernel, "/proc/missing"), undefined);
});

Deno.test("readText() answers undefined where it may not open", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/secret", "x", { openErrno: EACCES });
  assertEquals(readText(kernel, "/proc/secret"), undefined);
});

Deno.test("readText() answers undefined, and closes, where reading fails", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/broken", "half", { readErrno: EIO });
  assertEquals(readText(kernel, "/proc/broken"), undefined);
  assertEquals(readText(kernel, "/proc"), undefined);
  assertEquals(kernel.openFds, 0);
});

Deno.test("readText() leaves nothing of a broken file in the next one", () => {
  const kernel = new FakeKernel();
  const half = new Uint8Array([0x61, 0xe2, 0x82]);
  kernel.files.addFile("/proc/broken", half, { readErrno: EIO });
  kernel.files.addFile("/proc/half", half);
  kernel.files.addFile("/proc/next", "next");
  assertEquals(readText(kernel, "/proc/broken"), undefined);
  assertEquals(readText(kernel, "/proc/next"), "next");
  assertEquals(readText(kernel, "/proc/half"), "a\ufffd");
  assertEquals(readText(kernel, "/proc/next"), "next");
});

Deno.test("readText() keeps a byte order mark", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/1/comm", "\ufeffinit\n");
  assertEquals(readText(kernel, "/proc/1/comm"), "\ufeffinit\n");
});

Deno.test("readText() answers undefined at the limit of open files", () => {
  const kernel = new FakeKernel({ fdLimit: 3 });
  kernel.files.addFile("/proc/file", "x");
  assertEquals(kernel.open("/proc/file"), -EMFILE);
  assertEquals(readText(kernel, "/proc/file"), undefined);
});

Deno.test("readNumber() reads one whole number", () => {
  const kernel = new FakeKernel();
  const cases: [string, number | undefined][] = [
    ["264241152\n", 264241152],
    ["0\n", 0],
    ["-1\n", -1],
    [" 7 ", 7],
    ["", undefined],
    ["max\n", undefined],
    ["1.5\n", undefined],
    ["1 2\n", undefined],
    ["0x10\n", undefined],
  ];
  for (const [text, expected] of cases) {
    kernel.files.addFile("/proc/sys/number", text);
    assertEquals(readNumber(kernel, "/proc/sys/number"), expected, text);
  }
  assertEquals(readNumber(kernel, "/proc/sys/missing"), undefined);
});

Deno.test("listDirectory() gives every name but the dots, in order", () => {
  const kernel = new FakeKernel();
  const names = Array.from({ length: 1000 }, (_, i) => `${i}`.repeat(9));
  kernel.files.addDirectory("/proc/many", () => names);
  assertEquals(listDirectory(kernel, "/proc/many"), names);
  assertEquals(kernel.openFds, 0);
});

Deno.test("listDirectory() reads names of every length", () => {
  const kernel = new FakeKernel();
  const names = Array.from({ length: 255 }, (_, i) => "n".repeat(i + 1));
  kernel.files.addDirectory("/proc/lengths", () => names);
  assertEquals(listDirectory(kernel, "/proc/lengths"), names);
});

Deno.test("listDirectory() takes hostile names", () => {
  const kernel = new FakeKernel();
  const names = ["...", " ", "a\nb", '"', "\ufeff", "é", "..x"];
  kernel.files.addDirectory("/proc/odd", () => names);
  assertEquals(listDirectory(kernel, "/proc/odd"), names);
});

Deno.test("listDirectory() tells an empty directory from none", () => {
  const kernel = new FakeKernel();
  kernel.files.addDirectory("/proc/empty");
  kernel.files.addFile("/proc/file", "x");
  assertEquals(listDirectory(kernel, "/proc/empty"), []);
  assertEquals(listDirectory(kernel, "/proc/file"), undefined);
  assertEquals(listDirectory(kernel, "/proc/missing"), undefined);
  assertEquals(kernel.openFds, 0);
});

Deno.test("threadExists() is true while the thread lives", () => {
  const kernel = new FakeKernel({ threadId: 77 });
  assert(threadExists(kernel, 77));
  assert(!threadExists(kernel, 78));
  kernel.files.remove("/proc/self/task/77");
  assert(!threadExists(kernel, 77));
  assertEquals(kernel.openFds, 0);
});

/** A process whose name holds what separates the fields. */
function addProcessFiles(kernel: FakeKernel): void {
  const fields = Array.from({ length: 50 }, (_, i) => `${i + 3}00`);
  fields[0] = "S";
  const { files } = kernel;
  files.addFile("/proc/self/stat", `42 (a) b (c d) ${fields.join(" ")}\n`);
  files.addFile(
    "/proc/self/status",
    "Name:\tVmRSS:\nVmSize:\t  2000 kB\nVmRSS:\t   1000 kB\nVmData:\t300 kB\n",
  );
  files.addFile(
    "/proc/self/limits",
    "Limit                     Soft Limit           Hard Limit           Units\n" +
      "Max open files            20000                30000                files\n",
  );
  files.addFile("/proc/stat", "cpu  1 2 3\nbtime 1700000000\nprocesses 9\n");
}

Deno.test("threadExists() takes a thread for alive where no descriptor is left to look", () => {
  assert(threadExists(new FakeKernel({ fdLimit: 3, threadId: 77 }), 77));
});

Deno.test("readProcessUsage() reads each figure in its unit", () => {
  const kernel = new FakeKernel();
  addProcessFiles(kernel);
  const held = kernel.open("/proc/stat");
  // Fields 14, 15 and 22 of stat are 1400, 1500 and 2200 ticks here.
  assertEquals(readProcessUsage(kernel), {
    cpuUserSeconds: 14,
    cpuSystemSeconds: 15,
    startTimeSeconds: 1_700_000_022,
    residentBytes: 1_024_000,
    virtualBytes: 2_048_000,
    heapBytes: 307_200,
    // 0, 1, 2 and the one held; not the one that lists them.
    openFds: 4,
    maxFds: 20_000,
  });
  assertEquals(kernel.close(held), 0);
  assertEquals(kernel.openFds, 0);
});

Deno.test("readProcessUsage() leaves absent what cannot be read", () => {
  const kernel = new FakeKernel();
  assertEquals(readProcessUsage(kernel), { openFds: 3 });
  addProcessFiles(kernel);
  kernel.files.remove("/proc/stat");
  kernel.files.addFile("/proc/self/limits", "Max open files  unlimited  x\n");
  kernel.files.remove("/proc/self/fd");
  const usage = readProcessUsage(kernel);
  assertEquals(usage.cpuUserSeconds, 14);
  for (const key of ["startTimeSeconds", "maxFds", "openFds"]) {
    assert(!(key in usage), key);
  }
});
