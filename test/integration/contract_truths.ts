/**
 * Owns the truth about every metric that the original specification fixes: what the kernel, bpftool or the objects' own process says. In:
 * a page, and the objects of the test. Out: by metric, what is on the page and what it should be.
 * @module
 */
import { errnoName } from "../../ffi/mod.ts";
import type { HeldIds } from "../kernel/holder.ts";
import type { OperationCounts } from "../kernel/operate.ts";
import type { Page } from "../kernel/page.ts";
import type { PerfTruth } from "../kernel/perf_buffers.ts";
import { readBpftool, readInfo, type Row } from "../kernel/reference.ts";
import type { Made } from "../kernel/workshop.ts";

/** What is done to the map, and how often the program runs. */
export const UPDATES = 7;
export const LOOKUPS = 3;
export const RUNS = 25;
/** What counts as all maps and programs. */
export const LIMITS = { maps: 4_000, programs: 5_000, links: 1_000 } as const;
const MANAGER = "odigos_ebpf_instrumentation_manager";

/** What the agent looks at. */
export interface World {
  /** A hash map with as many entries as it holds, each of them put in by bpf(). */
  readonly map: Made;
  /** A program that ran RUNS times with statistics on. */
  readonly program: Made;
  readonly held: HeldIds;
  readonly ring: { readonly mapId: number; readonly events: number };
  readonly perf: { readonly mapId: number; readonly truths: PerfTruth[] };
  /** What `operate` counted itself. */
  readonly operated: OperationCounts;
}

/** Numbers by what they are of. */
export type Values = Readonly<Record<string, number | undefined>>;

/** What is on the page, and what the truth is at this moment. */
export type Compare = (page: Page, world: World) => readonly [Values, Values];

/** By name, in the order of FIXED_METRICS. */
export const TRUTHS: Readonly<Record<string, Compare>> = {
  odigos_ebpf_objects_total: (page) => [
    valuesBy(page, "odigos_ebpf_objects_total", "type", [
      "map",
      "program",
      "link",
      "btf",
    ]),
    {
      map: readInfo("map").size,
      program: readInfo("program").size,
      link: readInfo("link").size,
      btf: readInfo("btf").size,
    },
  ],
  odigos_ebpf_map_memory_bytes: ofMap(
    "odigos_ebpf_map_memory_bytes",
    (map) => (map.bytes_key + map.bytes_value) * map.max_entries,
  ),
  odigos_ebpf_program_memory_bytes: ofProgram(
    "odigos_ebpf_program_memory_bytes",
    (program) => program.bytes_jited + program.bytes_xlated,
  ),
  odigos_ebpf_total_memory_bytes: (page) => [
    { all: page.value("odigos_ebpf_total_memory_bytes") },
    {
      all: sum("map", (map) =>
        (Number(map.key_size) + Number(map.value_size)) *
        Number(map.max_entries)) +
        sum(
          "program",
          (program) =>
            Number(program.jited_prog_len) + Number(program.xlated_prog_len),
        ),
    },
  ],
  odigos_ebpf_program_runtime_ns_total: ofProgram(
    "odigos_ebpf_program_runtime_ns_total",
    (program) => program.run_time_ns || NaN,
  ),
  odigos_ebpf_program_runs_total: ofProgram(
    "odigos_ebpf_program_runs_total",
    (program) => program.run_cnt === RUNS ? RUNS : NaN,
  ),
  odigos_ebpf_program_instructions: ofProgram(
    "odigos_ebpf_program_instructions",
    (program) => program.bytes_xlated / 8,
  ),
  odigos_ebpf_ring_buffer_events_total: (page, { ring }) => [
    {
      events: page.value("odigos_ebpf_ring_buffer_events_total", {
        map_id: `${ring.mapId}`,
      }),
    },
    { events: ring.events },
  ],
  odigos_ebpf_perf_buffer_events_total: ofPerf(
    "odigos_ebpf_perf_buffer_events_total",
    ({ ok }) => ok,
  ),
  odigos_ebpf_perf_buffer_lost_events_total: ofPerf(
    "odigos_ebpf_perf_buffer_lost_events_total",
    ({ lost }) => lost || NaN,
  ),
  odigos_ebpf_map_operations_total: (page, { map }) => [
    Object.fromEntries(
      page.samples("odigos_ebpf_map_operations_total")
        .filter(({ labels }) => labels.map_id === `${map.id}`)
        .map(({ labels, value }) => [labels.operation, value]),
    ),
    { lookup: LOOKUPS, update: UPDATES },
  ],
  // The program that runs in the links is held through them.
  [`${MANAGER}_loaded_programs`]: ofHolder(
    "loaded_programs",
    (held) => held.program.length + 1,
  ),
  [`${MANAGER}_loaded_maps`]: ofHolder(
    "loaded_maps",
    (held) => held.map.length,
  ),
  [`${MANAGER}_loaded_links`]: ofHolder(
    "loaded_links",
    (held) => held.link.length,
  ),
  [`${MANAGER}_program_load_duration_ms`]: ofOperate(
    "program_load_duration_ms_count",
    /^load /,
  ),
  // What was tried on a descriptor of no map (EBADF) is no operation on a map.
  [`${MANAGER}_map_lookups_total`]: ofOperate(
    "map_lookups_total",
    /^\d+ lookup\w* (?!9$)/,
  ),
  [`${MANAGER}_map_updates_total`]: ofOperate(
    "map_updates_total",
    /^\d+ update\w* (?!9$)/,
  ),
  [`${MANAGER}_program_errors_total`]: (page, { operated }) => [
    {
      ...Object.fromEntries(
        page.samples(`${MANAGER}_program_errors_total`)
          .filter(({ labels: { manager, kind } }) =>
            manager === "tried" && kind !== "missed_run"
          )
          .map((
            { labels, value },
          ) => [`${labels.kind} ${labels.errno}`, value]),
      ),
      "missed_run of held": page.value(`${MANAGER}_program_errors_total`, {
        manager: "held",
        kind: "missed_run",
        errno: "",
      }),
    },
    {
      ...Object.fromEntries(
        Object.entries(operated).flatMap(([key, count]) => {
          const [what, errno] = key.split(" ");
          return /^(load|attach) [^0]/.test(key)
            ? [[`${what} ${errnoName(Number(errno))}`, count]]
            : [];
        }),
      ),
      "missed_run of held": 0,
    },
  ],
  odigos_ebpf_system_resource_usage_percent: (page) => [
    valuesBy(page, "odigos_ebpf_system_resource_usage_percent", "resource", [
      "memory",
      "jit",
      "maps",
      "programs",
      "links",
      "map_entries",
    ]),
    {
      memory: percent(
        memlock("map") + memlock("program"),
        1024 * numberIn("/proc/meminfo", /^MemTotal:\s+(\d+)/m),
      ),
      jit: percent(
        sum("program", (program) => Number(program.jited_prog_len)),
        numberIn("/proc/sys/net/core/bpf_jit_limit", /(\d+)/),
      ),
      maps: percent(readInfo("map").size, LIMITS.maps),
      programs: percent(readInfo("program").size, LIMITS.programs),
      links: percent(readInfo("link").size, LIMITS.links),
      map_entries: 100,
    },
  ],
};

/** Fields of bpftool, all of them numbers. */
type Told = Readonly<Record<string, number>>;

function ofMap(name: string, truth: (map: Told) => number): Compare {
  return (page, { map: { id } }) => [
    { value: page.value(name, { map_id: `${id}` }) },
    { value: truth(readBpftool("map").get(id) as unknown as Told) },
  ];
}

function ofProgram(name: string, truth: (program: Told) => number): Compare {
  return (page, { program: { id } }) => [
    { value: page.value(name, { prog_id: `${id}` }) },
    { value: truth(readBpftool("program").get(id) as unknown as Told) },
  ];
}

function ofPerf(name: string, truth: (cpu: PerfTruth) => number): Compare {
  return (page, { perf: { mapId, truths } }) => [
    Object.fromEntries(
      page.samples(name)
        .filter(({ labels }) => labels.map_id === `${mapId}`)
        .map(({ labels, value }) => [labels.cpu, value]),
    ),
    Object.fromEntries(truths.map((one, cpu) => [`${cpu}`, truth(one)])),
  ];
}

function ofHolder(
  what: string,
  truth: (ids: HeldIds) => number,
): Compare {
  return (page, { held }) => [
    { held: page.value(`${MANAGER}_${what}`, { manager: "held" }) },
    { held: truth(held) },
  ];
}

/** @param which of its counts, as OperationCounts names them */
function ofOperate(what: string, which: RegExp): Compare {
  return (page, { operated }) => [
    { tried: page.value(`${MANAGER}_${what}`, { manager: "tried" }) },
    {
      tried: Object.entries(operated).reduce(
        (all, [key, count]) => which.test(key) ? all + count : all,
        0,
      ),
    },
  ];
}

function valuesBy(
  page: Page,
  name: string,
  label: string,
  keys: readonly string[],
): Values {
  return Object.fromEntries(
    keys.map((key) => [key, page.value(name, { [label]: key })]),
  );
}

/** Over all objects of the node. */
function sum(kind: "map" | "program", value: (row: Row) => number): number {
  return readInfo(kind).values().reduce((all, row) => all + value(row), 0);
}

/** As fdinfo says it, by bpftool. */
function memlock(kind: "map" | "program"): number {
  return readBpftool(kind).values()
    .reduce((all, { bytes_memlock }) => all + Number(bytes_memlock ?? 0), 0);
}

function percent(part: number, whole: number): number {
  return 100 * part / whole;
}

function numberIn(path: string, pattern: RegExp): number {
  return Number(Deno.readTextFileSync(path).match(pattern)?.[1]);
}
