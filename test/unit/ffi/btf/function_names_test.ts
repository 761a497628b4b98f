import { assert, assertEquals } from "@std/assert";
import { FunctionNames } from "../../../../ffi/mod.ts";
import { btfBytes, btfFunction, btfInfo } from "../../../btf_bytes.ts";

const INT = [1, btfInfo(1), 4, 32];
const STRUCT_OF_TWO = [0, btfInfo(4, 2), 8, 1, 1, 0, 1, 1, 32];
const PROTO_OF_ONE = [0, btfInfo(13, 1), 1, 0, 1];
const ARRAY = [0, btfInfo(3), 0, 1, 1, 4];
const VAR = [1, btfInfo(14), 1, 0];
const ENUM64 = [0, btfInfo(19, 1), 8, 1, 0, 0];

Deno.test("FunctionNames.get() finds a function behind types of every length", () => {
  const names = new FunctionNames(
    btfBytes(
      [INT, STRUCT_OF_TWO, PROTO_OF_ONE, ARRAY, VAR, ENUM64, btfFunction(5)],
      "int\0a_function_with_a_name_of_more_than_15_bytes\0",
    ),
  );
  assertEquals(names.get(7), "a_function_with_a_name_of_more_than_15_bytes");
});

Deno.test("FunctionNames.get() answers undefined for a type that is no function", () => {
  const names = new FunctionNames(btfBytes([INT, btfFunction(1)], "int\0"));
  assertEquals(names.get(1), undefined);
  assertEquals(names.get(0), undefined);
  assertEquals(names.get(99), undefined);
});

Deno.test("FunctionNames.get() answers undefined for a name beyond the end", () => {
  const names = new FunctionNames(btfBytes([btfFunction(4_000_000)], "x\0"));
  assertEquals(names.get(1), undefined);
});

Deno.test("FunctionNames takes what is no BTF for BTF without functions", () => {
  for (
    const bytes of [
      new Uint8Array(0),
      new Uint8Array(24),
      new TextEncoder().encode("x".repeat(100)),
    ]
  ) assertEquals(new FunctionNames(bytes).get(1), undefined);
});

Deno.test("FunctionNames reads a cut or lying BTF without going beyond it", () => {
  const whole = btfBytes(
    [INT, STRUCT_OF_TWO, btfFunction(5)],
    "int\0main_function\0",
  );
  for (let length = 0; length < whole.length; length++) {
    new FunctionNames(whole.slice(0, length)).get(3);
  }
  const lying = whole.slice();
  for (const offset of [4, 8, 12, 16, 20, 28]) {
    lying.set([0xff, 0xff, 0xff, 0xff], offset);
    const found = new FunctionNames(lying).get(3);
    assert(found === undefined || found === "main_function", found);
    lying.set(whole.subarray(offset, offset + 4), offset);
  }
  assertEquals(new FunctionNames(lying).get(3), "main_function");
});

Deno.test("FunctionNames stops at a kind that it does not know", () => {
  const names = new FunctionNames(
    btfBytes([btfFunction(1), [0, btfInfo(30), 0], btfFunction(1)], "f\0"),
  );
  assertEquals([names.get(1), names.get(3)], ["f", undefined]);
});
