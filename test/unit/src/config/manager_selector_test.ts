/** Owns the tests of src/config/manager_selector.ts and of the expressions that it takes (bounded_regex.ts). @module */
import { assertEquals } from "@std/assert";
import {
  formatManagerSelector,
  managerSelector,
} from "../../../../src/config/manager_selector.ts";

Deno.test("managerSelector takes each kind of selector, and formatManagerSelector() gives it back", () => {
  for (
    const text of [
      "a=comm:^node$",
      "odigos/agent@1=comm:(ebpf|otel)-agent",
      "b=pid:1",
      "b=pid:4194304",
      "c=cgroup:/kubepods.*/pod[0-9a-f-]+/",
      "d=unit:cilium.service",
      "e=comm:a{2}\\{=\\d\\p{L}",
      "f=comm:(?:ab)?c?",
      "g=comm:a+?[*+{(]\\*\\+",
    ]
  ) {
    const parsed = managerSelector.parse(text);
    assertEquals(parsed.ok && formatManagerSelector(parsed.value), text);
  }
});

Deno.test("managerSelector refuses what is no selector", () => {
  for (
    const text of ["", "a", "a=", "=comm:a", "a=comm:", "a=name:x", "a b=pid:1"]
  ) {
    assertEquals(managerSelector.parse(text).ok, false, text);
  }
});

Deno.test("managerSelector says what is wrong with a pid, a name and an expression", () => {
  const why = (text: string) => {
    const parsed = managerSelector.parse(text);
    return parsed.ok ? "nothing" : parsed.because;
  };
  assertEquals(why("a=pid:0"), "whose pid is no process's");
  assertEquals(why("a=pid:4194305"), "whose pid is no process's");
  assertEquals(why("other=pid:1"), "whose name means all that have none");
  assertEquals(
    why("a=comm:["),
    "whose regular expression cannot be read",
  );
  assertEquals(
    why(`a=comm:${"x".repeat(129)}`),
    "whose regular expression is longer than 128",
  );
});

Deno.test("managerSelector refuses expressions that may take for ever", () => {
  for (
    const regex of [
      "(a+)+$",
      "(a|a)*",
      "(?:a?){9}",
      "a*a*a*a*b",
      "a?".repeat(20),
      "(a)\\1",
      "(?<n>a)\\k<n>",
      "(?=a)b",
      "(?<!a)b",
      "(a|b)(a|b)(a|b)(a|b)",
    ]
  ) {
    assertEquals(managerSelector.parse(`a=cgroup:${regex}`).ok, false, regex);
  }
});
