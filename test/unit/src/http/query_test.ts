/** Owns the tests of src/http/query.ts. @module */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { readGroups, unknownParameter } from "../../../../src/http/query.ts";

function parameters(query: string): URLSearchParams {
  return new URLSearchParams(query);
}

Deno.test("unknownParameter() is undefined where every name is known", () => {
  assertEquals(unknownParameter(parameters(""), []), undefined);
  assertEquals(unknownParameter(parameters("a=1&a=2"), ["a"]), undefined);
});

Deno.test("unknownParameter() says what was expected and what was found", () => {
  assertEquals(
    unknownParameter(parameters("colect[]=maps"), ["collect[]"]),
    'Cannot read the query: expected collect[], found "colect[]"',
  );
  assertEquals(
    unknownParameter(parameters("__proto__=1"), []),
    'Cannot read the query: expected no parameters, found "__proto__"',
  );
});

Deno.test("readGroups() gives each group once, and none where none is asked for", () => {
  const groups = readGroups(
    parameters("g=maps&g=programs&g=maps"),
    "g",
    ["maps", "programs"],
  );
  assertEquals(groups, new Set(["maps", "programs"]));
  assertEquals(readGroups(parameters(""), "g", ["maps"]), new Set());
});

Deno.test("readGroups() names the nearest of an unknown group", () => {
  assertEquals(
    readGroups(parameters("g=program"), "g", ["maps", "programs"]),
    'Cannot read g: expected one of maps, programs, found "program"; the nearest is programs',
  );
});

Deno.test("readGroups() refuses a group that is empty, huge, or one of no groups", () => {
  for (const query of ["g=", `g=${"x".repeat(15_000)}`]) {
    assertEquals(
      typeof readGroups(parameters(query), "g", ["maps"]),
      "string",
    );
  }
  assertEquals(typeof readGroups(parameters("g=a"), "g", []), "string");
  assertInstanceOf(readGroups(parameters("g=maps"), "g", ["maps"]), Set);
});
