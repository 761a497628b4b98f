/**
 * Owns the tests of src/config/value_kind.ts. In: texts. Out: verdicts.
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  andList,
  booleanWord,
  filePath,
  keyed,
  mapKind,
  objectCount,
  oneOf,
  orList,
  refusalSentence,
} from "../../../../src/config/value_kind.ts";

Deno.test("objectCount reads whole numbers from 1 to what a u32 holds", () => {
  assertEquals(objectCount.parse("1"), { ok: true, value: 1 });
  assertEquals(objectCount.parse("4294967295"), {
    ok: true,
    value: 4_294_967_295,
  });
  const refused = ["", "0", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1\n"];
  for (const text of [...refused, "4294967296", "٣", "1_000", "1".repeat(99)]) {
    assertEquals(objectCount.parse(text), { ok: false });
  }
});

Deno.test("booleanWord reads its two words and no other", () => {
  assertEquals(booleanWord.parse("true"), { ok: true, value: true });
  assertEquals(booleanWord.parse("false"), { ok: true, value: false });
  for (const text of ["", "1", "yes", "TRUE", "On", "toString"]) {
    assertEquals(booleanWord.parse(text), { ok: false });
  }
});

Deno.test("oneOf() names the nearest of its names when it refuses", () => {
  const kind = oneOf(["debug", "info"]);
  assertEquals(kind.parse("info"), { ok: true, value: "info" });
  assertEquals(kind.parse("inof"), { ok: false, nearest: "info" });
  assertEquals(kind.parse("DEBUG"), { ok: false, nearest: "debug" });
});

Deno.test("keyed() reads one key with its value and tells a bad key from a bad value", () => {
  const kind = keyed(["maps", "links"], objectCount);
  assertEquals(kind.parse("maps=3"), { ok: true, value: { maps: 3 } });
  assertEquals(kind.parse("map=3"), { ok: false, nearest: "maps" });
  assertEquals(kind.parse("maps=x"), { ok: false });
  assertEquals(kind.parse("maps"), { ok: false });
  assertEquals(kind.parse("__proto__=3").ok, false);
});

Deno.test("mapKind() turns a value and keeps a refusal as it is", () => {
  const kind = mapKind(oneOf(["a", "b"]), (name) => ({ name }));
  assertEquals(kind.expects, "a or b");
  assertEquals(kind.parse("b"), { ok: true, value: { name: "b" } });
  assertEquals(kind.parse("aa"), { ok: false, nearest: "a" });
});

Deno.test("refusalSentence() says what was expected, what was found and the nearest name", () => {
  assertEquals(
    refusalSentence("--x", booleanWord, "o\u009bn", { ok: false }),
    'Cannot use --x: expected true or false, found "o\\u009bn"',
  );
  assertEquals(
    refusalSentence("--x", booleanWord, "onn", { ok: false, nearest: "on" }),
    'Cannot use --x: expected true or false, found "onn"; did you mean on?',
  );
  assertEquals(
    refusalSentence("--x", booleanWord, "maybe", {
      ok: false,
      because: "so there",
    }),
    'Cannot use --x: expected true or false, found "maybe", so there',
  );
});

Deno.test("filePath takes any path but an empty one and one with a NUL", () => {
  assertEquals(filePath.parse("a b/ä"), { ok: true, value: "a b/ä" });
  assertEquals(filePath.parse(""), { ok: false });
  assertEquals(filePath.parse("a\0"), { ok: false });
});

Deno.test("orList() and andList() join one, two and three names", () => {
  assertEquals(andList(["a", "b", "c"]), "a, b and c");
  assertEquals(orList(["a"]), "a");
  assertEquals(orList(["a", "b"]), "a or b");
  assertEquals(orList(["a", "b", "c"]), "a, b or c");
});
