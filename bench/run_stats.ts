/**
 * Measures windows of run-time statistics against full ones, on a program that runs at a steady rate; and what either costs a program that
 * runs as often as it can. In: a kernel (root) on which nobody else keeps statistics, cc; --rounds N (5), --seconds S (10). Out: two
 * tables, raw values in bench/results/run_stats.json.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { openLibc } from "../ffi/mod.ts";
import { Agent, pause } from "../test/agent.ts";
import { loadStatsProbe } from "../workers/stats_probe_load.ts";
import { buildC } from "./c_program.ts";
import { keepResults, median, table } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import { numberFlag } from "./number_flag.ts";

const STATES = [
  { name: "off", flags: ["--run-stats", "off"] },
  { name: "on", flags: ["--run-stats", "on"] },
  { name: "window=100ms/1s", flags: ["--run-stats", "window=100ms/1s"] },
  { name: "window=10ms/100ms", flags: ["--run-stats", "window=10ms/100ms"] },
] as const;
const STEADY_RUNS_PER_MS = 100;
const LOOK_MS = 200;
/** Of the producer, and the agent's first windows. */
const WARM_UP_MS = 2_000;

interface Round {
  /** Share of one CPU, the mean of what the page told; NaN where statistics were off. */
  readonly cpuRatio: number;
  /** What the producer says that it ran meanwhile. */
  readonly steadyPerSecond: number;
  /** As often as it could. */
  readonly mostPerSecond: number;
}

const rounds = numberFlag("--rounds", 5);
const seconds = numberFlag("--seconds", 10);
const built = buildC("runs");
const kernel = openLibc();
const probe = loadStatsProbe(kernel);
const isDisturbed = () => probe?.countsRuns() !== false;
const reason = "missing" in built
  ? built.missing
  : isDisturbed()
  ? "somebody else keeps statistics on, or no program can be run"
  : undefined;
if (reason !== undefined || "missing" in built) {
  console.log(`SKIP the bench of run-time statistics: ${reason}`);
  Deno.exit(0);
}
const { path } = built;

/** @param runsPerMs 0: as often as it can */
function producer(runSeconds: number, runsPerMs: number): LineProcess {
  return new LineProcess(path, [String(runSeconds), String(runsPerMs)]);
}

async function perSecond(process: LineProcess): Promise<number> {
  const { runs, ns } = JSON.parse(await process.readLine());
  return runs * 1e9 / ns;
}

async function measure(flags: readonly string[]): Promise<Round> {
  await using agent = await Agent.start(flags);
  await agent.ready();
  await using steady = producer(
    seconds + WARM_UP_MS / 1_000 + 1,
    STEADY_RUNS_PER_MS,
  );
  const labels = { prog_id: await steady.readLine() };
  await pause(WARM_UP_MS);
  const ratios: number[] = [];
  const untilMs = kernel.monotonicMs() + seconds * 1_000;
  while (kernel.monotonicMs() < untilMs) {
    const page = await agent.page();
    const ratio = page.value("odigos_ebpf_program_cpu_ratio", labels);
    if (ratio !== undefined) ratios.push(ratio);
    await pause(LOOK_MS);
  }
  const steadyPerSecond = await perSecond(steady);
  await using saturated = producer(seconds / 2, 0);
  await saturated.readLine();
  const mostPerSecond = await perSecond(saturated);
  return {
    cpuRatio: ratios.reduce((one, other) => one + other, 0) / ratios.length,
    steadyPerSecond,
    mostPerSecond,
  };
}

/** Measured again where somebody else kept statistics on at its end. */
async function undisturbed(flags: readonly string[]): Promise<Round> {
  for (let tries = 1;; tries++) {
    for (let i = 0; i < 100 && isDisturbed(); i++) await pause(500);
    const round = await measure(flags);
    if (tries === 3 || !isDisturbed()) return round;
  }
}

const results = STATES.map((): Round[] => []);
for (let round = 0; round < rounds; round++) {
  // In turn, so that whatever else the machine does disturbs all of them.
  for (let i = 0; i < STATES.length; i++) {
    const state = (i + round) % STATES.length;
    results[state].push(await undisturbed(STATES[state].flags));
  }
}

function medianOf(state: number, figure: keyof Round): number {
  return median(results[state].map((round) => round[figure]));
}

function fastest(state: number): number {
  return Math.max(...results[state].map((round) => round.mostPerSecond));
}

function against(value: number, base: number): string {
  const more = 100 * (value / base - 1);
  return `${more < 0 ? "" : "+"}${more.toFixed(1)} %`;
}

const ON = 1;
console.log(table(
  [
    `steady program, ${STEADY_RUNS_PER_MS} runs a ms`,
    "% of a CPU",
    "against on",
    "ran a second",
  ],
  STATES.map(({ name }, state) => [
    name,
    (100 * medianOf(state, "cpuRatio")).toFixed(3),
    against(medianOf(state, "cpuRatio"), medianOf(ON, "cpuRatio")),
    medianOf(state, "steadyPerSecond").toFixed(0),
  ]).slice(ON),
));
console.log("");
console.log(table(
  ["as often as it can, fastest round", "runs a second", "against off"],
  STATES.map(({ name }, state) => [
    name,
    fastest(state).toFixed(0),
    against(fastest(state), fastest(0)),
  ]),
));
keepResults("run_stats", {
  rounds,
  seconds,
  rows: STATES.map(({ name }, state) => ({ name, rounds: results[state] })),
});
