/**
 * Owns the tests of ffi/btf/scan.ts: what one pass finds, and where it stops. In: hand-made types. Out: assertions.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BtfError, parseHeader } from "../../../../ffi/btf/header.ts";
import {
  type Found,
  isName,
  nameBytes,
  scanTypes,
  type Wanted,
} from "../../../../ffi/btf/scan.ts";
import { btfBytes, btfInfo, BtfMaker } from "../../../btf_bytes.ts";

const ONE_OF_EACH_KIND: readonly (readonly [
  kind: number,
  members: number,
  tail: number,
])[] = [
  [1, 0, 2],
  [2, 0, 1],
  [3, 0, 4],
  [4, 2, 7],
  [5, 3, 10],
  [6, 2, 5],
  [7, 0, 1],
  [8, 0, 1],
  [9, 0, 1],
  [10, 0, 1],
  [11, 0, 1],
  [12, 1, 1],
  [13, 2, 5],
  [14, 0, 2],
  [15, 1, 4],
  [16, 0, 1],
  [17, 0, 2],
  [18, 0, 1],
  [19, 2, 7],
];

function scan(bytes: Uint8Array<ArrayBuffer>, wanted: Partial<Wanted>): Found {
  const { typesStart, typesBytes, stringsStart, stringsBytes } = parseHeader(
    bytes,
  );
  return scanTypes(
    new Uint32Array(bytes.buffer, typesStart, typesBytes / 4),
    bytes.subarray(stringsStart, stringsStart + stringsBytes),
    { structs: [], functions: [], ...wanted },
  );
}

Deno.test("scanTypes() finds wanted structs and functions behind types of every length", () => {
  const maker = new BtfMaker();
  for (const [kind, members, tail] of ONE_OF_EACH_KIND) {
    // A function has its linkage where others have their members.
    maker.type(kind, "", members, ...new Array<number>(tail).fill(1));
  }
  const struct = maker.struct("last", 0, []);
  const found = maker.function("last");
  const { structs, functions, typeCount } = scan(maker.bytes(), {
    structs: ["last", "missing"],
    functions: ["last"],
  });
  assertEquals([...structs], [["last", struct]]);
  assertEquals([...functions], [["last", found]]);
  assertEquals(typeCount, ONE_OF_EACH_KIND.length + 2);
});

Deno.test("scanTypes() takes neither a beginning nor a longer name, nor another kind", () => {
  const maker = new BtfMaker();
  maker.struct("bpf", 0, []);
  maker.struct("bpf_map_ops", 0, []);
  maker.union("bpf_map", 0, []);
  maker.type(7, "bpf_map", 0, 0);
  maker.function("bpf_map");
  const wanted = { structs: ["bpf_map"], functions: ["bpf"] };
  const { structs, functions } = scan(maker.bytes(), wanted);
  assertEquals([...structs, ...functions], []);
});

Deno.test("scanTypes() takes the first of two that have one name", () => {
  const maker = new BtfMaker();
  const first = maker.struct("console", 8, []);
  maker.struct("console", 16, []);
  const { structs } = scan(maker.bytes(), { structs: ["console", "console"] });
  assertEquals([...structs], [["console", first]]);
});

Deno.test("scanTypes() keeps where every 64th type begins", () => {
  for (const [count, kept] of [[0, 0], [1, 1], [64, 1], [65, 2], [129, 3]]) {
    const maker = new BtfMaker();
    for (let i = 0; i < count; i++) maker.int("int", 4);
    const { checkpoints, typeCount } = scan(maker.bytes(), {});
    assertEquals(typeCount, count);
    assertEquals(
      [...checkpoints],
      Array.from({ length: kept }, (_, i) => i * 64 * 4),
    );
  }
});

Deno.test("scanTypes() reads members beyond 65535 and kinds beyond 31, as newer kernels write them", () => {
  const members = 70_000;
  const values = new Array<number>(members * 2).fill(0);
  const enumeration = [0, btfInfo(6, members), 4, ...values];
  const bytes = btfBytes([enumeration, [1, btfInfo(12), 0]], "f\0");
  assertEquals([...scan(bytes, { functions: ["f"] }).functions], [["f", 2]]);
  const { message } = assertThrows(
    () => scan(btfBytes([[0, btfInfo(36), 0]], ""), {}),
    BtfError,
  );
  assert(message.includes("found kind 36"), message);
});

Deno.test("scanTypes() refuses a type that is cut, unknown, or has a lost name", () => {
  const bad: readonly (readonly [number[][], string])[] = [
    [[[0, btfInfo(4, 1), 8]], "expected type 1 whole"],
    [[[0, btfInfo(1), 4, 32], [0, btfInfo(1)]], "expected type 2 whole"],
    [[[0, btfInfo(20), 4]], "expected type 1 of a known kind, found kind 20"],
    [[[0, btfInfo(0), 4]], "expected type 1 of a known kind, found kind 0"],
    [[[9, btfInfo(12), 0]], "the name of type 1 within 1 bytes of strings"],
  ];
  for (const [types, sentence] of bad) {
    const bytes = btfBytes(types, "");
    const { message } = assertThrows(() => scan(bytes, {}), BtfError);
    assert(message.includes(sentence), message);
  }
});

Deno.test("isName() never looks beyond the strings", () => {
  const strings = new TextEncoder().encode("\0abc");
  assert(!isName(strings, 1, nameBytes("abc")));
  assert(!isName(strings, 4_000_000_000, nameBytes("")));
  assert(isName(strings, 0, nameBytes("")));
});

Deno.test("scanTypes() finds the values of wanted enumerators, the first of a name, in any enum", () => {
  // The second names a string that is not there.
  const types = [
    [0, btfInfo(6, 2), 4, 1, 8, 900, 9],
    [0, btfInfo(6, 2), 4, 5, 32, 1, 7],
  ];
  const { enumerators, typeCount } = scan(btfBytes(types, "ONE\0TWO\0"), {
    enumerators: ["TWO", "ONE", "THREE"],
  });
  assertEquals([...enumerators].sort(), [["ONE", 8], ["TWO", 32]]);
  assertEquals(typeCount, 2);
});

Deno.test("scanTypes() refuses an enum that is cut, whether or not its names are asked for", () => {
  for (const enumerators of [[], ["ONE"]]) {
    const bytes = btfBytes([[0, btfInfo(6, 3), 4, 1, 8]], "ONE\0");
    assertThrows(() => scan(bytes, { enumerators }), BtfError, "type 1 whole");
  }
});
