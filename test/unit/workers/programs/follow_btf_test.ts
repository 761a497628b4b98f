import { assertEquals } from "@std/assert";
import {
  BPF,
  BTF_PIECE_BYTES,
  MAP_BTF,
  type OpenIterator,
  PROGRAM_BTF,
} from "../../../../ffi/mod.ts";
import { BtfFollower } from "../../../../workers/programs/follow_btf.ts";
import { listBtf } from "../../../../workers/programs/btf.ts";
import type { BtfDescription } from "../../../../workers/programs/model.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const PROGRAMS = 9_001;
const MAPS = 9_002;

interface Piece {
  readonly id: number;
  readonly size?: number;
  readonly kernel?: boolean;
  readonly name?: string;
}

/** A kernel whose iterators write what `records` has, by link. */
class IteratedKernel extends FakeKernel {
  readonly records = new Map<number, Piece[][]>();
  refuses = 0;
  readonly #open = new Map<number, Uint8Array>();
  #nextFd = 10_000;

  override bpf(
    command: number,
    attr: Uint8Array<ArrayBuffer>,
    size: number,
  ): number {
    if (command !== BPF.ITER_CREATE) return super.bpf(command, attr, size);
    if (this.refuses < 0) return this.refuses;
    const [link] = new Uint32Array(attr.buffer, attr.byteOffset, 1);
    const pieces = (this.records.get(link) ?? []).flat();
    const bytes = new Uint8Array(pieces.length * BTF_PIECE_BYTES);
    pieces.forEach((piece, i) => {
      const at = i * BTF_PIECE_BYTES;
      new Uint32Array(bytes.buffer, at, 2).set([piece.id, piece.size ?? 0]);
      bytes[at + 8] = piece.kernel ? 1 : 0;
      new TextEncoder().encodeInto(piece.name ?? "", bytes.subarray(at + 16));
    });
    this.#open.set(this.#nextFd, bytes);
    return this.#nextFd++;
  }

  override read(fd: number, into: Uint8Array<ArrayBuffer>): number {
    const bytes = this.#open.get(fd);
    if (bytes === undefined) return super.read(fd, into);
    into.set(bytes);
    this.#open.set(fd, new Uint8Array(0));
    return bytes.length;
  }

  override close(fd: number): number {
    return this.#open.delete(fd) ? 0 : super.close(fd);
  }
}

const NONE: Piece = { id: 0 };
const ITERATORS = {
  program: iterator(PROGRAMS, 2, PROGRAM_BTF.fields),
  map: iterator(MAPS, 1, MAP_BTF.fields),
  reason: "iterators, for a test",
};

function iterator(
  linkFd: number,
  pieces: number,
  fields: readonly { readonly name: string }[],
): OpenIterator {
  return {
    linkFd,
    linkId: linkFd,
    programId: linkFd,
    form: "typed",
    recordBytes: pieces * BTF_PIECE_BYTES,
    fields: fields.map(({ name }) => name),
    absent: {},
  };
}

function kernelBtf(id: number, name: string): BtfDescription {
  return {
    id,
    identity: `${id}:500:1:${name}`,
    name,
    sizeBytes: 500,
    kernel: true,
  };
}

function setUp(atStart: readonly BtfDescription[], leaveOut: number[] = []) {
  const kernel = new IteratedKernel();
  kernel.files.addFile("/sys/kernel/btf/vmlinux", "");
  kernel.files.addFile("/sys/kernel/btf/veth", "");
  const follower = new BtfFollower(kernel, ITERATORS, atStart, leaveOut);
  return {
    kernel,
    follower,
    sample() {
      const { failure } = follower.sample();
      const { ids, count } = follower.rows.columns;
      return { errno: failure?.errno, ids: [...ids.slice(0, count)] };
    },
    told: () => follower.rows.takeBirths()?.descriptions ?? [],
  };
}

Deno.test("BtfFollower describes what programs and maps refer to as the walk does, each once, in ascending id", () => {
  const { kernel, follower, sample, told } = setUp([]);
  const objects = [
    { id: 7, size: 300, kernel: false, name: "" },
    { id: 1, size: 500, kernel: true, name: "vmlinux" },
    { id: 12, size: 40, kernel: false, name: "" },
  ];
  for (const { id, size, kernel: isKernel, name } of objects) {
    kernel.addBtf({ id, sizeBytes: size, kernelBtf: isKernel ? 1 : 0, name });
  }
  kernel.records.set(PROGRAMS, [
    [objects[0], objects[1]],
    [objects[0], NONE],
    [NONE, objects[1]],
  ]);
  kernel.records.set(MAPS, [[objects[2]], [objects[0]]]);
  assertEquals(sample(), { errno: undefined, ids: [1, 7, 12] });
  assertEquals(told(), [...listBtf(kernel) ?? []]);
  assertEquals(sample().ids, [1, 7, 12]);
  assertEquals(told(), []);
  kernel.records.set(MAPS, []);
  assertEquals(sample().ids, [1, 7]);
  assertEquals([follower.backend, follower.isLowerBound], ["iterator", true]);
});

Deno.test("BtfFollower keeps the kernel's own BTF of the start while its name stands", () => {
  const { kernel, sample, told } = setUp([
    kernelBtf(1, "vmlinux"),
    kernelBtf(5, "veth"),
    { id: 9, identity: "9:1:0:", name: "", sizeBytes: 1, kernel: false },
  ]);
  assertEquals(sample().ids, [1, 5]);
  assertEquals(told(), [kernelBtf(1, "vmlinux"), kernelBtf(5, "veth")]);
  kernel.files.remove("/sys/kernel/btf/veth");
  assertEquals(sample().ids, [1]);
  // A module that is loaded again has another id, which is known once somebody refers to it.
  kernel.files.addFile("/sys/kernel/btf/veth", "");
  assertEquals(sample().ids, [1]);
  const again = { id: 30, size: 500, kernel: true, name: "veth" };
  kernel.records.set(PROGRAMS, [[NONE, again]]);
  assertEquals(sample().ids, [1, 30]);
});

Deno.test("BtfFollower lets a module go that came again between two passes, once that is seen", () => {
  const { kernel, sample } = setUp([kernelBtf(5, "veth")]);
  const again = { id: 30, size: 600, kernel: true, name: "veth" };
  kernel.records.set(PROGRAMS, [[NONE, again]]);
  assertEquals(sample().ids, [30]);
});

Deno.test("BtfFollower keeps its rows and says why when an iterator fails", () => {
  const { kernel, sample } = setUp([kernelBtf(1, "vmlinux")]);
  sample();
  kernel.refuses = -24;
  assertEquals(sample(), { errno: "EMFILE", ids: [1] });
  kernel.refuses = 0;
  assertEquals(sample().errno, undefined);
});

Deno.test("BtfFollower leaves out what it is told to", () => {
  const { kernel, sample } = setUp([], [7]);
  kernel.records.set(MAPS, [[{ id: 7 }], [{ id: 8 }]]);
  assertEquals(sample().ids, [8]);
});

Deno.test("BtfFollower without iterators knows the kernel's own, and says so", () => {
  const kernel = new IteratedKernel();
  kernel.files.addFile("/sys/kernel/btf/vmlinux", "");
  const follower = new BtfFollower(
    kernel,
    "no BTF",
    [kernelBtf(1, "vmlinux")],
    [],
  );
  assertEquals(follower.sample().failure, undefined);
  assertEquals(follower.rows.columns.count, 1);
  assertEquals(
    follower.backendReason,
    "only the kernel's own are known: no BTF",
  );
});
