/**
 * Measures the whole agent from outside: time to the first page, time to stop, CPU and memory by interval, with 1,000 maps,
 * 1,000 programs and 200 links held by another process. In: --seconds N (60), the length of a window; it opens as long after the
 * start, with a scrape every 5 s. Out: a table, and raw values in bench/results/agent.json.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { AgentProcess } from "./agent_process.ts";
import { buildC } from "./c_program.ts";
import { keepResults, median, table } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import { numberFlag } from "./number_flag.ts";
import { pause } from "../test/agent.ts";

const INTERVALS_MS = [100, 500, 1000];
const STARTS = 9;
const SCRAPE_EVERY_MS = 5000;
const PORT = 19464;

interface Window {
  readonly intervalMs: number;
  readonly cpuPercent: number;
  readonly scrapeCpuMs: readonly number[];
  readonly rssAnonMb: readonly number[];
}

async function measureStarts(): Promise<{ first: number[]; stop: number[] }> {
  const first: number[] = [];
  const stop: number[] = [];
  // One start more, not counted, fills the caches.
  for (let round = 0; round <= STARTS; round++) {
    await using agent = new AgentProcess(PORT, []);
    const firstMs = await agent.firstPageMs();
    const stopMs = await agent.stopMs();
    if (round === 0) continue;
    first.push(firstMs);
    stop.push(stopMs);
  }
  return { first, stop };
}

/** A window of `seconds` that opens `seconds` after the start; scrapes are made in both, their CPU is taken out of the second's. */
async function measureWindow(
  intervalMs: number,
  seconds: number,
): Promise<Window> {
  await using agent = new AgentProcess(PORT, ["--interval", `${intervalMs}ms`]);
  await agent.firstPageMs();
  const scrapes = Math.round(seconds * 1000 / SCRAPE_EVERY_MS);
  const rssAnonMb: number[] = [];
  const scrapeCpuMs: number[] = [];
  let idleCpuMs = 0;
  let idleMs = 0;
  for (let i = 0; i < 2 * scrapes; i++) {
    const cpuBefore = agent.cpuMs();
    const from = performance.now();
    await pause(SCRAPE_EVERY_MS - 200);
    const cpuAfter = agent.cpuMs();
    const until = performance.now();
    await agent.scrape();
    await pause(200);
    if (i < scrapes) continue;
    idleCpuMs += cpuAfter - cpuBefore;
    idleMs += until - from;
    const ratio = (cpuAfter - cpuBefore) / (until - from);
    scrapeCpuMs.push(agent.cpuMs() - cpuAfter - ratio * 200);
    rssAnonMb.push(agent.rssAnonMb());
  }
  await agent.stopMs();
  return {
    intervalMs,
    cpuPercent: 100 * idleCpuMs / idleMs,
    scrapeCpuMs,
    rssAnonMb,
  };
}

const seconds = numberFlag("--seconds", 60);
const hold = buildC("hold", "agent_load");
if ("missing" in hold) {
  console.log(`SKIP the agent's bench: ${hold.missing}`);
  Deno.exit(0);
}
await using holder = new LineProcess(hold.path, ["1000", "1000", "200"]);
await holder.readLine();
const starts = await measureStarts();
const windows: Window[] = [];
for (const intervalMs of INTERVALS_MS) {
  windows.push(await measureWindow(intervalMs, seconds));
}
console.log(
  table(["", "median of 9", "slowest"], [
    [
      "process start to the first page with objects, ms",
      median(starts.first).toFixed(0),
      Math.max(...starts.first).toFixed(0),
    ],
    [
      "SIGTERM to the end, ms",
      median(starts.stop).toFixed(0),
      Math.max(...starts.stop).toFixed(0),
    ],
  ]),
);
console.log();
console.log(
  table(
    ["interval", "CPU, % of a core", "CPU of a scrape, ms", "RssAnon, MB"],
    windows.map((window) => [
      `${window.intervalMs} ms`,
      window.cpuPercent.toFixed(2),
      median(window.scrapeCpuMs).toFixed(1),
      median(window.rssAnonMb).toFixed(1),
    ]),
  ),
);
keepResults("agent", { seconds, starts, windows });
