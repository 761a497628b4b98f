/**
 * Owns iterators over the maps of a fake kernel: links that are open already, as a collector is handed them. In: a fake kernel, and
 * failures to come. Out: a port, and the plain data that acquire() would hand on.
 * @module
 */
import {
  EAGAIN,
  type KernelPort,
  MAP_BIRTH,
  MAP_HEAD_BYTES,
  MAP_INFO,
  type OpenIterator,
} from "../../ffi/mod.ts";
import type { TableIterators } from "../../workers/iterate.ts";
import type { FakeKernel } from "./fake_kernel.ts";

const ITER_CREATE = 33;
const TICK_BYTES = 16;
const BIRTH_BYTES = MAP_HEAD_BYTES + MAP_INFO.size;
const LINK = { tick: 9_001, birth: 9_002 } as const;
const FIRST_FD = 10_000;
const BOUND_FD = 9_003;

/** A map as the iterators see it. */
export interface IteratedMap {
  readonly id: number;
  readonly type: number;
  readonly cookie: number;
  readonly keySize: number;
}

export class FakeIterators {
  /** In ascending id. */
  maps: IteratedMap[] = [];
  /** What only the birth program sees; by default the same. */
  born: IteratedMap[] | undefined;
  /** -errno that each next ITER_CREATE answers. */
  refuses = 0;
  /** Of the birth program, as whoever mapped it left it. */
  readonly bound = new Uint32Array(2);
  /** The bounds that the birth program ran with. */
  readonly boundsUsed: number[] = [];
  /** Times that the birth program ran. */
  births = 0;
  readonly #open = new Map<number, Uint8Array[]>();
  #nextFd = FIRST_FD;

  get openFds(): number {
    return this.#open.size;
  }

  get iterators(): TableIterators {
    return {
      tick: openIterator(LINK.tick, TICK_BYTES),
      birth: { ...openIterator(LINK.birth, BIRTH_BYTES), boundFd: BOUND_FD },
      reason: "iterators, for a test",
    };
  }

  /** `kernel` with the iterators. */
  port(kernel: FakeKernel): KernelPort {
    return {
      allocate: (size) => kernel.allocate(size),
      bpf: (command, attr, size) =>
        command === ITER_CREATE
          ? this.#create(new Uint32Array(attr.buffer)[0])
          : kernel.bpf(command, attr, size),
      open: (path, flags) => kernel.open(path, flags),
      read: (fd, into) =>
        fd < FIRST_FD ? kernel.read(fd, into) : this.#read(fd, into),
      mountDetached: (type) => kernel.mountDetached(type),
      openPerfEvent: () => kernel.openPerfEvent(),
      mapShared: (fd, sizeBytes) =>
        fd === BOUND_FD ? this.bound.buffer : kernel.mapShared(fd, sizeBytes),
      unmapShared: () => {},
      chmod: (path, mode) => kernel.chmod(path, mode),
      unlink: (path) => kernel.unlink(path),
      readDirectory: (fd, into) => kernel.readDirectory(fd, into),
      close: (fd) =>
        fd < FIRST_FD ? kernel.close(fd) : this.#open.delete(fd) ? 0 : -9,
      monotonicMs: () => kernel.monotonicMs(),
      threadCpuMs: () => kernel.threadCpuMs(),
      threadId: () => kernel.threadId(),
    };
  }

  #create(link: number): number {
    if (this.refuses < 0) return this.refuses;
    const isBirth = link === LINK.birth;
    if (isBirth) {
      this.births++;
      this.boundsUsed.push(this.bound[0]);
    }
    const maps = isBirth
      ? (this.born ?? this.maps).filter(({ id }) => id >= this.bound[0])
      : this.maps;
    this.#open.set(
      this.#nextFd,
      // An empty piece is a read() that wants to be repeated.
      [new Uint8Array(0), ...maps.map(isBirth ? birthRecord : tickRecord)],
    );
    return this.#nextFd++;
  }

  #read(fd: number, into: Uint8Array): number {
    const piece = this.#open.get(fd)?.shift();
    if (piece === undefined) return 0;
    if (piece.length === 0) return -EAGAIN;
    into.set(piece);
    return piece.length;
  }
}

function tickRecord(map: IteratedMap): Uint8Array {
  const { id, type, cookie } = map;
  return new Uint8Array(Uint32Array.of(id, type, cookie, 0).buffer);
}

function birthRecord(map: IteratedMap): Uint8Array {
  const words = new Uint32Array(BIRTH_BYTES / 4);
  words.set([map.id, map.type, map.cookie, 0]);
  words.set([map.type, map.id, map.keySize], MAP_HEAD_BYTES / 4);
  return new Uint8Array(words.buffer);
}

function openIterator(linkFd: number, recordBytes: number): OpenIterator {
  return {
    linkFd,
    linkId: linkFd,
    programId: linkFd,
    form: "typed",
    recordBytes,
    fields: MAP_BIRTH.fields.map(({ name }) => name),
    absent: {},
  };
}
