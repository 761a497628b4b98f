import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { LabelEncoder } from "../../../../src/metrics/label_bytes.ts";
import { Page } from "../../../../src/metrics/page.ts";
import { numberText } from "../../../../src/metrics/text_format.ts";

const open = new TextEncoder().encode("m{");

function labels(...texts: string[]): LabelEncoder {
  const encoded = new LabelEncoder(texts.length);
  encoded.add(texts);
  return encoded;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

Deno.test("Page.series() writes name, labels and value of the row that it is told", () => {
  const page = new Page();
  page.series(open, labels('a="x"', 'a="é"', 'a="z"'), 1, 42);
  assertEquals(text(page.take()), 'm{a="é"} 42\n');
});

Deno.test("Page.series() writes every number as numberText() does", () => {
  const encoded = labels('a="x"');
  const number = fc.oneof(
    fc.double(),
    fc.maxSafeNat(),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(Number),
    fc.constantFrom(0, -0, 9, 10, 1e9 - 1, 1e9, 1e18, 1e21, 2 ** 53, -1, 0.1),
    fc.nat(18).map((exponent) => 10 ** exponent),
    fc.nat(15).map((exponent) => 10 ** exponent - 1),
  );
  fc.assert(
    fc.property(number, (value) => {
      const page = new Page();
      page.series(open, encoded, 0, value);
      assertEquals(text(page.take()), `m{a="x"} ${numberText(value)}\n`);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("Page.take() gives what was written since the last time", () => {
  const page = new Page();
  page.write("one");
  assertEquals(text(page.take()), "one");
  assertEquals(page.take().length, 0);
  page.write("two");
  assertEquals(text(page.take()), "two");
});

Deno.test("Page grows for what does not fit, and loses nothing", () => {
  const page = new Page();
  const long = "é".repeat(200_000);
  page.write("start ");
  page.write(long);
  page.series(open, labels(`a="${"x".repeat(300_000)}"`), 0, 1);
  assertEquals(
    text(page.take()),
    `start ${long}m{a="${"x".repeat(300_000)}"} 1\n`,
  );
});

Deno.test("Page.isFull is told from 64 KiB on, in bytes", () => {
  const page = new Page();
  page.write("é".repeat(32 * 1024 - 1));
  assertEquals(page.isFull, false);
  page.write("é");
  assertEquals(page.isFull, true);
  assertLess(page.take().length, 64 * 1024 + 1);
  assertEquals(page.isFull, false);
});
