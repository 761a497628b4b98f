import { assertEquals } from "@std/assert";
import { LabelEncoder } from "../../../../src/metrics/label_bytes.ts";

function rowsOf({ bytes, starts }: LabelEncoder): string[] {
  const decoder = new TextDecoder();
  return Array.from(
    { length: starts.length - 1 },
    (_, row) => decoder.decode(bytes.subarray(starts[row], starts[row + 1])),
  );
}

Deno.test("LabelEncoder.add() keeps rows apart, whether they are ASCII or not", () => {
  const encoder = new LabelEncoder(7);
  encoder.add(["plain", "", "text"]);
  encoder.add(["é", "😀 and more", "", "last"]);
  assertEquals(rowsOf(encoder), [
    "plain",
    "",
    "text",
    "é",
    "😀 and more",
    "",
    "last",
  ]);
});

Deno.test("LabelEncoder.add() grows for many rows", () => {
  const texts = Array.from({ length: 5_000 }, (_, row) => `id="${row}"`);
  const encoder = new LabelEncoder(texts.length);
  for (let from = 0; from < texts.length; from += 512) {
    encoder.add(texts.slice(from, from + 512));
  }
  assertEquals(rowsOf(encoder), texts);
});
