/**
 * Owns FakeProcessControl: a thread's credentials, signal mask and descriptors as Linux keeps them, decoded from the same numbers. In:
 * a fake kernel, which holds the descriptors, and who the thread is. Out: what the kernel would answer, and the calls in order.
 * Source: security/commoncap.c, kernel/sys.c, mm/memfd.c.
 * @module
 */
import { EBADF, EINVAL, EPERM } from "../../ffi/errno.ts";
import type { CapabilitySets, ProcessControl } from "../../ffi/mod.ts";
import type { FakeKernel } from "./fake_kernel.ts";

const LAST_CAPABILITY = 40;
const ALL = (1n << BigInt(LAST_CAPABILITY + 1)) - 1n;
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;
const CAP_SETPCAP = 8n;
/** The capabilities that go with a file system id of 0: CHOWN to FSETID, LINUX_IMMUTABLE, MKNOD, MAC_OVERRIDE. */
const FILE_CAPABILITIES = 0x1_0800_021fn;
const NO_SETUID_FIXUP = 1 << 2;
const KEEP_CAPS = 1 << 4;
const NO_CAP_AMBIENT_RAISE = 1 << 6;
const SEAL_SEAL = 1;
const SEAL_WRITE = 8;
const FIRST_SOCKET = 1000;

/** Who the thread is; by default root with every capability. */
export interface FakeThread {
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  readonly capabilities?: bigint;
  /** Before execve(2) as after it: raised, and inheritable. */
  readonly ambient?: bigint;
}

/** A capability's bit in a set, by its number. */
export function bit(...numbers: readonly number[]): bigint {
  return numbers.reduce((set, number) => set | (1n << BigInt(number)), 0n);
}

/** A Linux thread that a test makes up. */
export class FakeProcessControl implements ProcessControl {
  sets: CapabilitySets;
  ambient: bigint;
  bounding = ALL;
  securebits = 0;
  noNewPrivs = false;
  uid: number;
  gid: number;
  fileUid: number;
  fileGid: number;
  supplementary: readonly number[];
  readonly masked = new Set<number>();
  /** What /proc links say, by path. */
  readonly links = new Map<string, Uint8Array<ArrayBuffer> | string>();
  /** execve(2) as it was asked for: bytes as text, one character each. */
  readonly executed: { path: string; strings: string[] }[] = [];
  /** Closed by execve(2). */
  readonly closeOnExec = new Set<number>();
  readonly seals = new Map<number, number>();
  /** Open sockets, with what was done to each. */
  readonly sockets = new Map<number, string[]>();
  /** Calls in order, as `setgroups` or `prctl 38 1 0`. */
  readonly calls: string[] = [];
  readonly #kernel: FakeKernel;
  readonly #failures = new Map<string, number>();

  constructor(kernel: FakeKernel, thread: FakeThread = {}) {
    this.#kernel = kernel;
    this.uid = this.fileUid = thread.uid ?? 0;
    this.gid = this.fileGid = thread.gid ?? 0;
    this.supplementary = thread.groups ?? [];
    this.ambient = thread.ambient ?? 0n;
    const held = thread.capabilities ?? ALL;
    this.sets = {
      effective: held,
      permitted: held,
      inheritable: this.ambient,
    };
  }

  /** Has calls that begin with `call`, as `prctl 28`, fail from now on. */
  fail(call: string, errno: number): void {
    this.#failures.set(call, errno);
  }

  prctl(option: number, second: number, third: number): number {
    const failed = this.#note(`prctl ${option} ${second} ${third}`);
    if (failed) return failed;
    switch (option) {
      case 8: // PR_SET_KEEPCAPS
        if (this.securebits & (KEEP_CAPS << 1)) return -EPERM;
        this.securebits |= second ? KEEP_CAPS : 0;
        return 0;
      case 24: // PR_CAPBSET_DROP
        if (!this.#holds(CAP_SETPCAP)) return -EPERM;
        if (second > LAST_CAPABILITY) return -EINVAL;
        this.bounding &= ~bit(second);
        return 0;
      case 28: // PR_SET_SECUREBITS
        if (!this.#holds(CAP_SETPCAP)) return -EPERM;
        this.securebits = second;
        return 0;
      case 38: // PR_SET_NO_NEW_PRIVS
        this.noNewPrivs = second === 1;
        return 0;
      case 47: // PR_CAP_AMBIENT
        return this.#ambient(second, bit(third));
    }
    return -EINVAL;
  }

  capabilities(): CapabilitySets | number {
    return this.#note("capget") || this.sets;
  }

  setCapabilities(sets: CapabilitySets): number {
    const failed = this.#note("capset");
    if (failed) return failed;
    const before = this.sets;
    const inheritable = before.inheritable | before.permitted;
    if (
      sets.permitted & ~before.permitted ||
      sets.effective & ~sets.permitted || sets.inheritable & ~inheritable
    ) return -EPERM;
    this.sets = { ...sets };
    this.ambient &= sets.permitted & sets.inheritable;
    return 0;
  }

  groups(): readonly number[] | number {
    return this.#note("getgroups") || this.supplementary;
  }

  setGroups(groups: readonly number[]): number {
    const failed = this.#note("setgroups");
    if (failed) return failed;
    if (!this.#holds(CAP_SETGID)) return -EPERM;
    this.supplementary = [...groups];
    return 0;
  }

  setGid(gid: number): number {
    const failed = this.#note("setresgid");
    if (failed) return failed;
    if (gid !== this.gid && !this.#holds(CAP_SETGID)) return -EPERM;
    this.gid = this.fileGid = gid;
    return 0;
  }

  setUid(uid: number): number {
    const failed = this.#note("setresuid");
    if (failed) return failed;
    if (uid !== this.uid && !this.#holds(CAP_SETUID)) return -EPERM;
    const leavesRoot = this.uid === 0 && uid !== 0;
    this.uid = this.fileUid = uid;
    if (!leavesRoot || this.securebits & NO_SETUID_FIXUP) return 0;
    this.sets = {
      ...this.sets,
      effective: 0n,
      permitted: this.securebits & KEEP_CAPS ? this.sets.permitted : 0n,
    };
    this.ambient = 0n;
    return 0;
  }

  setFileGid(gid: number): number {
    const before = this.fileGid;
    this.#note("setfsgid");
    if (gid === this.gid || (gid >= 0 && this.#holds(CAP_SETGID))) {
      this.fileGid = gid === 0xffff_ffff ? before : gid;
    }
    return before;
  }

  setFileUid(uid: number): number {
    const before = this.fileUid;
    this.#note("setfsuid");
    if (uid === 0xffff_ffff) return before;
    if (uid !== this.uid && !this.#holds(CAP_SETUID)) return before;
    this.fileUid = uid;
    let { effective } = this.sets;
    if (before === 0 && uid !== 0) effective &= ~FILE_CAPABILITIES;
    if (before !== 0 && uid === 0) {
      effective |= this.sets.permitted & FILE_CAPABILITIES;
    }
    this.sets = { ...this.sets, effective };
    return before;
  }

  createMemfd(_name: string, flags: number): number {
    const failed = this.#note(`memfd_create ${flags}`);
    if (failed) return failed;
    const fd = this.#kernel.fds.open({
      kind: "file",
      bytes: new Uint8Array(),
      at: 0,
      readErrno: 0,
    });
    if (fd >= 0) this.seals.set(fd, flags & 2 ? 0 : SEAL_SEAL);
    return fd;
  }

  write(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
    const failed = this.#note("write");
    if (failed) return failed;
    const file = this.#kernel.fds.get(fd);
    if (file?.kind !== "file") return -EBADF;
    if ((this.seals.get(fd) ?? 0) & SEAL_WRITE) return -EPERM;
    // At most so many at once, as a full system writes less than it is given.
    const piece = bytes.subarray(0, 64 * 1024);
    const whole = new Uint8Array(
      Math.max(file.bytes.length, file.at + piece.length),
    );
    whole.set(file.bytes);
    whole.set(piece, file.at);
    file.bytes = whole;
    file.at += piece.length;
    return piece.length;
  }

  seek(fd: number, offset: number, whence: number): number {
    const failed = this.#note("lseek");
    if (failed) return failed;
    const file = this.#kernel.fds.get(fd);
    if (file?.kind !== "file") return -EBADF;
    return file.at = whence === 2 ? file.bytes.length + offset : offset;
  }

  fcntl(fd: number, command: number, argument: number): number {
    const failed = this.#note(`fcntl ${command}`);
    if (failed) return failed;
    const handle = this.#kernel.fds.get(fd);
    if (!handle) return -EBADF;
    const seals = this.seals.get(fd);
    switch (command) {
      case 2: // F_SETFD
        if (argument & 1) this.closeOnExec.add(fd);
        else this.closeOnExec.delete(fd);
        return 0;
      case 1030: { // F_DUPFD_CLOEXEC
        const copy = this.#kernel.fds.open(handle);
        if (copy >= 0) this.closeOnExec.add(copy);
        return copy;
      }
      case 1033: // F_ADD_SEALS
        if (seals === undefined) return -EINVAL;
        if (seals & SEAL_SEAL) return -EPERM;
        this.seals.set(fd, seals | argument);
        return 0;
      case 1034: // F_GET_SEALS
        return seals ?? -EINVAL;
    }
    return -EINVAL;
  }

  close(fd: number): number {
    this.#note("close");
    if (this.sockets.delete(fd)) return 0;
    this.seals.delete(fd);
    return this.#kernel.fds.close(fd);
  }

  readLink(path: string): Uint8Array<ArrayBuffer> | number {
    const failed = this.#note("readlink");
    if (failed) return failed;
    const target = this.links.get(path) ?? "/opt/agent";
    return typeof target === "string"
      ? new TextEncoder().encode(target)
      : target;
  }

  /** Never begins another life: a fake that did could not answer. */
  execute(
    path: Uint8Array<ArrayBuffer>,
    strings: readonly Uint8Array<ArrayBuffer>[],
  ): number {
    const text = new TextDecoder("latin1");
    const asked = {
      path: text.decode(path),
      strings: strings.map((string) => text.decode(string)),
    };
    this.executed.push(asked);
    return this.#note(`execve ${asked.path}`) || -EINVAL;
  }

  maskSignals(block: boolean, signals: readonly number[]): number {
    const failed = this.#note("sigprocmask");
    if (failed) return failed;
    for (const signal of signals) {
      if (block) this.masked.add(signal);
      else this.masked.delete(signal);
    }
    return 0;
  }

  socket(family: number, type: number): number {
    const failed = this.#note(`socket ${family}`);
    if (failed) return failed;
    const fd = FIRST_SOCKET + this.sockets.size;
    this.sockets.set(fd, [`socket ${family} ${type}`]);
    return fd;
  }

  setSocketOption(
    fd: number,
    level: number,
    name: number,
    value: number,
  ): number {
    return this.#onSocket(fd, `setsockopt ${level} ${name} ${value}`);
  }

  bind(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#onSocket(fd, `bind ${address.toHex()}`);
  }

  listen(fd: number, backlog: number): number {
    return this.#onSocket(fd, `listen ${backlog}`);
  }

  #onSocket(fd: number, call: string): number {
    const failed = this.#note(call);
    if (failed) return failed;
    const done = this.sockets.get(fd);
    done?.push(call);
    return done ? 0 : -EBADF;
  }

  #ambient(operation: number, set: bigint): number {
    if (operation === 1) return this.ambient & set ? 1 : 0;
    if (operation !== 2) return -EINVAL;
    const { permitted, inheritable } = this.sets;
    if (
      !(permitted & inheritable & set) ||
      this.securebits & NO_CAP_AMBIENT_RAISE
    ) return -EPERM;
    this.ambient |= set;
    return 0;
  }

  #holds(capability: bigint): boolean {
    return ((this.sets.effective >> capability) & 1n) === 1n;
  }

  /** @returns 0, or the -errno that a test wants */
  #note(call: string): number {
    this.calls.push(call);
    for (const [start, errno] of this.#failures) {
      if (call === start || call.startsWith(`${start} `)) return -errno;
    }
    return 0;
  }
}
