import { assertEquals } from "@std/assert";
import { emit, layoutFor } from "../../../../src/commands/output.ts";

Deno.test("layoutFor() cuts nothing for a pipe", () => {
  assertEquals(layoutFor(undefined), {
    widthColumns: Infinity,
    maxRows: Infinity,
  });
});

Deno.test("layoutFor() takes the screen's columns, but at least 80, and some rows of each table", () => {
  assertEquals(layoutFor({ columns: 60, rows: 24 }), {
    widthColumns: 80,
    maxRows: 10,
  });
  assertEquals(layoutFor({ columns: 132, rows: 80 }), {
    widthColumns: 132,
    maxRows: 20,
  });
});

Deno.test("layoutFor() prefers COLUMNS where it is a number", () => {
  assertEquals(layoutFor(undefined, "100").widthColumns, 100);
  assertEquals(layoutFor(undefined, "wide").widthColumns, Infinity);
});

const OUTPUT = { stdout: "shown\n", stderr: ["missing"], exitCode: 1 } as const;

Deno.test("emit() writes both streams and answers the exit code", () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  assertEquals(emit(OUTPUT, { stdout: write, stderr: write }), 1);
  assertEquals(written, ["shown\n", "missing\n"]);
});

Deno.test("emit() writes no empty standard output", () => {
  const written: string[] = [];
  emit({ stdout: "", stderr: [], exitCode: 0 }, {
    stdout: (text) => written.push(text),
    stderr: (text) => written.push(text),
  });
  assertEquals(written, []);
});

Deno.test("emit() takes a reader that has seen enough for no failure", () => {
  const code = emit({ stdout: "shown\n", stderr: [], exitCode: 0 }, {
    stdout() {
      throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
    },
    stderr() {},
  });
  assertEquals(code, 0);
});

Deno.test("emit() fails with one sentence where the output cannot be written", () => {
  const said: string[] = [];
  const code = emit({ stdout: "shown\n", stderr: [], exitCode: 0 }, {
    stdout() {
      throw new Error("No space left on device (os error 28)");
    },
    stderr: (line) => said.push(line),
  });
  assertEquals(code, 1);
  assertEquals(said, [
    "Cannot write to standard output: No space left on device (os error 28)\n",
  ]);
});
