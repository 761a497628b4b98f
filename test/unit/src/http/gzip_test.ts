/** Owns the tests of src/http/gzip.ts. @module */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { gzipSlices } from "../../../../src/http/gzip.ts";
import { bytes } from "./fake_node.ts";

function joined(slices: readonly Uint8Array[]): Uint8Array {
  const size = slices.reduce((sum, slice) => sum + slice.length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const slice of slices) {
    all.set(slice, at);
    at += slice.length;
  }
  return all;
}

Deno.test("gzipSlices() gives back the same bytes after gunzip", async () => {
  const slices = [
    bytes("one\n"),
    new Uint8Array(),
    bytes("two\n".repeat(100_000)),
  ];
  const compressed = joined(await gzipSlices(slices));
  const plain = joined(slices);
  assertEquals(new Uint8Array(gunzipSync(compressed)), plain);
  assertLess(compressed.length, plain.length / 50);
});

Deno.test("gzipSlices() of nothing is an empty gzip stream", async () => {
  assertEquals(gunzipSync(joined(await gzipSlices([]))).length, 0);
});

Deno.test("gzipSlices() gives way to others between its steps", async () => {
  let turns = 0;
  let timer = setImmediate(turn);
  function turn(): void {
    turns += 1;
    timer = setImmediate(turn);
  }
  await gzipSlices([new Uint8Array(1_000_000)]);
  clearImmediate(timer);
  assertGreater(turns, 10);
});
