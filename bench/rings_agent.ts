/**
 * Owns what a whole agent and a ring's producer take from each other. In: how long. Out: the producer's rate with the agent beside it and
 * without, by turns, and the agent's CPU beside a ring at 16 MB/s. Without the agent means that its threads are stopped.
 * @module
 */
import { RingProducer } from "../test/kernel/rings.ts";
import { AgentProcess } from "./agent_process.ts";
import { lowerQuarter, median, table } from "./figures.ts";
import { pause } from "../test/agent.ts";

const PORT = 19466;
/** Records whose producing is timed. */
const TIMED = 1_000_000;
/** An agent that went on does what it missed first. */
const SETTLE_MS = 200;
/** 300 records of 56 bytes, and 1 ms: somewhat more than 16 MB/s where the machine keeps time. */
const AT_16_MB = (seconds: number) =>
  `produce 256 ${seconds * 300_000} 300 950 1`;

export interface Producing {
  /** ns that one record takes its producer. */
  readonly without: number[];
  readonly with: number[];
  /** As `without`, measured beside it: what two equal runs differ by. */
  readonly again: number[];
}

export interface AgentCpu {
  /** % of a core, and what was written meanwhile; the idle windows have the same ring, to which nobody writes. */
  readonly idlePercent: number[];
  readonly busyPercent: number[];
  readonly megabytesPerSecond: number[];
  readonly coverage: number[];
}

async function startAgent(flags: readonly string[]): Promise<AgentProcess> {
  const agent = new AgentProcess(PORT, flags);
  await agent.firstPageMs();
  await pause(2_000);
  return agent;
}

/** As fast as the producer can, beside an agent that samples every 100 ms. */
export async function measureProducer(rounds: number): Promise<Producing> {
  await using producer = await RingProducer.start(1 << 22);
  await producer.tell("drain 200");
  await using agent = await startAgent(["--interval", "100ms"]);
  const ns: Producing = { without: [], with: [], again: [] };
  const recordNs = async () => {
    const startedAt = performance.now();
    await producer.tell(`produce 256 ${TIMED} 1000 0 1`);
    return (performance.now() - startedAt) * 1e6 / TIMED;
  };
  await recordNs();
  for (let round = 0; round < rounds; round++) {
    const sides = ["without", "with", "again"] as const;
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      if (side === "with") {
        agent.resume();
        await pause(SETTLE_MS);
      } else agent.pause();
      ns[side].push(await recordNs());
    }
  }
  agent.resume();
  await agent.stopMs();
  return ns;
}

/** A ring that comes round each 16 ms at 16 MB/s. */
const RING_BYTES = 1 << 18;

/** Beside one ring at some 16 MB/s, at the intervals that the agent has when nobody says otherwise. */
export async function measureAgent(
  windows: number,
  seconds: number,
  flags: readonly string[] = [],
): Promise<AgentCpu> {
  await using producer = await RingProducer.start(RING_BYTES);
  await producer.tell("drain 500");
  await using agent = await startAgent(flags);
  const found: AgentCpu = {
    idlePercent: [],
    busyPercent: [],
    megabytesPerSecond: [],
    coverage: [],
  };
  const window = async (work: () => Promise<unknown>) => {
    const cpuMs = agent.cpuMs();
    const startedAt = performance.now();
    await work();
    const ms = performance.now() - startedAt;
    return { percent: 100 * (agent.cpuMs() - cpuMs) / ms, ms };
  };
  for (let i = 0; i < windows; i++) {
    const idle = await window(() => pause(seconds * 1e3));
    found.idlePercent.push(idle.percent);
    const { bytes } = await producer.tell("once");
    let after = bytes;
    const busy = await window(async () => {
      after = (await producer.tell(AT_16_MB(seconds))).bytes;
    });
    found.busyPercent.push(busy.percent);
    found.megabytesPerSecond.push((after - bytes) / busy.ms / 1e3);
    found.coverage.push(await coverageOf(agent, producer.mapId));
  }
  await agent.stopMs();
  return found;
}

async function coverageOf(agent: AgentProcess, id: number): Promise<number> {
  const name = "odigos_ebpf_ring_buffer_events_coverage_ratio";
  const value = (await agent.scrape())
    .match(new RegExp(`^${name}\\{map_id="${id}".*\\} (.*)$`, "m"))?.[1];
  return Number(value ?? NaN);
}

export function producerTable(
  { without, with: beside, again }: Producing,
): string {
  const base = median(without);
  return table(
    ["producer", "ns a record, median", "lower quarter", "slower, %"],
    ([
      ["without the agent", without],
      ["with the agent", beside],
      ["without the agent, again", again],
    ] as const).map(([what, ns]) => [
      what,
      median(ns).toFixed(2),
      lowerQuarter(ns).toFixed(2),
      (100 * (median(ns) / base - 1)).toFixed(2),
    ]),
  );
}

export function agentTable(
  what: string,
  { idlePercent, busyPercent, megabytesPerSecond, coverage }: AgentCpu,
): string[] {
  return [
    what,
    median(idlePercent).toFixed(2),
    median(busyPercent).toFixed(2),
    median(megabytesPerSecond).toFixed(1),
    Math.min(...coverage).toFixed(4),
  ];
}
