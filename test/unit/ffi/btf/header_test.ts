/**
 * Owns the tests of ffi/btf/header.ts: what is taken for BTF, and the sentence for what is not. In: headers, one word of them
 * wrong. Out: assertions.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import {
  BtfError,
  bytesOfAll,
  parseHeader,
  readSections,
} from "../../../../ffi/btf/header.ts";
import { btfBytes, btfFunction } from "../../../btf_bytes.ts";

/** 24 bytes of header, 12 of types, 6 of strings. */
function good(): Uint8Array<ArrayBuffer> {
  return btfBytes([btfFunction(1)], "main\0");
}

function changed(offset: number, value: number): Uint8Array<ArrayBuffer> {
  const bytes = good();
  new DataView(bytes.buffer).setUint32(offset, value, true);
  return bytes;
}

function refused(bytes: Uint8Array, sentence: string): void {
  const { message } = assertThrows(() => parseHeader(bytes), BtfError);
  assertEquals(message, `Cannot read BTF: ${sentence}`);
}

Deno.test("parseHeader() says where types and strings are", () => {
  assertEquals(parseHeader(good()), {
    typesStart: 24,
    typesBytes: 12,
    stringsStart: 36,
    stringsBytes: 6,
  });
  assertEquals(bytesOfAll(parseHeader(good())), 42);
});

Deno.test("parseHeader() takes a longer header and bytes behind the end", () => {
  const bytes = new Uint8Array(64);
  bytes.set(good().subarray(0, 24));
  bytes.set(good().subarray(24), 32);
  new DataView(bytes.buffer).setUint32(4, 32, true);
  assertEquals(parseHeader(bytes).typesStart, 32);
});

Deno.test("parseHeader() reads from where the bytes begin", () => {
  const bytes = new Uint8Array(100);
  bytes.set(good(), 7);
  assertEquals(parseHeader(bytes.subarray(7)), parseHeader(good()));
});

Deno.test("parseHeader() refuses what is no BTF of this machine", () => {
  refused(
    new Uint8Array(23),
    "expected 24 bytes of header or more, found 23",
  );
  refused(new Uint8Array(24), "expected magic 0xeb9f, found 0x0");
  refused(
    Uint8Array.of(0xeb, 0x9f, 1, ...new Uint8Array(21)),
    "expected little-endian, found big-endian",
  );
  refused(changed(0, 0x0002_eb9f), "expected version 1, found 2");
  refused(changed(0, 0x8001_eb9f), "expected no flags, found flags 128");
});

Deno.test("parseHeader() refuses lengths that cannot be", () => {
  refused(changed(4, 8), "expected a header of 24 bytes or more, found 8");
  refused(
    changed(8, 2),
    "expected types in words of 4 bytes, found 12 bytes at offset 26",
  );
  refused(
    changed(12, 11),
    "expected types in words of 4 bytes, found 11 bytes at offset 24",
  );
  refused(
    changed(12, 16),
    "expected types and strings apart, found types at 24 to 40, strings at 36 to 42",
  );
  refused(changed(20, 7), "expected 43 bytes, as its header says, found 42");
  refused(
    changed(16, 0xffff_ffff),
    `expected ${24 + 0xffff_ffff + 6} bytes, as its header says, found 42`,
  );
  refused(
    changed(20, 0),
    "expected strings that begin and end with NUL, found others",
  );
  refused(
    changed(20, 5),
    "expected strings that begin and end with NUL, found others",
  );
});

Deno.test("parseHeader() refuses every piece of a BTF, readSections() none that has the header", () => {
  for (let length = 0; length < 42; length++) {
    assertThrows(() => parseHeader(good().subarray(0, length)), BtfError);
  }
  assertEquals(readSections(good().subarray(0, 24)), parseHeader(good()));
});
