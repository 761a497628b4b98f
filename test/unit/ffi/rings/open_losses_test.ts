/** Owns the tests of ffi/rings/open_losses.ts. @module */
import { assert, assertEquals } from "@std/assert";
import {
  BPF,
  Btf,
  closeLossMaps,
  closeRingLosses,
  EBUSY,
  EPERM,
  openRingLosses,
  PinPlace,
  RING_FUNCTIONS,
  RING_LOSS_TYPES,
  RING_STRUCTS,
} from "../../../../ffi/mod.ts";
import { BtfMaker } from "../../../btf_bytes.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const A_MAP = Uint8Array.of(2, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 1);
const FEXIT = 25;

/** Attaches what the other fake does not know, unless it is told to refuse. */
class TracingKernel extends FakeKernel {
  readonly commands: number[] = [];
  /** Attach types of loaded programs. */
  readonly kinds: number[] = [];
  /** By command, the n-th call of which is answered by an errno. */
  refusal: readonly [command: number, call: number, errno: number] = [0, 0, 0];

  override bpf(
    command: number,
    attr: Uint8Array<ArrayBuffer>,
    size: number,
  ): number {
    this.commands.push(command);
    const [refused, call, errno] = this.refusal;
    const calls = this.commands.filter((one) => one === refused).length;
    if (command === refused && calls >= call) return -errno;
    if (command === BPF.PROG_LOAD) {
      this.kinds.push(new DataView(attr.buffer).getUint32(68, true));
    }
    if (command === BPF.RAW_TRACEPOINT_OPEN || command === BPF.LINK_CREATE) {
      const map = new Uint8Array(48);
      map.set(A_MAP);
      return super.bpf(BPF.MAP_CREATE, map, 48);
    }
    return super.bpf(command, attr, size);
  }
}

function btfOf(lacks: readonly string[] = []): Btf {
  const maker = new BtfMaker();
  const u64 = maker.int("u64", 8);
  const there = (name: string) => !lacks.includes(name);
  maker.struct(
    "bpf_map",
    16,
    ["id", "cookie"].filter(there).map((name, i) => [name, u64, i * 64]),
  );
  maker.struct("bpf_iter__bpf_map_elem", 16, [
    ["key", u64, 0],
    ["value", u64, 64],
  ]);
  for (const name of RING_LOSS_TYPES.functions.filter(there)) {
    maker.function(name);
  }
  return Btf.scan(maker.bytes(), {
    structs: [...RING_STRUCTS, ...RING_LOSS_TYPES.structs],
    functions: [...RING_FUNCTIONS, ...RING_LOSS_TYPES.functions],
    enumerators: [],
  });
}

function open(kernel: FakeKernel, lacks: readonly string[] = []) {
  using btf = btfOf(lacks);
  using pins = new PinPlace(kernel);
  return openRingLosses(kernel, btf, pins);
}

Deno.test("openRingLosses() attaches to each way into a ring that the kernel has, and closing ends it all", () => {
  for (
    const [lacks, functions] of [
      [[], [
        "bpf_ringbuf_reserve",
        "bpf_ringbuf_output",
        "bpf_ringbuf_reserve_dynptr",
      ]],
      [["bpf_ringbuf_reserve_dynptr"], [
        "bpf_ringbuf_reserve",
        "bpf_ringbuf_output",
      ]],
    ] as const
  ) {
    const kernel = new TracingKernel();
    const losses = open(kernel, lacks);
    assert(typeof losses !== "string", String(losses));
    assertEquals(losses.functions, functions);
    assertEquals(
      kernel.kinds.filter((kind) => kind === FEXIT).length,
      functions.length,
    );
    assertEquals(losses.linkFds.length, functions.length);
    assertEquals(losses.mapIds.length, 2);
    closeLossMaps(kernel, losses);
    closeRingLosses(kernel, losses);
    assertEquals(kernel.openFds, 0);
  }
});

Deno.test("openRingLosses() answers one sentence where the kernel refuses, and leaves nothing behind", () => {
  const refused = (
    refusal: TracingKernel["refusal"],
    lacks?: readonly string[],
  ) => {
    const kernel = new TracingKernel();
    kernel.refusal = refusal;
    const losses = open(kernel, lacks);
    assertEquals(kernel.openFds, 0);
    return losses;
  };
  assertEquals(
    refused([BPF.RAW_TRACEPOINT_OPEN, 1, EBUSY]),
    "attaching to bpf_ringbuf_reserve() failed: EBUSY: this kernel, as all that were tried from 6.16 on, is built so that nothing can be attached to its ring buffers",
  );
  assertEquals(
    refused([BPF.RAW_TRACEPOINT_OPEN, 3, EPERM]),
    "attaching to bpf_ringbuf_reserve_dynptr() failed: EPERM",
  );
  assertEquals(
    refused([BPF.PROG_LOAD, 1, EPERM]),
    "BPF_PROG_LOAD failed: EPERM: this kernel lets no program be attached to its functions",
  );
  assertEquals(
    refused([BPF.MAP_CREATE, 2, EPERM]),
    "BPF_MAP_CREATE failed: EPERM",
  );
  assertEquals(
    refused([BPF.LINK_CREATE, 1, EPERM]),
    "BPF_LINK_CREATE failed: EPERM",
  );
  const nothing = [0, Infinity, 0] as const;
  assertEquals(
    refused(nothing, ["cookie"]),
    "this kernel has no bpf_map.cookie",
  );
  assertEquals(
    refused(nothing, ["bpf_ringbuf_reserve"]),
    "this kernel has no bpf_ringbuf_reserve()",
  );
});
