/**
 * Owns the tests of ffi/struct.ts. In: bytes written by hand. Out: assertions.
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  chars,
  counter64,
  hex,
  read,
  s32,
  textAt,
  u32,
  u64,
} from "../../../ffi/struct.ts";

function viewOf(...bytes: number[]): DataView<ArrayBuffer> {
  return new DataView(new Uint8Array(bytes).buffer);
}

function viewOfText(text: string): DataView<ArrayBuffer> {
  return new DataView(new TextEncoder().encode(text).buffer);
}

Deno.test("u32() reads little-endian, without a sign", () => {
  const view = viewOf(0, 0x78, 0x56, 0x34, 0xf2);
  assertEquals(read(u32(1), view, 5), 0xf2345678);
});

Deno.test("s32() reads a sign", () => {
  assertEquals(read(s32(0), viewOf(0xfe, 0xff, 0xff, 0xff), 4), -2);
});

Deno.test("u64() keeps the whole value", () => {
  const view = viewOf(...new Array(8).fill(0xff));
  assertEquals(read(u64(0), view, 8), 0xffff_ffff_ffff_ffffn);
});

Deno.test("counter64() is exact up to 2^53", () => {
  const view = viewOf(...new Array(8).fill(0));
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53]) {
    view.setBigUint64(0, BigInt(value), true);
    assertEquals(read(counter64(0), view, 8), value);
  }
});

Deno.test("counter64() stays within one part in 2^53 above", () => {
  const view = viewOf(...new Array(8).fill(0xff));
  assertEquals(read(counter64(0), view, 8), 2 ** 64);
});

Deno.test("hex() writes a tag as bpftool does", () => {
  const view = viewOf(0, 1, 0x0a, 0xff, 0x6d, 0xee, 0xf7, 0x35);
  assertEquals(read(hex(0, 8), view, 8), "00010aff6deef735");
});

Deno.test("chars() stops at the first NUL", () => {
  assertEquals(read(chars(0, 8), viewOfText("ab\0cdefg"), 8), "ab");
});

Deno.test("chars() takes a name that fills its field", () => {
  assertEquals(read(chars(1, 4), viewOfText("abcdefgh"), 8), "bcde");
});

Deno.test("chars() replaces what is not UTF-8", () => {
  const view = viewOf(0x61, 0xff, 0xc3, 0x28, 0x62, 0xe2, 0x82, 0);
  assertEquals(read(chars(0, 8), view, 8), "a\ufffd\ufffd(b\ufffd");
});

Deno.test("chars() keeps a leading byte order mark", () => {
  const view = viewOf(0xef, 0xbb, 0xbf, 0x61, 0, 0, 0, 0);
  assertEquals(read(chars(0, 8), view, 8), "\ufeffa");
});

Deno.test("chars() keeps what would break a page", () => {
  const view = viewOfText('a"\n\\\r{}');
  assertEquals(read(chars(0, 7), view, 7), 'a"\n\\\r{}');
});

Deno.test("read() answers undefined for a field that was not filled", () => {
  const view = viewOf(1, 0, 0, 0, 2, 0, 0, 0);
  assertEquals(read(u32(4), view, 8), 2);
  assertEquals(read(u32(4), view, 7), undefined);
  assertEquals(read(u32(4), view, 4), undefined);
  assertEquals(read(u32(0), view, 4), 1);
  assertEquals(read(u32(0), view, 0), undefined);
});

Deno.test("read() tells a filled zero from an absent field", () => {
  assertEquals(read(u32(0), viewOf(0, 0, 0, 0), 4), 0);
});

Deno.test("textAt() reads within a view that starts later in its buffer", () => {
  const bytes = new TextEncoder().encode("xxxxname\0rest");
  assertEquals(textAt(new DataView(bytes.buffer, 2), 2, 9), "name");
});
