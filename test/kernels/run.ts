/**
 * `deno task test:kernels`: the contract suites, the iterators beside the walk, and the agent, in guests with other kernels. In:
 * kernels as `5.10` or `newest` (without any, all four), `--write-readme` to write README's table anew, `--short` for the backends'
 * contract and the agent on two kernels. Out: what failed, one line a kernel, and as the last line `N passed, N failed`; exit 1
 * when anything failed, 69 where no guest can be had, which `--short` only says.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { compile, whyNoTool } from "../kernel/compile.ts";
import { counts, type Outcome, total } from "../run/outcome.ts";
import { type GuestRun, runInGuest } from "./guest_run.ts";
import { type KernelRow, tableOf } from "./table.ts";

const README = new URL("../../README.md", import.meta.url).pathname;
const TABLE =
  /(?<=<!-- kernels: begin -->\n\n)[^]*(?=\n\n<!-- kernels: end -->)/;
const SHORT: GuestRun = {
  tests: [
    "test/contract/backends_test.ts",
    "test/kernels/agent_test.ts",
    "test/kernels/hooks_test.ts",
  ],
  limitMs: 300_000,
};
const FULL: GuestRun = {
  tests: [
    ...SHORT.tests,
    "test/contract/kernel_port_real_test.ts",
    "test/contract/layouts_test.ts",
    "test/integration/iterators_test.ts",
    "test/integration/objects_test.ts",
    "test/integration/birth_bound_test.ts",
    "test/integration/ahead_test.ts",
    "test/integration/cpu_entries_test.ts",
    "test/integration/operations_test.ts",
    "test/integration/agent_operations_test.ts",
    "test/integration/perf_buffers_test.ts",
    "test/integration/rings_test.ts",
    "test/integration/rings_hostile_test.ts",
    "test/integration/rings_kinds_test.ts",
    "test/integration/rings_known_test.ts",
    "test/integration/buffers_restart_test.ts",
    "test/integration/ring_losses_test.ts",
    "test/integration/agent_ring_losses_test.ts",
  ],
  limitMs: 1_500_000,
};
const KERNELS = ["5.10", "6.1", "6.12", "newest"];
const SHORT_KERNELS = ["5.10", "6.12"];
const FLAGS = ["--write-readme", "--short"];
const UNAVAILABLE = 69;
const SKIPPED: Outcome = { ...total([]), skipped: 1 };

const flags = new Set(Deno.args.filter((arg) => arg.startsWith("--")));
const unknown = [...flags].find((flag) => !FLAGS.includes(flag));
if (unknown !== undefined) {
  console.error(
    `Cannot test kernels: expected ${
      FLAGS.join(", ")
    } or kernels, found ${unknown}`,
  );
  Deno.exit(2);
}
const short = flags.has("--short");
const asked = Deno.args.filter((arg) => !arg.startsWith("--"));
// The guest has no compiler, and runs what is built here.
for (
  const tool of ["hold", "info", "operate", "perf", "ring_producer"] as const
) {
  if (whyNoTool(tool) === undefined) compile(tool);
}

const outcomes: Outcome[] = [];
const rows: [KernelRow, Outcome][] = [];
let unavailable = 0;
for (
  const kernel of asked.length > 0 ? asked : short ? SHORT_KERNELS : KERNELS
) {
  const start = performance.now();
  const ran = await runInGuest(kernel, short ? SHORT : FULL);
  if (typeof ran === "string") {
    console.log(`SKIP Linux ${kernel}: ${ran}`);
    outcomes.push(SKIPPED);
    unavailable++;
    continue;
  }
  const { outcome, row } = ran;
  const seconds = ((performance.now() - start) / 1e3).toFixed(0);
  outcomes.push(outcome);
  if (row !== undefined) rows.push([row, outcome]);
  const release = row?.release ?? kernel;
  console.log(`Linux ${release}: ${counts(outcome)} (${seconds} s)`);
  for (const [hook, found] of Object.entries(row?.operations ?? {})) {
    console.log(`  operations by ${hook}: ${found}`);
  }
}
const sum = total(outcomes);
if (flags.has("--write-readme") && sum.failed === 0 && unavailable === 0) {
  const readme = await Deno.readTextFile(README);
  if (!TABLE.test(readme)) throw new Error("README has no place for the table");
  await Deno.writeTextFile(README, readme.replace(TABLE, () => tableOf(rows)));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", README] })
    .output();
}
console.log(counts(sum));
Deno.exit(sum.failed > 0 ? 1 : unavailable > 0 && !short ? UNAVAILABLE : 0);
