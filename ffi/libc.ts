/**
 * Owns the agent's only way into the kernel: libc, loaded by Deno.dlopen, as a KernelPort. In: nothing. Out: openLibc(),
 * one port for the calling thread (errno is per thread, so a port must not cross threads).
 *
 * Every parameter is an i32, u32 or buffer: those take the engine's fast path (160 ns instead of 370 ns a call). errno is
 * read in the expression right after the call, for whatever allocates in between may overwrite it.
 * @module
 */
import { ENAMETOOLONG } from "./errno.ts";
import type { KernelBuffer, KernelPort } from "./port.ts";
import { O_CLOEXEC, O_RDONLY } from "./port.ts";

/** Each comment is the C prototype. `syscall` is declared once per shape of its arguments. */
const SYMBOLS = {
  /** long syscall(long number, int cmd, union bpf_attr *attr, unsigned int size); */
  bpf: {
    name: "syscall",
    parameters: ["i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  /** long syscall(long number, unsigned int fd, struct linux_dirent64 *dirent, unsigned int count); */
  getdents64: {
    name: "syscall",
    parameters: ["i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  /** long syscall(long number); */
  gettid: { name: "syscall", parameters: ["i32"], result: "i32" },
  /** long syscall(long number, const char *fs_name, unsigned int flags); */
  fsopen: {
    name: "syscall",
    parameters: ["i32", "buffer", "u32"],
    result: "i32",
  },
  /** long syscall(long number, int fs_fd, unsigned int cmd, const char *key, const void *value, int aux); */
  fsconfig: {
    name: "syscall",
    parameters: ["i32", "i32", "u32", "pointer", "pointer", "i32"],
    result: "i32",
  },
  /** long syscall(long number, int fs_fd, unsigned int flags, unsigned int attr_flags); */
  fsmount: {
    name: "syscall",
    parameters: ["i32", "i32", "u32", "u32"],
    result: "i32",
  },
  /** long syscall(long number, struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd, unsigned long flags); */
  perf_event_open: {
    name: "syscall",
    parameters: ["i32", "buffer", "i32", "i32", "i32", "u32"],
    result: "i32",
  },
  /** int chmod(const char *path, mode_t mode); */
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  /** int unlink(const char *path); */
  unlink: { parameters: ["buffer"], result: "i32" },
  /** int open(const char *path, int flags, ...); */
  open: { parameters: ["buffer", "i32"], result: "i32" },
  /** ssize_t read(int fd, void *buf, size_t count); */
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset); */
  mmap: {
    parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"],
    result: "pointer",
  },
  /** int munmap(void *addr, size_t length); */
  munmap: { parameters: ["buffer", "usize"], result: "i32" },
  /** int close(int fd); */
  close: { parameters: ["i32"], result: "i32" },
  /** int clock_gettime(clockid_t clock, struct timespec *ts); */
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  /** int *__errno_location(void); musl and glibc both have it */
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** glibc alone has it. */
const ALLOCATOR = {
  /** int mallopt(int param, int value); */
  mallopt: { parameters: ["i32", "i32"], result: "i32", optional: true },
  /** int malloc_trim(size_t pad); */
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** Source: malloc.h of glibc. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
const M_ARENA_MAX = -8;
const SMALL_BYTES = 64 * 1024;

/** Source: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYSCALL_NUMBERS = {
  x86_64: { bpf: 321, getdents64: 217, gettid: 186, perf_event_open: 298 },
  aarch64: { bpf: 280, getdents64: 61, gettid: 178, perf_event_open: 241 },
} as const;

/** The same on every architecture. */
const FSOPEN = 430;
const FSCONFIG = 431;
const FSMOUNT = 432;
/** Source: include/uapi/linux/mount.h. */
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;

/** PROT_READ and PROT_WRITE. */
const READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

const CLOCK_MONOTONIC = 1;
const CLOCK_THREAD_CPUTIME_ID = 3;
/** Source: include/uapi/linux/perf_event.h. */
const PERF_FLAG_FD_CLOEXEC = 8;

/**
 * Loads these functions of libc, and no others: whoever needs more than a port has a table of its own, loaded when it is used.
 * @throws {Error} where there is no `libc.so.6`, it lacks one of them, or the runtime forbids FFI.
 */
export function loadLibc<Symbols extends Deno.ForeignLibraryInterface>(
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols>["symbols"] {
  return Deno.dlopen("libc.so.6", symbols).symbols;
}

/**
 * Opens libc for the calling thread.
 * @throws {Error} where there is no `libc.so.6`, or the runtime forbids FFI.
 */
export function openLibc(): KernelPort {
  const { symbols } = Deno.dlopen("libc.so.6", SYMBOLS);
  const numbers = SYSCALL_NUMBERS[Deno.build.arch];
  const errnoPointer = symbols.__errno_location();
  if (errnoPointer === null) throw new Error("libc has no errno location");
  const errno = new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(errnoPointer, 4),
  );
  const encoder = new TextEncoder();
  /** PATH_MAX, its NUL included. */
  const path = new Uint8Array(4096);
  const time = new Uint8Array(128);
  const timeView = new DataView(time.buffer);

  function clockMs(clock: number): number {
    symbols.clock_gettime(clock, time);
    return timeView.getUint32(0, true) * 1e3 +
      timeView.getUint32(8, true) / 1e6;
  }

  /** Leaves `text` in `path`; false where it is too long: cut short it would be another path, which may exist. */
  function putPath(text: string): boolean {
    const { read, written } = encoder.encodeInto(text, path);
    if (read < text.length || written >= path.length) return false;
    path[written] = 0;
    return true;
  }

  return {
    allocate(size: number): KernelBuffer {
      // Below about 64 bytes the engine may keep an array on its own heap, and move it.
      const bytes = new Uint8Array(Math.max(128, Math.ceil(size / 8) * 8));
      const address = BigInt(
        Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)),
      );
      return {
        bytes,
        view: new DataView(bytes.buffer),
        words: new Uint32Array(bytes.buffer),
        addressLow: Number(address & 0xffff_ffffn),
        addressHigh: Number(address >> 32n),
      };
    },
    bpf(command, attr, size): number {
      const result = symbols.bpf(numbers.bpf, command, attr, size);
      return result < 0 ? -errno[0] : result;
    },
    open(absolutePath, flags = O_RDONLY): number {
      if (!putPath(absolutePath)) return -ENAMETOOLONG;
      const result = symbols.open(path, flags | O_CLOEXEC);
      return result < 0 ? -errno[0] : result;
    },
    read(fd, into): number {
      const result = symbols.read(fd, into, into.length);
      return result < 0 ? -errno[0] : result;
    },
    readDirectory(fd, into): number {
      const result = symbols.getdents64(
        numbers.getdents64,
        fd,
        into,
        into.length,
      );
      return result < 0 ? -errno[0] : result;
    },
    mountDetached(type): number {
      if (!putPath(type)) return -ENAMETOOLONG;
      const context = symbols.fsopen(FSOPEN, path, FSOPEN_CLOEXEC);
      if (context < 0) return -errno[0];
      const made = symbols.fsconfig(
        FSCONFIG,
        context,
        FSCONFIG_CMD_CREATE,
        null,
        null,
        0,
      );
      let result = made < 0 ? -errno[0] : 0;
      if (result === 0) {
        const mounted = symbols.fsmount(FSMOUNT, context, FSMOUNT_CLOEXEC, 0);
        result = mounted < 0 ? -errno[0] : mounted;
      }
      symbols.close(context);
      return result;
    },
    openPerfEvent(attr, threadId, cpu): number {
      const result = symbols.perf_event_open(
        numbers.perf_event_open,
        attr.bytes,
        threadId,
        cpu,
        -1,
        PERF_FLAG_FD_CLOEXEC,
      );
      return result < 0 ? -errno[0] : result;
    },
    mapShared(fd, sizeBytes): ArrayBuffer | number {
      const address = symbols.mmap(
        null,
        BigInt(sizeBytes),
        READ_WRITE,
        MAP_SHARED,
        fd,
        0n,
      );
      const failure = errno[0];
      return address === null ||
          Deno.UnsafePointer.value(address) === MAP_FAILED
        ? -failure
        : Deno.UnsafePointerView.getArrayBuffer(address, sizeBytes);
    },
    unmapShared(memory): void {
      symbols.munmap(memory, BigInt(memory.byteLength));
    },
    chmod(absolutePath, mode): number {
      if (!putPath(absolutePath)) return -ENAMETOOLONG;
      const result = symbols.chmod(path, mode);
      return result < 0 ? -errno[0] : result;
    },
    unlink(absolutePath): number {
      if (!putPath(absolutePath)) return -ENAMETOOLONG;
      const result = symbols.unlink(path);
      return result < 0 ? -errno[0] : result;
    },
    close(fd): number {
      const result = symbols.close(fd);
      return result < 0 ? -errno[0] : result;
    },
    monotonicMs: () => clockMs(CLOCK_MONOTONIC),
    threadCpuMs: () => clockMs(CLOCK_THREAD_CPUTIME_ID),
    threadId: () => symbols.gettid(numbers.gettid),
  };
}

/**
 * Has the process's allocator give memory back: one arena for all threads, and blocks of 64 KiB and more as mappings of their
 * own. Worth some 7 MB of a process with three workers. Does nothing where libc is not glibc.
 * @returns what gives back the pages between blocks in use, whenever it is called: a start leaves some 5 MB of them
 */
export function keepAllocatorSmall(): () => void {
  const { mallopt, malloc_trim } = loadLibc(ALLOCATOR);
  mallopt?.(M_ARENA_MAX, 1);
  mallopt?.(M_MMAP_THRESHOLD, SMALL_BYTES);
  mallopt?.(M_TRIM_THRESHOLD, SMALL_BYTES);
  return () => void malloc_trim?.(0n);
}
