/**
 * Owns how tests run `bench` without a kernel: collectors whose samples take a time that is known. In: what differs from a
 * machine where all works. Out: options for bench(), and what was made and removed.
 * @module
 */
import type { BenchOptions } from "../../../../src/commands/bench.ts";
import { someFacts } from "../../../state_builders.ts";

export interface BenchPorts extends BenchOptions {
  /** As `make map 10`, `remove map`, in their order. */
  readonly events: string[];
}

export function benchPorts(given: Partial<BenchOptions> = {}): BenchPorts {
  const events: string[] = [];
  let nowMs = 0;
  let made = 0;
  return {
    request: { objects: 1000, seconds: 2, budgetRatio: 0.01 },
    format: "table",
    layout: { widthColumns: 80, maxRows: Infinity },
    version: "0.1.0",
    facts: someFacts({ kernelRelease: "6.18.5" }),
    openFilesLimit: 20_000,
    monotonicMs: () => nowMs,
    collector(name, backend) {
      const objects = made + (name === "maps" ? 120 : 7);
      let round = 0;
      return {
        sample() {
          round++;
          const usual = objects * (backend === "walk" ? 5 : 0.4) / 1000;
          // Every tenth takes twice as long.
          const durationMs = round % 10 === 0 ? 2 * usual : usual;
          nowMs += durationMs;
          return { durationMs, objects };
        },
      };
    },
    makeObjects(type, count) {
      events.push(`make ${type} ${count}`);
      made = count;
      return {
        [Symbol.dispose]() {
          events.push(`remove ${type}`);
          made = 0;
        },
      };
    },
    statsCost: {
      uncountedNs: [26, 27, 26],
      countedNs: [94, 93, 99],
      toldNs: [46.25, 46, 46.5],
    },
    measureAgent: (seconds) =>
      Promise.resolve({
        backends: { maps: "iterator", programs: "iterator", links: "walk" },
        windows: [100, 250, 500, 1000, undefined].map((intervalMs) => {
          const wallMs = 1000 * seconds;
          const ticks = intervalMs === undefined ? 0 : wallMs / intervalMs;
          return { intervalMs, wallMs, ticks, cpuMs: 4 + 3 * ticks };
        }),
      }),
    ...given,
    events,
  };
}
