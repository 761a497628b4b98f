import { assertEquals, assertNotEquals } from "@std/assert";
import {
  cleaned,
  labelText,
  seriesLabels,
  seriesText,
} from "../../../../src/metrics/labels.ts";
import { aBtf, aLink, aMap, aProgram } from "../../../state_builders.ts";

Deno.test("seriesText() gives a map the labels of the contract, in its order", () => {
  const map = aMap({ id: 12, name: "conns", type: "percpu_hash", flags: 3 });
  assertEquals(seriesText("map", map), {
    labels: 'map_id="12",map_name="conns",map_type="percpu_hash"',
    info: 'map_id="12",map_name="conns",map_type="percpu_hash",' +
      'key_size="4",value_size="8",max_entries="1024",flags="3"',
  });
});

Deno.test("seriesText() gives a program the labels of the contract, what is not known empty", () => {
  assertEquals(seriesText("program", aProgram({ id: 7 })), {
    labels: 'prog_id="7",prog_name="on_switch",prog_type="raw_tracepoint"',
    info: 'prog_id="7",prog_name="on_switch",prog_type="raw_tracepoint",' +
      'tag="a04f5eef06a7f555",full_name="",btf_id=""',
  });
});

Deno.test("seriesText() gives a link the labels of the contract, no program where it runs none", () => {
  assertEquals(
    seriesText("link", aLink({ id: 3, programId: 9, attachType: "xdp" })).info,
    'link_id="3",link_type="raw_tracepoint",prog_id="9",attach_type="xdp",target="sched_switch"',
  );
  assertEquals(
    seriesLabels("link", aLink({ type: "struct_ops", programId: 0 })).info,
    {
      link_id: "1",
      link_type: "struct_ops",
      prog_id: "",
      attach_type: "",
      target: "sched_switch",
    },
  );
});

Deno.test("seriesText() gives a BTF object none: it has no series of its own", () => {
  assertEquals(seriesText("btf", aBtf()), { labels: "", info: "" });
});

Deno.test("seriesText() keeps two objects with one hostile name apart", () => {
  const name = 'a",map_id="2';
  assertNotEquals(
    seriesText("map", aMap({ id: 1, name })).labels,
    seriesText("map", aMap({ id: 2, name })).labels,
  );
});

Deno.test("labelText() escapes backslash, newline and quote, and nothing else", () => {
  assertEquals(
    labelText({ a: 'x\\y\n"z"', b: "{,}=# é😀" }),
    'a="x\\\\y\\n\\"z\\"",b="{,}=# é😀"',
  );
});

Deno.test("labelText() cleans what it is given", () => {
  assertEquals(labelText({ reason: "a\rb\x1b" }), 'reason="a\uFFFDb\uFFFD"');
});

Deno.test("cleaned() makes what breaks readers U+FFFD, one for one", () => {
  const harmful = "\0\t\r\x1b\x7f\x85\u2028\u2029\u202e\u2066\ud800\udc00";
  // The last two are a pair, hence one whole character.
  assertEquals(cleaned(harmful), "\uFFFD".repeat(10) + "\u{10000}");
  assertEquals(cleaned("\udc00\ud800"), "\uFFFD\uFFFD");
});

Deno.test("cleaned() leaves newlines, which have an escape, and all other text", () => {
  assertEquals(cleaned('line\nbreak "é" 😀 ​'), 'line\nbreak "é" 😀 ​');
});
