/** Owns the tests of ffi/rings/open.ts. @module */
import { assert, assertEquals } from "@std/assert";
import {
  BPF,
  Btf,
  closeRings,
  EINVAL,
  EPERM,
  openRings,
  PinPlace,
  RING_FUNCTIONS,
  RING_STRUCTS,
} from "../../../../ffi/mod.ts";
import { BtfMaker } from "../../../btf_bytes.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const A_MAP = Uint8Array.of(2, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 1);

/** Makes a link where the other fake knows no iterator. */
class IteratingKernel extends FakeKernel {
  /** Sizes in bytes of the attributes of links. */
  readonly links: number[] = [];
  maps = 0;
  programs = 0;
  /** The n-th such call is refused. */
  refused: { map?: number; program?: number } = {};

  override bpf(
    command: number,
    attr: Uint8Array<ArrayBuffer>,
    size: number,
  ): number {
    if (command === BPF.MAP_CREATE && ++this.maps === this.refused.map) {
      return -EPERM;
    }
    if (command === BPF.PROG_LOAD) {
      // Asked for a log, the same program once more.
      const hasLog = new DataView(attr.buffer).getUint32(24, true) > 0;
      if (!hasLog) this.programs++;
      if (this.programs === this.refused.program) return -EINVAL;
    }
    if (command !== BPF.LINK_CREATE) return super.bpf(command, attr, size);
    this.links.push(size);
    const map = new Uint8Array(48);
    map.set(A_MAP);
    return super.bpf(BPF.MAP_CREATE, map, 48);
  }
}

const STRUCTS: Readonly<Record<string, readonly string[]>> = {
  bpf_iter__bpf_map: ["meta", "map"],
  bpf_iter__bpf_map_elem: ["meta", "map", "key", "value"],
  bpf_iter_meta: ["seq", "session_id", "seq_num"],
  bpf_ringbuf: ["consumer_pos", "producer_pos", "pending_pos", "data"],
  bpf_ringbuf_map: ["map", "rb"],
  bpf_prog_stats: ["cnt"],
};

function btfOf(lacks: readonly string[]): Btf {
  const maker = new BtfMaker();
  const u64 = maker.int("u64", 8);
  const u32 = maker.int("u32", 4);
  const counter = maker.struct("atomic64_t", 8, [["counter", u64, 0]]);
  for (const [name, members] of Object.entries(STRUCTS)) {
    maker.struct(
      name,
      members.length * 8,
      members.map((member, i) => [member, u64, i * 64]),
    );
  }
  maker.struct("bpf_ringbuf_hdr", 8, [["len", u32, 0], ["pg_off", u32, 32]]);
  maker.struct("bpf_map", 40, [
    ["map_type", u32, 0],
    ["id", u32, 32],
    ["max_entries", u32, 64],
    ["cookie", u64, 128],
    ["refcnt", counter, 192],
  ]);
  for (const name of RING_FUNCTIONS) {
    if (!lacks.includes(name)) maker.function(name);
  }
  return Btf.scan(maker.bytes(), {
    structs: [...RING_STRUCTS],
    functions: [...RING_FUNCTIONS],
    enumerators: [],
  });
}

function open(kernel: FakeKernel, lacks: readonly string[] = []) {
  using btf = btfOf(lacks);
  using pins = new PinPlace(kernel);
  return openRings(kernel, btf, pins);
}

Deno.test("openRings() opens a way over all maps and one to the known rings, and closeRings() both", () => {
  const kernel = new IteratingKernel();
  const rings = open(kernel);
  assert(typeof rings !== "string", String(rings));
  assert(rings.known !== undefined);
  assertEquals([rings.form, rings.known.form], ["typed", "typed"]);
  assertEquals(rings.known.recordBytes, rings.recordBytes);
  assert(rings.known.programId !== rings.programId);
  assertEquals(rings.mapIds.length, 3);
  // The short one names the map that it iterates over.
  assertEquals(kernel.links, [16, 28]);
  closeRings(kernel, rings);
  assertEquals(kernel.openFds, 0);
});

for (
  const [what, refused, lacks] of [
    ["the kernel has no loop of its own", {}, ["bpf_iter_num_new"]],
    ["it has no iterator over elements", {}, ["bpf_iter_bpf_map_elem"]],
    ["there is no index", { map: 3 }, []],
    ["the verifier refuses it", { program: 2 }, []],
  ] as const
) {
  Deno.test(`openRings() opens no short way where ${what}`, () => {
    const kernel = new IteratingKernel();
    kernel.refused = refused;
    const rings = open(kernel, lacks);
    assert(typeof rings !== "string", String(rings));
    assertEquals(rings.known, undefined);
    closeRings(kernel, rings);
    assertEquals(kernel.openFds, 0);
  });
}

Deno.test("openRings() answers one sentence where there is no iterator over maps", () => {
  const kernel = new IteratingKernel();
  assertEquals(
    open(kernel, ["bpf_iter_bpf_map"]),
    "this kernel has no iterator over maps",
  );
  assertEquals(kernel.openFds, 0);
});
