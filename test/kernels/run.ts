/**
 * `deno task test:kernels`: the contract suite, the iterators beside the walk, and the agent, in guests with other kernels. In:
 * kernels as `5.10` or `newest` (without any, all four), `--write-readme` to write README's table anew. Out: what failed, one
 * line a kernel, and as the last line `N passed, N failed`; exit 1 when anything failed, 69 where a guest cannot be had.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { counts, type Outcome, TestOutput, total } from "../run/outcome.ts";
import { type KernelRow, tableOf } from "./table.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const README = `${ROOT}README.md`;
const TABLE =
  /(?<=<!-- kernels: begin -->\n\n)[^]*(?=\n\n<!-- kernels: end -->)/;
const KERNELS = ["5.10", "6.1", "6.12", "newest"];
const TESTS = [
  "test/contract/kernel_port_real_test.ts",
  "test/contract/layouts_test.ts",
  "test/integration/iterators_test.ts",
  "test/integration/objects_test.ts",
  "test/kernels/agent_test.ts",
];
/** Of the machine, where it has them: what the tests compare with. */
const PROGRAMS = ["/usr/sbin/bpftool", "/usr/sbin/ip", "/bin/ip"];
const UNAVAILABLE = 69;
/** Under emulation an agent takes half a minute to start. */
const PATIENCE_MS = 90_000;

/** How one kernel did; undefined where it could not be run. */
async function run(
  kernel: string,
): Promise<{ outcome: Outcome; row?: KernelRow } | undefined> {
  const cache = await denoDirectory();
  // At its path here, so that what the runtime has already made of its sources is found there.
  const made = `gen/file${ROOT.slice(0, -1)}`;
  const files = [
    `${Deno.execPath()}=/usr/bin/deno`,
    `${cache}/npm=/deno/npm`,
    `${cache}/${made}=/deno/${made}`,
    `${ROOT}=${ROOT.slice(0, -1)}`,
    ...PROGRAMS.filter(isFile).map((path) => `${path}=${path}`),
  ];
  const command = [
    `cd '${ROOT}'; ulimit -l unlimited`,
    `export DENO_DIR=/deno NO_COLOR=1 TEST_PATIENCE_MS=${PATIENCE_MS}`,
    `exec deno test -A --no-check ${TESTS.join(" ")}`,
  ].join("\n");
  const { code, stdout } = await new Deno.Command(`${ROOT}test/kernels/guest`, {
    args: [kernel, command, ...files],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (code === UNAVAILABLE) return undefined;
  const output = new TestOutput(() => true);
  let row: KernelRow | undefined;
  const text = new TextDecoder().decode(stdout);
  for (const line of text.split("\n")) {
    output.line(line);
    if (line.startsWith("KERNEL ")) row = JSON.parse(line.slice(7));
  }
  if (code !== 0) console.log(text);
  return { outcome: output.end(code === 0), ...(row && { row }) };
}

async function denoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

function isFile(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const flags = Deno.args.filter((arg) => arg.startsWith("--"));
const unknown = flags.find((flag) => flag !== "--write-readme");
if (unknown !== undefined) {
  console.error(
    `Cannot test kernels: expected --write-readme or kernels, found ${unknown}`,
  );
  Deno.exit(2);
}
const asked = Deno.args.filter((arg) => !arg.startsWith("--"));

const outcomes: Outcome[] = [];
const rows: KernelRow[] = [];
for (const kernel of asked.length > 0 ? asked : KERNELS) {
  const start = performance.now();
  const ran = await run(kernel);
  if (ran === undefined) {
    console.log(`SKIP Linux ${kernel}: there is no such guest here`);
    Deno.exit(UNAVAILABLE);
  }
  const seconds = ((performance.now() - start) / 1e3).toFixed(0);
  outcomes.push(ran.outcome);
  if (ran.row !== undefined) rows.push(ran.row);
  console.log(`Linux ${kernel}: ${counts(ran.outcome)} (${seconds} s)`);
}
const sum = total(outcomes);
if (flags.length > 0 && sum.failed === 0) {
  const readme = await Deno.readTextFile(README);
  if (!TABLE.test(readme)) throw new Error("README has no place for the table");
  await Deno.writeTextFile(README, readme.replace(TABLE, () => tableOf(rows)));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", README] })
    .output();
}
console.log(counts(sum));
Deno.exit(sum.failed === 0 ? 0 : 1);
