/**
 * Measures looks for who keeps objects alive: how long one takes by number of processes, of their open files and of objects, what that
 * makes of a large node, and what all of it adds to the CPU of a whole agent. In: a kernel to make objects on (root), cc with
 * libbpf's headers; --seconds N (20), the length of each of the agent's windows. Out: tables, raw values in bench/results/holders.json.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { AgentProcess } from "./agent_process.ts";
import { buildC } from "./c_program.ts";
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import { numberFlag } from "./number_flag.ts";

const PORT = 19465;
const LOOKS = 40;
const WINDOWS = 3;
/** Processes and files of each, objects of each type. */
const CELLS = [
  { processes: 0, files: 0, objects: 0 },
  { processes: 300, files: 67, objects: 0 },
  { processes: 1, files: 19_000, objects: 0 },
  { processes: 300, files: 67, objects: 1_000 },
] as const;
/** What cannot be made here. */
const LARGE = { processes: 5_000, files: 200_000 };
const BUDGET = 0.02;

interface Look {
  readonly ms: number[];
  readonly cpuMs: number[];
  readonly descriptors: number;
  readonly processes: number;
  readonly holds: number;
  readonly references: number;
}

function pathOf(name: string): string {
  const built = buildC(name, `holders_${name}`);
  if ("path" in built) return built.path;
  console.log(`SKIP the bench of holders: ${built.missing}`);
  Deno.exit(0);
}

const paths = { files: pathOf("files"), hold: pathOf("hold") };

async function loaded(
  { processes, files, objects }: typeof CELLS[number],
): Promise<AsyncDisposableStack> {
  await using stack = new AsyncDisposableStack();
  const load = (path: string, counts: number[]) =>
    stack.use(new LineProcess(path, counts.map(String))).readLine();
  if (processes > 0) await load(paths.files, [processes, files]);
  if (objects > 0) await load(paths.hold, [objects, objects, objects]);
  return stack.move();
}

async function looks(cell: typeof CELLS[number]): Promise<Look> {
  await using _ = await loaded(cell);
  const path = new URL("holders_passes.ts", import.meta.url).pathname;
  await using passes = new LineProcess(Deno.execPath(), [
    ...["run", "-A", "--no-check", V8_FLAGS, path],
  ]);
  // The first ones read what is new, and run code that is not compiled.
  await passes.ask(String(LOOKS));
  return JSON.parse(await passes.ask(String(LOOKS)));
}

/** CPU of an agent, in % of a core, over a window that opens 5 s after its start. */
async function agentCpu(flags: string[], seconds: number): Promise<number> {
  await using agent = new AgentProcess(PORT, flags);
  await agent.firstPageMs();
  const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
  await sleep(5_000);
  const cpuMs = agent.cpuMs();
  const fromMs = performance.now();
  await sleep(seconds * 1_000);
  const percent = 100 * (agent.cpuMs() - cpuMs) / (performance.now() - fromMs);
  await agent.stopMs();
  return percent;
}

const seconds = numberFlag("--seconds", 20);
const rows = [];
for (const cell of CELLS) rows.push({ cell, ...await looks(cell) });
console.log(
  `One look, median of ${LOOKS}\n\n${
    table(
      [
        "processes + objects of each type",
        "descriptors",
        "holds",
        "references",
        "ms",
        "slowest",
        "CPU ms",
        "% of a core, one every 5 s",
      ],
      rows.map(({ cell, descriptors, holds, references, ms, cpuMs }) => [
        `${cell.processes} + ${cell.objects}`,
        ...[descriptors, holds, references].map(String),
        median(ms).toFixed(2),
        Math.max(...ms).toFixed(2),
        median(cpuMs).toFixed(2),
        (100 * median(cpuMs) / 5_000).toFixed(3),
      ]),
    )
  }\n`,
);
const [rest, many, one] = rows;
const perFileUs = 1e3 * (median(one.ms) - median(rest.ms)) /
  (one.descriptors - rest.descriptors);
const perProcessUs = (1e3 * (median(many.ms) - median(rest.ms)) -
  perFileUs * (many.descriptors - rest.descriptors)) / 300;
const largeMs = median(rest.ms) + (perFileUs * LARGE.files +
      Math.max(0, perProcessUs) * LARGE.processes) / 1e3;
console.log(
  `${perFileUs.toFixed(3)} µs a descriptor, ${
    perProcessUs.toFixed(2)
  } µs a process: ` +
    `with ${LARGE.processes} processes and ${LARGE.files} descriptors a look takes ${
      largeMs.toFixed(0)
    } ms, one every ${
      Math.max(5, largeMs / BUDGET / 1e3).toFixed(1)
    } s (extrapolated)\n`,
);
const cpu: { on: number[]; off: number[] } = { on: [], off: [] };
{
  await using _ = await loaded(CELLS[3]);
  for (let round = 0; round < WINDOWS; round++) {
    cpu.off.push(await agentCpu(["--interval-holders", "1h"], seconds));
    cpu.on.push(await agentCpu([], seconds));
  }
}
console.log(
  `The agent at 500 ms with 1,000 objects of each type and 300 processes, % of a core, median of ${WINDOWS} windows: ` +
    `${median(cpu.on).toFixed(2)} with looks every 5 s, ${
      median(cpu.off).toFixed(2)
    } without`,
);
keepResults("holders", {
  rows,
  perFileUs,
  perProcessUs,
  largeMs,
  seconds,
  cpu,
});
