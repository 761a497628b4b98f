/**
 * Owns one run of tests in a guest: what it is given, how long it may take, and how it is read. In: a kernel's name as ./guest takes
 * it, and test files. Out: how they ended, and what the agent's test told of that kernel; or why there is no such guest here.
 * @module
 */
// deno-lint-ignore-file no-console -- part of a program that prints
import { type Outcome, TestOutput } from "../run/outcome.ts";
import type { KernelRow } from "./table.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Of the machine, where it has them: what the tests compare with. */
const PROGRAMS = [
  "/usr/sbin/bpftool",
  "/usr/sbin/ip",
  "/bin/ip",
  `${ROOT}test/build/hold`,
  `${ROOT}test/build/info`,
  `${ROOT}test/build/operate`,
  `${ROOT}test/build/ring_producer`,
  `${ROOT}test/build/perf`,
];
const UNAVAILABLE = 69;
const TERMINATED = 143;
/** Under emulation an agent takes half a minute to start, where other guests run beside it more. */
const PATIENCE_MS = 180_000;
/** What is run there beside the tests. */
const ENTRIES = [
  "main.ts",
  ...["maps", "programs", "links"].map((name) => `workers/${name}/worker.ts`),
];

/** What to run. */
export interface GuestRun {
  /** Paths in the checkout. */
  readonly tests: readonly string[];
  /** The guest is ended after that, as failed. */
  readonly limitMs: number;
}

/** How the tests ended, or why there is no such guest. Prints what a failed run printed. */
export async function runInGuest(
  kernel: string,
  { tests, limitMs }: GuestRun,
): Promise<{ outcome: Outcome; row?: KernelRow } | string> {
  const guest = await inGuest(
    kernel,
    [...ENTRIES, ...tests],
    `export TEST_PATIENCE_MS=${PATIENCE_MS}
     exec deno test -A --no-check ${tests.join(" ")}`,
    limitMs,
  );
  if (typeof guest === "string") return guest;
  const output = new TestOutput(() => true);
  let row: KernelRow | undefined;
  let operations: KernelRow["operations"];
  const text = new TextDecoder().decode(guest.stdout);
  for (const line of text.split("\n")) {
    output.line(line);
    if (line.startsWith("KERNEL ")) row = JSON.parse(line.slice(7));
    if (line.startsWith("HOOKS ")) operations = JSON.parse(line.slice(6));
  }
  if (row !== undefined && operations !== undefined) {
    row = { ...row, operations };
  }
  if (!guest.success) {
    console.log(`${text}\n${new TextDecoder().decode(guest.stderr)}`);
  }
  if (guest.code === TERMINATED) {
    console.log(`Linux ${kernel} was ended after ${limitMs / 1000} s`);
  }
  return { outcome: output.end(guest.success), ...(row && { row }) };
}

/**
 * How a command ended that was run in the checkout there, or why there is no such guest.
 * @param sources that it runs, as paths in the checkout
 */
export async function inGuest(
  kernel: string,
  sources: readonly string[],
  command: string,
  limitMs: number,
): Promise<Deno.CommandOutput | string> {
  const cache = await denoDirectory();
  await makeCode(sources);
  // At its path here, so that what the runtime has made of its sources is found there.
  const made = `gen/file${ROOT.slice(0, -1)}`;
  const files = [
    `${Deno.execPath()}=/usr/bin/deno`,
    `${cache}/npm=/deno/npm`,
    `${cache}/${made}=/deno/${made}`,
    `${ROOT}=${ROOT.slice(0, -1)}`,
    ...PROGRAMS.filter(isFile).map((path) => `${path}=${path}`),
  ];
  const script = [
    `cd '${ROOT}'; ulimit -l unlimited`,
    "export DENO_DIR=/deno NO_COLOR=1",
    command,
  ].join("\n");
  const guest = await new Deno.Command(`${ROOT}test/kernels/guest`, {
    args: [kernel, script, ...files],
    stdin: "null",
    signal: AbortSignal.timeout(limitMs),
  }).output();
  if (guest.code !== UNAVAILABLE) return guest;
  const complaint = new TextDecoder().decode(guest.stderr).trim();
  return complaint.split("\n").at(-1) ?? "";
}

/** Has the runtime turn TypeScript into code here: in a guest that takes longer than an agent's start. */
async function makeCode(files: readonly string[]): Promise<void> {
  await new Deno.Command(Deno.execPath(), {
    args: ["cache", "-q", ...files],
    cwd: ROOT,
    stdin: "null",
  }).output();
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
