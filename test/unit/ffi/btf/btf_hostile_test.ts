/**
 * Holds Btf to its bounds: whatever the bytes are, it answers or throws a BtfError, soon. In: random bytes, and real types
 * with random damage. Out: assertions.
 * @module
 */
import { assert } from "@std/assert";
import fc from "fast-check";
import { Btf, BtfError, FunctionNames } from "../../../../ffi/mod.ts";
import { BtfMaker } from "../../../btf_bytes.ts";

const WANTED = { structs: ["s", "t"], functions: ["f"] };
const PATHS = ["a", "b", "c", "x", "a.b", "c[1].a", "b.a"];

/** Small, and every kind of reference is in it. */
function sample(): Uint8Array<ArrayBuffer> {
  const maker = new BtfMaker();
  const int = maker.int("int", 4);
  const typedef = maker.modifier(8, int, "u");
  const array = maker.array(4, 3);
  maker.struct("t", 8, [["a", typedef, 0], ["b", int, 32]]);
  const union = maker.union("", 8, [["", 4, 0], ["x", int, 3, 5]]);
  maker.struct("s", 64, [["", union, 0], ["c", array, 64], ["b", 4, 320]]);
  maker.function("f");
  maker.type(6, "e", 1, 4, 0, 0);
  return maker.bytes();
}

/** Asks all there is. True where it is a BTF. */
function askEverything(bytes: Uint8Array<ArrayBuffer>): boolean {
  new FunctionNames(bytes).get(7);
  try {
    const btf = Btf.scan(bytes, WANTED);
    for (const struct of WANTED.structs) {
      for (const path of PATHS) {
        try {
          const member = btf.member(struct, path);
          if (member === undefined) continue;
          assert(Number.isSafeInteger(member.byteOffset));
          assert(Number.isSafeInteger(member.sizeBytes));
        } catch (error) {
          if (!(error instanceof BtfError)) throw error;
        }
      }
      btf.sizeOf(struct);
    }
    return true;
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    return false;
  }
}

Deno.test("Btf takes random bytes for no BTF", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
    askEverything(random.slice());
  }));
});

Deno.test("Btf answers or refuses where words of a BTF are changed", () => {
  const whole = sample();
  assert(askEverything(whole.slice()));
  const word = fc.oneof(
    fc.nat(16),
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0xffff_ffff, 0x8000_0000, 0x0400_ffff, 0x8500_0002),
  );
  const change = fc.tuple(fc.nat(Math.floor(whole.length / 4) - 1), word);
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 6 }),
      (changes) => {
        const bytes = whole.slice();
        const view = new DataView(bytes.buffer);
        for (const [at, value] of changes) {
          view.setUint32(at * 4, value, true);
        }
        if (askEverything(bytes)) taken++;
      },
    ),
    { numRuns: 3000 },
  );
  // Otherwise the look-ups were not under test.
  assert(taken > 100, `${taken} were taken`);
});

Deno.test("Btf answers or refuses where a BTF is cut", () => {
  const whole = sample();
  for (let length = 0; length < whole.length; length++) {
    assert(!askEverything(whole.slice(0, length)), `${length} bytes`);
  }
});
