/**
 * The first proof of the iterator's ground: a program is assembled from offsets found in the kernel's BTF, loaded, linked and
 * read, and says of maps what the walk says. In: a kernel with BTF (root). Out: assertions.
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  Assembler,
  Btf,
  createIterator,
  createIteratorLink,
  EAGAIN,
  Fd,
  type KernelPort,
  loadOrRefusal,
  MAP_INFO,
  MAP_TYPES,
  type Member,
  ObjectWalk,
  openLibc,
  type ProgramSpec,
  read,
  readBtf,
  textAt,
  TRACE_ITER,
  TRACING,
  type Width,
} from "../../ffi/mod.ts";
import { bufferOf } from "../kernel/attr.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { makeMap, makeMaps } from "../kernel/maps.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";

const SEQ_WRITE = 127;
const NAME_BYTES = 16;

/** Where each field is in a record; a name at the end. */
const NUMBERS = [
  ["id", 0],
  ["map_type", 4],
  ["key_size", 8],
  ["value_size", 12],
  ["max_entries", 16],
  ["map_flags", 20],
] as const;
const NAME_OFFSET = 24;
const RECORD_BYTES = NAME_OFFSET + NAME_BYTES;

interface MapRow {
  readonly id: number;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly name: string;
}

function kernelTypes(kernel: KernelPort): Btf {
  const bytes = readBtf(kernel);
  assert(typeof bytes !== "number", `errno ${bytes}`);
  return Btf.scan(bytes, {
    structs: ["bpf_map", "bpf_iter__bpf_map", "bpf_iter_meta"],
    functions: ["bpf_iter_bpf_map"],
  });
}

function member(btf: Btf, struct: string, path: string): Member {
  const found = btf.member(struct, path);
  assert(found !== undefined, `this kernel has no ${struct}.${path}`);
  return found;
}

/** @param checksEnd without it the program takes the end of the list, where there is no map, for one */
function mapProgram(btf: Btf, checksEnd = true): Uint8Array<ArrayBuffer> {
  const asm = new Assembler().move("r6", "r1")
    .load(8, "r7", "r1", member(btf, "bpf_iter__bpf_map", "map").byteOffset);
  if (checksEnd) asm.jump("r7", "==", 0, "end");
  for (const [name, offset] of NUMBERS) {
    const { byteOffset, sizeBytes } = member(btf, "bpf_map", name);
    assertEquals(sizeBytes, 4, name);
    asm.load(4, "r0", "r7", byteOffset)
      .store(4, "r10", offset - RECORD_BYTES, "r0");
  }
  const name = member(btf, "bpf_map", "name");
  assertEquals(name.sizeBytes, NAME_BYTES);
  const width: Width = 8;
  for (let i = 0; i < NAME_BYTES; i += width) {
    asm.load(width, "r0", "r7", name.byteOffset + i)
      .store(width, "r10", NAME_OFFSET + i - RECORD_BYTES, "r0");
  }
  return asm
    .load(8, "r1", "r6", member(btf, "bpf_iter__bpf_map", "meta").byteOffset)
    .load(8, "r1", "r1", member(btf, "bpf_iter_meta", "seq").byteOffset)
    .move("r2", "r10").alu64("r2", "+=", -RECORD_BYTES)
    .move("r3", RECORD_BYTES).call(SEQ_WRITE)
    .label("end").move("r0", 0).exit()
    .assemble();
}

function specOf(kernel: KernelPort, btf: Btf, code: Uint8Array): ProgramSpec {
  return {
    type: TRACING,
    instructions: bufferOf(kernel, code),
    instructionCount: code.length / 8,
    name: "probe_maps",
    expectedAttachType: TRACE_ITER,
    attachBtfId: btf.functionId("bpf_iter_bpf_map") ?? 0,
  };
}

/** One iteration to its end. */
function readAll(kernel: KernelPort, linkFd: number): Uint8Array {
  using iterator = new Fd(kernel, createIterator(kernel, linkFd));
  const chunk = new Uint8Array(1 << 16);
  const pieces: number[] = [];
  for (;;) {
    const length = kernel.read(iterator.number, chunk);
    if (length === -EAGAIN) continue;
    assert(length >= 0, `errno ${length}`);
    if (length === 0) return Uint8Array.from(pieces);
    for (const byte of chunk.subarray(0, length)) pieces.push(byte);
  }
}

function rowsOf(records: Uint8Array): Map<number, MapRow> {
  assertEquals(records.length % RECORD_BYTES, 0);
  const view = new DataView(records.buffer);
  const rows = new Map<number, MapRow>();
  for (let at = 0; at < records.length; at += RECORD_BYTES) {
    const [id, type, keySize, valueSize, maxEntries, flags] = NUMBERS.map(
      ([, offset]) => view.getUint32(at + offset, true),
    );
    const name = textAt(view, at + NAME_OFFSET, NAME_BYTES);
    rows.set(id, { id, type, keySize, valueSize, maxEntries, flags, name });
  }
  return rows;
}

/** What the walk says of every map. */
function walked(kernel: KernelPort): Map<number, MapRow> {
  const rows = new Map<number, MapRow>();
  const walk = new ObjectWalk(kernel, "map", MAP_INFO.size);
  const failure = walk.run({
    leaveOut: () => false,
    visit(id, { view }, filled) {
      rows.set(id, {
        id,
        type: read(MAP_INFO.type, view, filled) ?? NaN,
        keySize: read(MAP_INFO.key_size, view, filled) ?? NaN,
        valueSize: read(MAP_INFO.value_size, view, filled) ?? NaN,
        maxEntries: read(MAP_INFO.max_entries, view, filled) ?? NaN,
        flags: read(MAP_INFO.map_flags, view, filled) ?? NaN,
        name: read(MAP_INFO.name, view, filled) ?? "",
      });
    },
    skip() {},
  });
  assertEquals(failure, undefined);
  return rows;
}

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

kernelTest(
  "a map iterator assembled from BTF says of every type of map what the walk says",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    makeMaps(workshop);
    using btf = kernelTypes(kernel);
    const spec = specOf(kernel, btf, mapProgram(btf));
    const answer = loadOrRefusal(kernel, spec);
    assert(typeof answer === "number", Deno.inspect(answer));
    using program = new Fd(kernel, answer);
    using link = new Fd(kernel, createIteratorLink(kernel, program.number));
    const iterated = rowsOf(readAll(kernel, link.number));
    const reference = walked(kernel);
    const ids = workshop.ids("map");
    assertGreater(ids.length, 30);
    for (const id of ids) {
      assert(iterated.has(id), `map ${id} was not iterated`);
      assertEquals(iterated.get(id), reference.get(id));
    }
    const types = new Set(ids.map((id) => iterated.get(id)?.type));
    assertGreater(types.size, 20);

    const later = makeMap(workshop, {
      type: "hash",
      key: 12,
      value: 34,
      max: 56,
      name: "born_later",
    });
    assertEquals(rowsOf(readAll(kernel, link.number)).get(later?.id ?? 0), {
      id: later?.id ?? 0,
      type: MAP_TYPES.indexOf("hash"),
      keySize: 12,
      valueSize: 34,
      maxEntries: 56,
      flags: 0,
      name: "born_later",
    });
  },
  noBtf,
);

kernelTest(
  "a map iterator that does not expect the end is refused with the verifier's reason",
  () => {
    const kernel = openLibc();
    using btf = kernelTypes(kernel);
    const spec = specOf(kernel, btf, mapProgram(btf, false));
    const refusal = loadOrRefusal(kernel, spec);
    assert(typeof refusal !== "number", "it was loaded");
    assert(
      /^R7 invalid mem access '.*ptr_or_null_'$/.test(refusal.reason),
      refusal.reason,
    );
  },
  noBtf,
);
