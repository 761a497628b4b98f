/**
 * Owns the seam between bpfpulse and what the kernel knows of the calling thread and its process: credentials, signal mask,
 * descriptors that outlive execve(2), sockets. In: plain numbers and bytes. Out: what the kernel answered, failures as negative
 * errno numbers. `process_control.ts` implements it with the real kernel, the tests' FakeProcessControl with a model of one.
 * @module
 */

/** capget(2): a bit for each capability. */
export interface CapabilitySets {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

/**
 * Every call answers at once, never throws, and answers a failure as `-errno`. What it changes of credentials and signals it
 * changes for the calling thread alone: these are the system calls, not glibc's functions, which change every thread.
 */
export interface ProcessControl {
  /** prctl(2) with the arguments that follow being 0. */
  prctl(option: number, second: number, third: number): number;
  capabilities(): CapabilitySets | number;
  setCapabilities(sets: CapabilitySets): number;
  /** Supplementary groups, getgroups(2). */
  groups(): readonly number[] | number;
  setGroups(groups: readonly number[]): number;
  /** setresgid(2) with one id for real, effective, saved and file system. */
  setGid(gid: number): number;
  /** setresuid(2) with one id for real, effective, saved and file system. */
  setUid(uid: number): number;
  /** setfsgid(2): the id before, whether it changed or not. */
  setFileGid(gid: number): number;
  /** setfsuid(2): the id before, whether it changed or not. */
  setFileUid(uid: number): number;
  /** memfd_create(2). */
  createMemfd(name: string, flags: number): number;
  /** write(2): bytes written. */
  write(fd: number, bytes: Uint8Array<ArrayBuffer>): number;
  /** lseek(2): the position after. */
  seek(fd: number, offset: number, whence: number): number;
  /** fcntl(2) with a number. */
  fcntl(fd: number, command: number, argument: number): number;
  /** close(2). */
  close(fd: number): number;
  /** readlink(2): the target, up to PATH_MAX bytes. */
  readLink(path: string): Uint8Array<ArrayBuffer> | number;
  /** execv(2) with the present environment. It answers only a failure. @param strings without their NUL */
  execute(
    path: Uint8Array<ArrayBuffer>,
    strings: readonly Uint8Array<ArrayBuffer>[],
  ): number;
  /** sigprocmask(2): SIG_BLOCK where `block`, else SIG_UNBLOCK. */
  maskSignals(block: boolean, signals: readonly number[]): number;
  /** socket(2). */
  socket(family: number, type: number): number;
  /** setsockopt(2) with an int. */
  setSocketOption(
    fd: number,
    level: number,
    name: number,
    value: number,
  ): number;
  /** bind(2). @param address a whole `struct sockaddr_*` */
  bind(fd: number, address: Uint8Array<ArrayBuffer>): number;
  /** listen(2). */
  listen(fd: number, backlog: number): number;
}
