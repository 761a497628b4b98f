import { assert, assertEquals } from "@std/assert";
import {
  type Column,
  textTable,
  widthOf,
  wrapped,
} from "../../../../src/commands/text_table.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID", align: "right" },
  { title: "NAME", align: "left", cut: { at: "end", least: 6 } },
  { title: "TARGET", align: "left", cut: { at: "start", least: 6 } },
];

Deno.test("textTable() is as wide as its cells, without space at the end of lines", () => {
  assertEquals(textTable(COLUMNS, [["7", "a", "b"], ["12", "name", ""]], 80), [
    "ID  NAME  TARGET",
    " 7  a     b",
    "12  name",
  ]);
});

Deno.test("textTable() cuts the widest column first, at the side that it says", () => {
  const name = "a_program_with_a_long_name";
  const path = "/usr/lib/x86_64-linux-gnu/libssl.so.3";
  const lines = textTable(COLUMNS, [["1", name, path]], 40);
  assert(lines.every((line) => widthOf(line) <= 40), lines.join("\n"));
  assert(lines[1].startsWith(" 1  a_program_with"), lines[1]);
  assert(lines[1].endsWith("libssl.so.3"), lines[1]);
});

Deno.test("textTable() cuts no column below its least width", () => {
  const [, line] = textTable(
    COLUMNS,
    [["1234567890", "abcdefgh", "zyxwvuts"]],
    10,
  );
  assertEquals(line, "1234567890  abcde…  …wvuts");
});

Deno.test("textTable() shows nothing that moves a cursor or reorders a line", () => {
  const lines = textTable(
    COLUMNS,
    [["1", "\x1b[2Ja\r\nb", "\u202eevil\u2028"]],
    80,
  );
  assertEquals(
    lines[1],
    " 1  \\u001b[2Ja\\u000d\\u000ab  \\u202eevil\\u2028",
  );
});

Deno.test("widthOf() counts what a terminal shows", () => {
  assertEquals(widthOf("plain"), 5);
  assertEquals(widthOf("名前"), 4);
  assertEquals(widthOf("e\u0301…"), 2);
});

Deno.test("wrapped() breaks at spaces and leaves longer words whole", () => {
  assertEquals(wrapped("one two three-and-more four", 8), [
    "one two",
    "three-and-more",
    "four",
  ]);
});
