/** Owns the tests of src/http/gzip.ts. @module */
import {
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
} from "@std/assert";
import { gunzipSync } from "node:zlib";
import { gzipChunks } from "../../../../src/http/gzip.ts";
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

/** Hands them out in one buffer, as the exposition does. */
async function* oneByOne(
  slices: readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(
    Math.max(0, ...slices.map(({ length }) => length)),
  );
  for (const slice of slices) {
    buffer.fill(0);
    buffer.set(slice);
    yield buffer.subarray(0, slice.length);
  }
}

Deno.test("gzipChunks() gives back the same bytes after gunzip", async () => {
  const slices = [
    bytes("one\n"),
    new Uint8Array(),
    bytes("two\n".repeat(100_000)),
  ];
  const compressed = joined(await gzipChunks(oneByOne(slices)));
  const plain = joined(slices);
  assertEquals(new Uint8Array(gunzipSync(compressed)), plain);
  assertLess(compressed.length, plain.length / 50);
});

Deno.test("gzipChunks() of nothing is an empty gzip stream", async () => {
  assertEquals(gunzipSync(joined(await gzipChunks(oneByOne([])))).length, 0);
});

Deno.test("gzipChunks() gives way to others between its steps", async () => {
  let turns = 0;
  let timer = setImmediate(turn);
  function turn(): void {
    turns += 1;
    timer = setImmediate(turn);
  }
  await gzipChunks(oneByOne([new Uint8Array(1_000_000)]));
  clearImmediate(timer);
  assertGreater(turns, 10);
});

Deno.test("gzipChunks() fails with what its chunks fail with", async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield bytes("one\n");
    throw new Error("no second chunk");
  }
  await assertRejects(
    () => gzipChunks(failing()),
    Error,
    "no second chunk",
  );
});
