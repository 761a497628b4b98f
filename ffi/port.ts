/**
 * Owns the seam between bpfpulse and the Linux kernel: everything that the agent asks of the kernel passes through
 * KernelPort. `libc.ts` implements it with the real kernel, the tests' FakeKernel by decoding the same encoded
 * attributes. In: plain numbers and buffers. Out: what the kernel answered, failures as negative errno numbers.
 * @module
 */

/**
 * Memory that the kernel reads or writes by its address. It never moves and lives as long as somebody refers to it, so
 * keep a reference for as long as the address is in an attribute.
 */
export interface KernelBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory as `bytes`. */
  readonly view: DataView<ArrayBuffer>;
  /** The same memory as `bytes`, in words. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Lower and upper half of the address of the first byte, as they are written into an attribute. */
  readonly addressLow: number;
  readonly addressHigh: number;
}

/** Every call answers at once, never throws, and answers a failure as `-errno` (errno.ts names them). */
export interface KernelPort {
  /** Allocates `size` bytes (rounded up to 128 or a multiple of 8), zeroed. */
  allocate(size: number): KernelBuffer;
  /** bpf(2): `command` of enum bpf_cmd, the first `size` bytes of `attr`. A file descriptor, 0, or -errno. */
  bpf(command: number, attr: Uint8Array<ArrayBuffer>, size: number): number;
  /** openat(2) of an absolute path, read-only with O_CLOEXEC unless `flags` says otherwise. */
  open(path: string, flags?: number): number;
  /** read(2) into the whole of `into`: bytes read, 0 at the end, or -errno. */
  read(fd: number, into: Uint8Array<ArrayBuffer>): number;
  /** getdents64(2): bytes of `struct linux_dirent64` records, 0 at the end, or -errno. */
  readDirectory(fd: number, into: Uint8Array<ArrayBuffer>): number;
  /**
   * fsopen(2), fsconfig(2), fsmount(2): a descriptor of the root of a new file system of this type, mounted nowhere, which
   * goes with the last descriptor into it; or -errno of the first call that fails. Needs CAP_SYS_ADMIN. Since 5.2.
   */
  mountDetached(type: string): number;
  /**
   * perf_event_open(2) with O_CLOEXEC, in no group: a descriptor, or -errno. `attr` holds a `struct perf_event_attr` with its size.
   * @param threadId 0 is the calling thread, -1 all @param cpu -1 is any
   */
  openPerfEvent(attr: KernelBuffer, threadId: number, cpu: number): number;
  /** mmap(2), shared, to read and write, until it is unmapped: the memory, or -errno. */
  mapShared(fd: number, sizeBytes: number): ArrayBuffer | number;
  /** munmap(2) of what mapShared() answered. Whoever touches it afterwards ends the process. */
  unmapShared(memory: ArrayBuffer): void;
  /** chmod(2) of an absolute path: 0 or -errno. */
  chmod(path: string, mode: number): number;
  /** unlink(2) of an absolute path: 0 or -errno. */
  unlink(path: string): number;
  /** close(2). Linux has released the fd whatever this answers, so it is never repeated. */
  close(fd: number): number;
  /** CLOCK_MONOTONIC in milliseconds: the same for every thread, never set by anybody, stands still in suspend. */
  monotonicMs(): number;
  /** CLOCK_THREAD_CPUTIME_ID in milliseconds: what the calling thread has run, in user space and in the kernel. */
  threadCpuMs(): number;
  /** gettid(2) of the calling thread, as /proc/self/task lists it. */
  threadId(): number;
}

/** Flags of open(2) that the agent uses. Source: include/uapi/asm-generic/fcntl.h. */
export const O_RDONLY = 0;
export const O_CLOEXEC = 0o2000000;
/** A place in the file system, not its content. */
export const O_PATH = 0o10000000;
export const O_DIRECTORY = Deno.build.arch === "aarch64" ? 0o40000 : 0o200000;
