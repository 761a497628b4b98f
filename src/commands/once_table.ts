/**
 * Owns what `once` shows to a person. In: one instant of the node, what was found at start, the screen. Out: lines: totals,
 * then programs, maps and links, those that matter most first. What is not known is a dash, never 0.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { formatCount } from "../http/format.ts";
import {
  mapMemlockBytes,
  mapMemoryBytes,
  memlockTotals,
  programMemoryBytes,
} from "../state/totals.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import { bufferLines } from "./once_buffers.ts";
import {
  ABSENT,
  bytes,
  count,
  formatNs,
  formatPercent,
  named,
  ranked,
  sum,
} from "./once_cells.ts";
import type { Layout } from "./output.ts";
import { type Column, textTable } from "./text_table.ts";

export interface OnceTableInput {
  readonly snapshot: NodeSnapshot;
  readonly facts: NodeFacts;
  /** There were two samples, so programs have CPU shares. */
  readonly rates: boolean;
  readonly layout: Layout;
}

export function onceTable(input: OnceTableInput): string[] {
  const { tables } = input.snapshot;
  const blank = [""];
  return [
    ...totals(input),
    ...(tables.program.size > 0 ? [...blank, ...programs(input)] : []),
    ...(tables.map.size > 0 ? [...blank, ...maps(input)] : []),
    ...bufferLines(input.snapshot, input.layout),
    ...(tables.link.size > 0 ? [...blank, ...links(input)] : []),
    ...cutNote(input),
  ];
}

function totals({ snapshot, facts, layout }: OnceTableInput): string[] {
  const { program, map, link, btf } = snapshot.tables;
  const programBytes = sum(program, programMemoryBytes);
  const mapBytes = sum(map, mapMemoryBytes);
  const memlock = memlockTotals(snapshot.tables);
  const rows = [
    [
      "programs",
      count(program),
      bytes(programBytes),
      bytes(memlock.programBytes),
    ],
    ["maps", count(map), bytes(mapBytes), bytes(memlock.mapBytes)],
    ["links", count(link), "", ""],
    ["btf", count(btf), bytes(sum(btf, ({ sizeBytes }) => sizeBytes)), ""],
  ];
  const columns: Column[] = [
    { title: "TOTAL", align: "left" },
    { title: "OBJECTS", align: "right" },
    { title: "BYTES", align: "right" },
    { title: "MEMLOCK", align: "right" },
  ];
  return [
    ...textTable(columns, rows, layout.widthColumns),
    `run-time statistics ${statsPhrase(facts)}`,
  ];
}

function statsPhrase({ runStats }: NodeFacts): string {
  const { agent, sysctl, other } = runStats;
  if (sysctl === true) return "on (kernel.bpf_stats_enabled)";
  if (other === true) return "on (another process keeps them)";
  if (agent) return "on, kept by bpfpulse while this ran";
  return sysctl === undefined || other === undefined
    ? "unknown"
    : "off: run time and runs are of when they were on";
}

/** Whether runs are counted by anybody, as far as is known. */
function statsAreKept({ runStats }: NodeFacts): boolean {
  const { agent, sysctl, other } = runStats;
  return agent || sysctl === true || other === true;
}

function programs(
  { snapshot, facts, rates, layout }: OnceTableInput,
): string[] {
  const { descriptions, columns: values } = snapshot.tables.program;
  const kept = statsAreKept(facts);
  const counter = (value: number, text: (value: number) => string): string =>
    // Without statistics 0 runs only says that nobody counted.
    Number.isNaN(value) || (value === 0 && !kept) ? ABSENT : text(value);
  const { runTimeNs, runCount, cpuRatio } = values;
  const showCpu = rates && kept;
  const weight = showCpu ? [cpuRatio, runTimeNs] : [runTimeNs];
  const size = descriptions.map(programMemoryBytes);
  const order = ranked(descriptions.length, [...weight, size]);
  const columns: Column[] = [
    { title: "ID", align: "right" },
    { title: "TYPE", align: "left", cut: { at: "end", least: 10 } },
    { title: "NAME", align: "left", cut: { at: "end", least: 12 } },
    { title: "BYTES", align: "right" },
    { title: "RUN TIME", align: "right" },
    { title: "RUNS", align: "right" },
    ...(rates ? [{ title: "CPU %", align: "right" } as const] : []),
  ];
  const rows = order.slice(0, layout.maxRows).map((row) => {
    const { id, type, name, fullName } = descriptions[row];
    return [
      `${id}`,
      type,
      named(fullName ?? name),
      bytes(size[row]),
      counter(runTimeNs[row], formatNs),
      counter(runCount[row], formatCount),
      ...(rates ? [kept ? counter(cpuRatio[row], formatPercent) : ABSENT] : []),
    ];
  });
  const counted = order.length > 0 && weight.some((one) => one[order[0]] > 0);
  const by = !counted ? "bytes" : showCpu ? "CPU share" : "run time";
  return [
    title("PROGRAMS", descriptions.length, rows.length, by),
    ...textTable(columns, rows, layout.widthColumns),
  ];
}

function maps({ snapshot, layout }: OnceTableInput): string[] {
  const { descriptions, columns: values } = snapshot.tables.map;
  const size = descriptions.map(mapMemoryBytes);
  const order = ranked(descriptions.length, [size]);
  const columns: Column[] = [
    { title: "ID", align: "right" },
    { title: "TYPE", align: "left", cut: { at: "end", least: 10 } },
    { title: "NAME", align: "left", cut: { at: "end", least: 12 } },
    { title: "KEY", align: "right" },
    { title: "VALUE", align: "right" },
    { title: "MAX", align: "right" },
    { title: "BYTES", align: "right" },
    { title: "MEMLOCK", align: "right" },
  ];
  const rows = order.slice(0, layout.maxRows).map((row) => {
    const map = descriptions[row];
    const memlock = mapMemlockBytes(map, values.entries[row]);
    return [
      `${map.id}`,
      map.type,
      named(map.name),
      `${map.keySizeBytes}`,
      `${map.valueSizeBytes}`,
      formatCount(map.maxEntries),
      bytes(size[row]),
      Number.isNaN(memlock) ? ABSENT : bytes(memlock),
    ];
  });
  return [
    title("MAPS", descriptions.length, rows.length, "bytes"),
    ...textTable(columns, rows, layout.widthColumns),
  ];
}

function links({ snapshot, layout }: OnceTableInput): string[] {
  const { link, program } = snapshot.tables;
  const names = new Map(
    program.descriptions.map(({ id, name, fullName }) => [
      id,
      fullName ?? name,
    ]),
  );
  const columns: Column[] = [
    { title: "ID", align: "right" },
    { title: "TYPE", align: "left", cut: { at: "end", least: 10 } },
    { title: "ATTACHED AS", align: "left", cut: { at: "end", least: 10 } },
    { title: "PROGRAM", align: "left", cut: { at: "end", least: 12 } },
    // The end of a path says more than its start.
    { title: "TARGET", align: "left", cut: { at: "start", least: 12 } },
  ];
  const rows = link.descriptions.slice(0, layout.maxRows).map((one) => [
    `${one.id}`,
    one.type,
    one.attachType ?? ABSENT,
    programOf(one.programId, names),
    one.detached === true
      ? `${one.target ?? ""} (detached)`.trim()
      : one.target ?? ABSENT,
  ]);
  return [
    title("LINKS", link.size, rows.length, "id"),
    ...textTable(columns, rows, layout.widthColumns),
  ];
}

function programOf(id: number, names: ReadonlyMap<number, string>): string {
  if (id === 0) return ABSENT;
  return `${id} ${names.get(id) ?? ""}`.trimEnd();
}

function title(
  name: string,
  size: number,
  shown: number,
  by: string,
): string {
  return shown < size
    ? `${name}: ${formatCount(shown)} of ${formatCount(size)}, by ${by}`
    : `${name} by ${by}`;
}

function cutNote({ snapshot, layout }: OnceTableInput): string[] {
  const { program, map, link } = snapshot.tables;
  return Math.max(program.size, map.size, link.size) > layout.maxRows
    ? ["", "To see every object: bpfpulse once | less -S"]
    : [];
}
