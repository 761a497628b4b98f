/**
 * Owns FakeKernel: a stateful KernelPort that decodes the same encoded attributes as Linux does, so that whoever encodes
 * them is under test too. In: objects, files and faults that a test adds. Out: what the kernel would answer.
 * test/contract/ holds it against the real kernel.
 * @module
 */
import type { ObjectKind } from "../../ffi/bpf.ts";
import {
  E2BIG,
  EBADF,
  EFAULT,
  EINVAL,
  EMFILE,
  ENAMETOOLONG,
  ENODEV,
  ENOENT,
  ENOTDIR,
  EPERM,
} from "../../ffi/errno.ts";
import type { KernelBuffer, KernelPort } from "../../ffi/port.ts";
import { O_DIRECTORY } from "../../ffi/port.ts";
import {
  COMMANDS,
  countRuns,
  execute,
  type KernelState,
} from "./fake_commands.ts";
import { Faults, type FaultScope } from "./fake_faults.ts";
import { FakeFds } from "./fake_fds.ts";
import { encodeDirents, FakeFiles } from "./fake_files.ts";
import { FakePins, openPin, unlinkPin } from "./fake_pins.ts";
import { fakeKernelBtf } from "./fake_btf.ts";
import { FakeMemory } from "./fake_memory.ts";
import { ATTR_BYTES_6_18, INFO_BYTES_6_18 } from "./info_layouts.ts";
import { ObjectStore } from "./object_store.ts";

/** What kind of kernel it is; by default 6.18, asked by root. */
export interface FakeKernelOptions {
  readonly privileged?: boolean;
  /** Bytes of `struct bpf_*_info` in this kernel, as 40 for a map before 4.18. */
  readonly infoBytes?: Partial<Record<ObjectKind, number>>;
  /** Bytes of `union bpf_attr` in this kernel. */
  readonly attrBytes?: number;
  /** Commands that this kernel does not have. */
  readonly lacks?: readonly number[];
  /** RLIMIT_NOFILE. */
  readonly fdLimit?: number;
  readonly threadId?: number;
}

const EISDIR = 21;
const PAGE_BYTES = 4096;
const PATH_MAX = 4096;
const ALL_CAPABILITIES = "000001ffffffffff";
const NO_CAPABILITIES = "0000000000000000";

/** A Linux that a test makes up. */
export class FakeKernel extends ObjectStore implements KernelPort, KernelState {
  readonly memory = new FakeMemory();
  readonly files = new FakeFiles();
  readonly fds: FakeFds;
  readonly infoBytes: Readonly<Record<ObjectKind, number>>;
  /** Names that a raw tracepoint can be attached to. */
  readonly tracepoints = new Set(["sys_enter", "sys_exit", "bpf_test_finish"]);
  /** Holds CAP_SYS_ADMIN and the rest. */
  privileged: boolean;
  /** CLOCK_MONOTONIC. */
  nowMs = 1_000_000;
  /** `kernel.bpf_stats_enabled` is 1. */
  statsSysctl = false;
  /** Another process holds BPF_ENABLE_STATS. */
  statsOther = false;
  /** What one run of a program takes. */
  runNs = 25;
  /** What statistics add to a run; part of it is in the run time that they tell. */
  statsCostNs = 0;
  statsFloorNs = 0;
  kernelBtf: Uint8Array | undefined;
  cpus = 2;
  refusedFields: ReadonlySet<string> = new Set();
  readonly pins = new FakePins();
  bpffsMounted = false;
  verifier?: KernelState["verifier"];
  /** Calls of bpf() so far, refused ones too. */
  bpfCalls = 0;
  readonly #threadId: number;
  readonly #lacks: ReadonlySet<number>;
  readonly #faults = new Faults();
  readonly #attribute: Uint8Array<ArrayBuffer>;
  readonly #attributeView: DataView;

  constructor(options: FakeKernelOptions = {}) {
    super();
    this.privileged = options.privileged ?? true;
    this.infoBytes = { ...INFO_BYTES_6_18, ...options.infoBytes };
    this.#threadId = options.threadId ?? 4242;
    this.#lacks = new Set(options.lacks);
    this.fds = new FakeFds(
      options.fdLimit ?? 1024,
      (object) => this.forget(object),
    );
    this.#attribute = new Uint8Array(options.attrBytes ?? ATTR_BYTES_6_18);
    this.#attributeView = new DataView(this.#attribute.buffer);
    this.#addOwnFiles();
  }

  /** Descriptors that are open now: 0 after a test that leaves none behind. */
  get openFds(): number {
    return this.fds.size;
  }

  get statsEnabled(): boolean {
    return this.statsSysctl || this.statsOther || this.fds.holdsStats;
  }

  /** Has calls of a command fail, all to come unless `scope` says less. */
  fail(command: number, errno: number, scope: FaultScope = {}): void {
    this.#faults.fail(command, errno, scope);
  }

  /** Has the next calls of bpf(), whatever the command, answer EINTR. */
  interrupt(times: number): void {
    this.#faults.interrupt(times);
  }

  /** Everything works again. */
  clearFaults(): void {
    this.#faults.clear();
  }

  advanceMs(ms: number): void {
    this.nowMs += ms;
  }

  /** It has BTF, and iterators over maps, programs and links. @param lacks members and functions that it has not */
  giveIterators(lacks: readonly string[] = []): this {
    const bytes = fakeKernelBtf(lacks);
    this.kernelBtf = bytes;
    this.files.addFile("/sys/kernel/btf/vmlinux", bytes);
    this.files.addFile(
      "/sys/devices/system/cpu/possible",
      () => `0-${this.cpus - 1}\n`,
    );
    return this;
  }

  /** A program runs in the kernel; that is counted where statistics are on. */
  runProgram(id: number, times = 1): void {
    const program = this.tables.program.get(id);
    if (!program) throw new RangeError(`There is no program ${id}`);
    countRuns(this, program, times);
  }

  allocate(size: number): KernelBuffer {
    return this.memory.allocate(size);
  }

  bpf(command: number, attr: Uint8Array<ArrayBuffer>, size: number): number {
    this.bpfCalls++;
    const known = this.#attribute;
    if (size > PAGE_BYTES) return -E2BIG;
    if (size > attr.length) return -EFAULT;
    for (let at = known.length; at < size; at++) {
      if (attr[at] !== 0) return -E2BIG;
    }
    known.fill(0);
    known.set(attr.subarray(0, Math.min(size, known.length)));
    const firstWord = this.#attributeView.getUint32(0, true);
    const handle = command === 15 ? this.fds.get(firstWord) : undefined;
    const errno = this.#faults.take(
      command,
      firstWord,
      handle?.kind === "object" ? handle.object : undefined,
    );
    if (errno !== 0) return -errno;
    const found = COMMANDS.get(command);
    if (!found || this.#lacks.has(command)) return -EINVAL;
    return execute(found, this, {
      view: this.#attributeView,
      size: Math.min(size, known.length),
      answer(offset, value) {
        for (let i = 0; i < 4; i++) attr[offset + i] = value >>> (8 * i);
      },
    });
  }

  open(path: string, flags = 0): number {
    if (path.length >= PATH_MAX) return -ENAMETOOLONG;
    if (this.fds.isFull) return -EMFILE;
    const pinned = openPin(this, path, flags);
    if (pinned !== undefined) return pinned;
    const opened = this.files.open(path, (flags & O_DIRECTORY) !== 0);
    return typeof opened === "number" ? opened : this.fds.open(opened);
  }

  read(fd: number, into: Uint8Array<ArrayBuffer>): number {
    const handle = this.fds.get(fd);
    if (!handle) return -EBADF;
    if (handle.kind === "directory") return -EISDIR;
    if (handle.kind === "iteration") return handle.read(into);
    if (handle.kind !== "file") return -EINVAL;
    const piece = handle.bytes.subarray(handle.at, handle.at + into.length);
    if (piece.length === 0) {
      return handle.readErrno === 0 ? 0 : -handle.readErrno;
    }
    into.set(piece);
    handle.at += piece.length;
    return piece.length;
  }

  mountDetached(type: string): number {
    if (!this.privileged) return -EPERM;
    return type === "bpf" ? this.fds.open({ kind: "mount" }) : -ENODEV;
  }

  /** It has no perf events. */
  openPerfEvent(): number {
    return -ENOENT;
  }

  /** Its programs are not run, so nobody reads it. */
  mapShared(_fd: number, sizeBytes: number): ArrayBuffer {
    return new ArrayBuffer(sizeBytes);
  }

  unmapShared(): void {}

  chmod(path: string, mode: number): number {
    const pin = this.pins.get(path);
    if (pin === undefined) return -ENOENT;
    pin.mode = mode;
    return 0;
  }

  unlink(path: string): number {
    return unlinkPin(this, path);
  }

  readDirectory(fd: number, into: Uint8Array<ArrayBuffer>): number {
    const handle = this.fds.get(fd);
    if (!handle) return -EBADF;
    if (handle.kind !== "directory") return -ENOTDIR;
    const names = handle.list();
    const { written, next } = encodeDirents(names, handle.at, into);
    if (written === 0 && next < names.length) return -EINVAL;
    handle.at = next;
    return written;
  }

  close(fd: number): number {
    return this.fds.close(fd);
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  /** This thread has run all the time. */
  threadCpuMs(): number {
    return this.nowMs;
  }

  threadId(): number {
    return this.#threadId;
  }

  /** What every process has; a test adds the rest, and may replace these. */
  #addOwnFiles(): void {
    const { files } = this;
    files.addFile("/proc/thread-self/status", () => {
      const held = this.privileged ? ALL_CAPABILITIES : NO_CAPABILITIES;
      return `Name:\tdeno\nCapPrm:\t${held}\nCapEff:\t${held}\n`;
    });
    files.addFile(`/proc/self/task/${this.#threadId}/comm`, "deno\n");
    files.addFile(
      "/proc/sys/kernel/bpf_stats_enabled",
      () => this.statsSysctl ? "1\n" : "0\n",
    );
    files.addDirectory(
      "/proc/self/fd",
      () => ["0", "1", "2", ...this.fds.numbers.map(String)],
    );
  }
}
