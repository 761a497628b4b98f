/**
 * The gate: format, lint, types and every test, one child process a suite, shown as they run. In: `--quick` for format,
 * lint, types, unit and golden only. Out: one line a suite, how many tests reached the real kernel, and as the very last
 * line `N passed, N failed`; exit 1 when anything failed.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import {
  counts,
  type Outcome,
  singleOutcome,
  TestOutput,
  total,
} from "./run/outcome.ts";
import { type Suite, SUITES } from "./run/suites.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** True where the tests of `file` make calls of the real kernel, themselves or in an agent that they start. */
function isOnKernel(file: string): boolean {
  if (file.startsWith("test/unit/")) return false;
  const source = Deno.readTextFileSync(ROOT + file);
  return /\b(kernelTest|openLibc)\(/.test(source) ||
    (file.startsWith("test/integration/") && /\bmain\.ts\b/.test(source));
}

/** Runs one suite, its output passed on line by line. */
async function run(suite: Suite): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...suite.args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = new TestOutput(isOnKernel);
  let pending = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(text));
    const lines = (pending + text).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) output.line(line);
  }
  const { success } = await child.status;
  return suite.folder === undefined
    ? singleOutcome(success)
    : output.end(success);
}

const quick = Deno.args.includes("--quick");
const unknown = Deno.args.find((arg) => arg !== "--quick");
if (unknown !== undefined) {
  console.error(
    `Cannot run the tests: expected --quick or nothing, found ${unknown}`,
  );
  Deno.exit(2);
}

const outcomes: Outcome[] = [];
const lines: string[] = [];
for (const suite of SUITES.filter((suite) => suite.quick || !quick)) {
  console.log(`\n== ${suite.name}: deno ${suite.args.join(" ")}`);
  const start = performance.now();
  const outcome = await run(suite);
  const seconds = ((performance.now() - start) / 1e3).toFixed(1);
  outcomes.push(outcome);
  lines.push(
    `${outcome.failed === 0 ? "ok    " : "FAILED"} ${suite.name.padEnd(11)} ${
      counts(outcome)
    } (${seconds} s)`,
  );
}

const sum = total(outcomes);
console.log(`\n${lines.join("\n")}`);
if (!quick) {
  console.log(
    `real kernel: ${sum.kernelRan} tests ran, ${sum.kernelSkipped} skipped`,
  );
}
for (const reason of sum.reasons) console.log(`  not checked: ${reason}`);
console.log(counts(sum));
Deno.exit(sum.failed === 0 ? 0 : 1);
