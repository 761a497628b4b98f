/**
 * Owns the tests of ffi/btf/btf.ts, with types.ts and lookup.ts behind it: ids, sizes, places of members. In: hand-made types.
 * Out: assertions.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Btf } from "../../../../ffi/btf/btf.ts";
import { BtfError } from "../../../../ffi/btf/header.ts";
import { BtfMaker } from "../../../btf_bytes.ts";

function scan(maker: BtfMaker, ...structs: string[]): Btf {
  return Btf.scan(maker.bytes(), { structs, functions: [] });
}

Deno.test("Btf.structId() and functionId() tell what is absent from what was not asked for", () => {
  const maker = new BtfMaker();
  const struct = maker.struct("here", 4, []);
  const id = maker.function("run");
  const btf = Btf.scan(maker.bytes(), {
    structs: ["here", "gone"],
    functions: ["run", "stop"],
  });
  assertEquals(btf.structId("here"), struct);
  assertEquals(btf.structId("gone"), undefined);
  assertEquals(btf.functionId("run"), id);
  assertEquals(btf.functionId("stop"), undefined);
  assertEquals(btf.sizeOf("gone"), undefined);
  assertEquals(btf.member("gone", "x"), undefined);
  assertEquals(btf.typeCount, 2);
  const { message } = assertThrows(() => btf.structId("run"), RangeError);
  assertEquals(
    message,
    "Cannot look up struct run: expected one of those that were scanned for",
  );
  assertThrows(() => btf.functionId("here"), RangeError);
  assertThrows(() => btf.typedefId("here"), RangeError);
  assertThrows(() => btf.member("other", "x"), RangeError);
});

Deno.test("Btf.typedefId() tells typedefs from what is called the same", () => {
  const maker = new BtfMaker();
  maker.struct("here", 4, []);
  const id = maker.modifier(8, 1, "here");
  const btf = Btf.scan(maker.bytes(), {
    structs: [],
    functions: [],
    typedefs: ["here", "gone"],
  });
  assertEquals([btf.typedefId("here"), btf.typedefId("gone")], [id, undefined]);
});

Deno.test("Btf.scan() takes bytes at an odd place of their buffer", () => {
  const maker = new BtfMaker();
  maker.struct("s", 12, []);
  const bytes = maker.bytes();
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const wanted = { structs: ["s"], functions: [] };
  assertEquals(Btf.scan(shifted.subarray(3), wanted).sizeOf("s"), 12);
});

Deno.test("Btf.member() sees through modifiers to sizes of every kind", () => {
  const maker = new BtfMaker();
  const int = maker.int("int", 4);
  const char = maker.int("char", 1);
  let wrapped = int;
  for (const kind of [8, 9, 10, 11, 18] as const) {
    wrapped = maker.modifier(kind, wrapped, kind === 8 ? "u32" : "");
  }
  const pointer = maker.pointer(0);
  const name = maker.modifier(8, maker.array(maker.modifier(10, char), 16));
  const matrix = maker.array(maker.array(int, 3), 5);
  const tail = maker.array(pointer, 0);
  const color = maker.type(6, "color", 0, 4);
  const big = maker.type(19, "big", 0, 8);
  const real = maker.type(16, "double", 0, 8);
  const inner = maker.struct("inner", 24, []);
  maker.struct("all", 200, [
    ["wrapped", wrapped, 0],
    ["pointer", pointer, 64],
    ["name", name, 128],
    ["matrix", matrix, 256],
    ["color", color, 736],
    ["big", big, 768],
    ["real", real, 832],
    ["inner", inner, 896],
    ["tail", tail, 1600],
  ]);
  const btf = scan(maker, "all", "inner");
  const sizes = {
    wrapped: [0, 4],
    pointer: [8, 8],
    name: [16, 16],
    matrix: [32, 60],
    "matrix[2]": [56, 12],
    "matrix[2][1]": [60, 4],
    "matrix[4][2]": [88, 4],
    color: [92, 4],
    big: [96, 8],
    real: [104, 8],
    inner: [112, 24],
    tail: [200, 0],
    "tail[7]": [256, 8],
  };
  for (const [path, [byteOffset, sizeBytes]] of Object.entries(sizes)) {
    assertEquals(btf.member("all", path), { byteOffset, sizeBytes }, path);
  }
  for (
    const path of ["matrix[5]", "matrix[2][3]", "matrix[0][0][0]", "big[0]"]
  ) {
    assertEquals(btf.member("all", path), undefined, path);
  }
  assertEquals(btf.sizeOf("all"), 200);
});

Deno.test("Btf.member() finds members of anonymous and of named ones, as C does", () => {
  const maker = new BtfMaker();
  const int = maker.int("int", 4);
  const deep = maker.struct("", 8, [["low", int, 0], ["high", int, 32]]);
  const either = maker.union("", 8, [["", deep, 0], ["whole", int, 0]]);
  const named = maker.struct("named", 16, [["first", int, 0], [
    "",
    either,
    64,
  ]]);
  const list = maker.array(maker.modifier(10, named), 4);
  const pointer = maker.pointer(named);
  maker.struct("outer", 128, [
    ["before", int, 0],
    ["", either, 32],
    ["in", named, 128],
    ["list", list, 256],
    ["to", pointer, 768],
    ["low", int, 992],
  ]);
  const btf = scan(maker, "outer");
  const offsets = {
    before: 0,
    low: 4,
    high: 8,
    whole: 4,
    "in.first": 16,
    "in.high": 28,
    "list[3].high": 92,
    to: 96,
  };
  for (const [path, byteOffset] of Object.entries(offsets)) {
    assertEquals(btf.member("outer", path)?.byteOffset, byteOffset, path);
  }
  for (
    const path of ["first", "in.before", "to.first", "before.x", "list.low"]
  ) {
    assertEquals(btf.member("outer", path), undefined, path);
  }
});

Deno.test("Btf.member() gives bit fields their bits and the narrowest load", () => {
  const maker = new BtfMaker();
  const u32 = maker.int("u32", 4);
  const u64 = maker.int("u64", 8);
  const bits = maker.struct("", 4, [["inner", u32, 9, 3]]);
  maker.struct("flags", 32, [
    ["plain", u32, 0, 0],
    ["one", u32, 32, 1],
    ["nine", u32, 35, 9],
    ["across", u32, 55, 17],
    ["", bits, 64, 0],
    ["wide", u64, 128, 57],
    ["lost", u64, 193, 64],
  ]);
  const btf = scan(maker, "flags");
  const at = (path: string): unknown => btf.member("flags", path);
  assertEquals(at("plain"), { byteOffset: 0, sizeBytes: 4 });
  const fields: readonly (readonly [string, number, number, number, number])[] =
    [
      ["one", 4, 1, 0, 1],
      ["nine", 4, 2, 3, 9],
      ["across", 6, 4, 7, 17],
      ["inner", 9, 1, 1, 3],
      ["wide", 16, 8, 0, 57],
    ];
  for (const [path, byteOffset, sizeBytes, bitOffset, bitSize] of fields) {
    const bitField = { bitOffset, bitSize };
    assertEquals(at(path), { byteOffset, sizeBytes, bitField }, path);
  }
  // 64 bits from the second bit of a byte on: no load has them all.
  assertEquals(at("lost"), undefined);
});

Deno.test("Btf.member() reads bit fields of before kind_flag", () => {
  const maker = new BtfMaker();
  const three = maker.int("u32", 4, 3, 5);
  const whole = maker.int("u32", 4);
  maker.struct("old", 8, [["three", three, 32], ["crooked", whole, 33]]);
  const btf = scan(maker, "old");
  assertEquals(btf.member("old", "three"), {
    byteOffset: 4,
    sizeBytes: 1,
    bitField: { bitOffset: 5, bitSize: 3 },
  });
  // Neither a bit field nor at a byte: nothing can load it.
  assertEquals(btf.member("old", "crooked"), undefined);
});

Deno.test("Btf.member() refuses a path that is none", () => {
  const maker = new BtfMaker();
  maker.struct("s", 4, [["a", maker.int("int", 4), 0]]);
  const btf = scan(maker, "s");
  for (const path of ["", ".", ".a", "a-b", "a[", "a[-1]", "[0]", "a b"]) {
    assertThrows(() => btf.member("s", path), RangeError, "joined by dots");
  }
});

Deno.test("Btf answers undefined for members of types that do not exist", () => {
  const maker = new BtfMaker();
  const nothing = maker.array(0, 4);
  const proto = maker.type(13, "", 0, 0);
  const huge = maker.array(
    maker.array(maker.int("int", 4), 2 ** 32 - 1),
    2 ** 32 - 1,
  );
  maker.struct("s", 4, [
    ["void", 0, 0],
    ["lost", 4_000_000_000, 0],
    ["nothing", nothing, 0],
    ["proto", proto, 0],
    ["huge", huge, 0],
  ]);
  const btf = scan(maker, "s");
  for (const path of ["void", "lost", "nothing", "proto", "huge", "lost.x"]) {
    assertEquals(btf.member("s", path), undefined, path);
  }
});

Deno.test("Btf gives up where types go in circles", () => {
  const maker = new BtfMaker();
  const chain = maker.modifier(8, 2, "a");
  maker.modifier(9, 1);
  const nest = maker.array(4, 1);
  maker.array(3, 1);
  const members = Array.from({ length: 300 }, () => ["", 7, 0] as const);
  maker.struct("self", 4, [["", 5, 0]]);
  maker.struct("s", 4, [["chain", chain, 0], ["nest", nest, 0]]);
  maker.struct("", 4, members);
  maker.struct("tree", 4, members);
  const btf = scan(maker, "self", "s", "tree");
  assertThrows(() => btf.member("s", "chain"), BtfError, "type 1");
  assertThrows(() => btf.member("s", "nest"), BtfError, "type 3");
  assertThrows(() => btf.member("self", "x"), BtfError, "nests more than 32");
  assertThrows(() => btf.member("tree", "x"), BtfError, "Cannot look up x");
});

Deno.test("Btf gives up at too many members, not after years", () => {
  const maker = new BtfMaker();
  for (let id = 1; id <= 8; id++) {
    const below = Array.from({ length: 1000 }, () => ["", id + 1, 0] as const);
    maker.struct(id === 1 ? "wide" : "", 4, below);
  }
  maker.struct("", 0, []);
  const btf = scan(maker, "wide");
  assertThrows(() => btf.member("wide", "x"), BtfError, "20000 members");
});
