import { assert, assertEquals } from "@std/assert";
import { BENCH_FLAGS, benchRequest } from "../../../../src/cli/bench_flags.ts";

function accepts(name: string, text: string): boolean {
  const flag = BENCH_FLAGS.find((one) => one.name === name);
  assert(flag !== undefined);
  return flag.kind.parse(text).ok;
}

Deno.test("benchRequest() gives the defaults that the help page shows", () => {
  assertEquals(benchRequest(new Map()), {
    objects: 1000,
    seconds: 2,
    budgetRatio: 0.01,
  });
  for (const { name, defaultText } of BENCH_FLAGS) {
    assert(defaultText !== undefined && accepts(name, defaultText));
  }
});

Deno.test("BENCH_FLAGS take plain numbers within their bounds and nothing else", () => {
  const good = [
    ...[["objects", "0"], ["objects", "1000000"], ["seconds", "0.1"]],
    ...[["seconds", "3600"], ["budget", "0.001%"], ["budget", "100%"]],
  ];
  assertEquals(good.filter(([name, text]) => !accepts(name, text)), []);
  const numbers = ["", "-1", "1e3", "0x10", " 1", "NaN", "Infinity", "1,5"];
  const bad = [
    ...BENCH_FLAGS.flatMap(({ name }) => numbers.map((text) => [name, text])),
    ...[["objects", "1.5"], ["objects", "1000001"], ["seconds", "0.09"]],
    ...[["seconds", "3601"], ["budget", "1"], ["budget", "0.000%"]],
    ...[["budget", "101%"], ["budget", "%"], ["budget", "1%%"]],
  ];
  assertEquals(bad.filter(([name, text]) => accepts(name, text)), []);
});
