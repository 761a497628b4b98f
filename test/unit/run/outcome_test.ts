/**
 * Owns the proof that the gate counts what `deno test` printed. In: recorded output of Deno 2.9.6. Out: outcomes.
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  counts,
  type Outcome,
  singleOutcome,
  TestOutput,
  total,
} from "../../run/outcome.ts";

const OUTPUT = `------- pre-test output -------
SKIP collectors agree with bpftool: needs CAP_SYS_ADMIN
----- pre-test output end -----
running 5 tests from ./test/integration/a_test.ts
a() works ... ok (388µs)
b() skips a part ...
------- output -------
SKIP struct_ops: this kernel refuses it
----- output end -----
b() skips a part ... ok (125µs)
collectors agree with bpftool ... ignored (0ms)
d() steps ...
  one ... ok (0ms)
  two ... ignored (0ms)
d() steps ... ok (3ms)
e() fails ... FAILED (4ms)
running 1 test from ./test/integration/b_test.ts
f() works ... ok (1ms)

 ERRORS 

e() fails => ./a_test.ts:6:6
error: Error: x ... ok

FAILED | 4 passed (1 step) | 1 failed | 1 ignored (1 step) (16ms)
`;

function outcomeOf(output: string, success: boolean): Outcome {
  const reader = new TestOutput((file) => file.endsWith("/a_test.ts"));
  for (const line of output.split("\n")) reader.line(line);
  return reader.end(success);
}

Deno.test("TestOutput counts tests, those on the real kernel, and reasons", () => {
  assertEquals(outcomeOf(OUTPUT, false), {
    passed: 4,
    failed: 1,
    skipped: 1,
    kernelRan: 4,
    kernelSkipped: 1,
    reasons: [
      "collectors agree with bpftool: needs CAP_SYS_ADMIN",
      "struct_ops: this kernel refuses it",
    ],
  });
});

Deno.test("TestOutput reads a summary without steps and ignored tests", () => {
  const outcome = outcomeOf("ok | 12 passed | 0 failed (16ms)", true);
  assertEquals(counts(outcome), "12 passed, 0 failed");
});

Deno.test("TestOutput reads the counts of a program that sums up tests of its own", () => {
  const text = "ok | 3 passed | 0 failed (1s)\n5 passed, 1 failed, 2 skipped";
  assertEquals(
    counts(outcomeOf(text, false)),
    "5 passed, 1 failed, 2 skipped",
  );
});

Deno.test("TestOutput counts a crash as one failed", () => {
  assertEquals(outcomeOf("running 1 test from ./a_test.ts", false).failed, 1);
  assertEquals(outcomeOf("", false).failed, 1);
});

Deno.test("TestOutput counts a child that ran no tests as one failed", () => {
  assertEquals(outcomeOf("", true).failed, 1);
});

Deno.test("TestOutput counts a failure beside passing tests as one failed", () => {
  // As when a module cannot be loaded, or something is thrown after the last test.
  const outcome = outcomeOf("ok | 3 passed | 0 failed (1ms)", false);
  assertEquals(counts(outcome), "3 passed, 1 failed");
});

Deno.test("total() sums up suites and keeps each reason once", () => {
  const one = outcomeOf(OUTPUT, false);
  const sum = total([singleOutcome(true), singleOutcome(false), one, one]);
  assertEquals(counts(sum), "9 passed, 3 failed, 2 skipped");
  assertEquals(sum.kernelRan, 8);
  assertEquals(sum.reasons, one.reasons);
});
