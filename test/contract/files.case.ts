/**
 * Owns the part of KernelPort's contract about files, directories, the clock and the thread. In: a way to register. Out:
 * registered tests. They read what every Linux has: /proc/sys/kernel/ostype holds `Linux`.
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
} from "@std/assert";
import {
  EBADF,
  EINVAL,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
} from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import { O_DIRECTORY } from "../../ffi/port.ts";
import {
  listDirectory,
  readProcessUsage,
  threadExists,
} from "../../ffi/procfs.ts";
import type { Register } from "./kernel_port.case.ts";

const EISDIR = 21;
const NO_SUCH_FD = 1_000_000;
const FILE = "/proc/sys/kernel/ostype";
const DIRECTORY = "/proc/sys/kernel";

export function registerFiles(register: Register): void {
  register("read() gives a file piece by piece, then 0", (kernel) => {
    using fd = new Fd(kernel, kernel.open(FILE));
    const piece = new Uint8Array(4);
    assertEquals(kernel.read(fd.number, piece), 4);
    assertEquals(new TextDecoder().decode(piece), "Linu");
    assertEquals(kernel.read(fd.number, piece), 2);
    assertEquals(kernel.read(fd.number, piece), 0);
  });

  register("open() answers ENOENT for a missing file", (kernel) => {
    assertEquals(kernel.open("/proc/sys/kernel/no_such_file"), -ENOENT);
  });

  register("open() refuses a file where a directory is wanted", (kernel) => {
    assertEquals(kernel.open(FILE, O_DIRECTORY), -ENOTDIR);
  });

  register("open() refuses a path longer than 4095 bytes", (kernel) => {
    // Cut short, this path would name a directory that exists.
    const path = `${"/proc/..".repeat(600)}/no_such_file`;
    assertEquals(kernel.open(path), -ENAMETOOLONG);
  });

  register("read() refuses a directory", (kernel) => {
    using fd = new Fd(kernel, kernel.open(DIRECTORY, O_DIRECTORY));
    assertEquals(kernel.read(fd.number, new Uint8Array(128)), -EISDIR);
  });

  register("readDirectory() refuses a file", (kernel) => {
    using fd = new Fd(kernel, kernel.open(FILE));
    assertEquals(
      kernel.readDirectory(fd.number, new Uint8Array(128)),
      -ENOTDIR,
    );
  });

  register("readDirectory() gives whole records, then 0", (kernel) => {
    using fd = new Fd(kernel, kernel.open(DIRECTORY, O_DIRECTORY));
    const piece = new Uint8Array(128);
    let calls = 0;
    for (;;) {
      const length = kernel.readDirectory(fd.number, piece);
      if (length === 0) break;
      assertGreater(length, 19);
      assertEquals(length % 8, 0);
      calls++;
    }
    assertGreater(calls, 1);
  });

  register("readDirectory() refuses room for less than one", (kernel) => {
    using fd = new Fd(kernel, kernel.open(DIRECTORY, O_DIRECTORY));
    assertEquals(
      kernel.readDirectory(fd.number, new Uint8Array(16)),
      -EINVAL,
    );
  });

  register("listDirectory() finds each name once, without dots", (kernel) => {
    const names = listDirectory(kernel, DIRECTORY) ?? [];
    assert(names.includes("ostype"));
    assert(!names.includes(".") && !names.includes(".."));
    assertEquals(new Set(names).size, names.length);
  });

  register("a listing of descriptors holds its own", (kernel) => {
    const before = listDirectory(kernel, "/proc/self/fd") ?? [];
    using fd = new Fd(kernel, kernel.open(FILE));
    const during = listDirectory(kernel, "/proc/self/fd") ?? [];
    assertEquals(during.length, before.length + 1);
    assertEquals(readProcessUsage(kernel).openFds, during.length - 1);
    assert(during.includes(`${fd.number}`));
  });

  register("close() answers EBADF for what is not open", (kernel) => {
    assertEquals(kernel.close(NO_SUCH_FD), -EBADF);
    assertEquals(kernel.close(-1), -EBADF);
    assertEquals(kernel.read(NO_SUCH_FD, new Uint8Array(128)), -EBADF);
    assertEquals(kernel.readDirectory(NO_SUCH_FD, new Uint8Array(128)), -EBADF);
  });

  register("monotonicMs() never goes back", (kernel) => {
    let last = kernel.monotonicMs();
    assertGreater(last, 0);
    for (let i = 0; i < 1000; i++) {
      const now = kernel.monotonicMs();
      assertGreaterOrEqual(now, last);
      last = now;
    }
  });

  register("threadId() is a thread of this process", (kernel) => {
    const id = kernel.threadId();
    assert(threadExists(kernel, id));
    assert(!threadExists(kernel, NO_SUCH_FD * 100));
    assert(listDirectory(kernel, "/proc/self/task")?.includes(`${id}`));
  });
}
