/**
 * The whole page, byte for byte, from a state and a clock that stand still: `metrics.prom` and `metrics.om` are what a
 * reviewer looks at. `UPDATE_GOLDEN=1` writes them anew.
 */
import { assert, assertEquals } from "@std/assert";
import type { Exposition, Format } from "../../src/metrics/exposition.ts";
import {
  aBtf,
  aCollector,
  aLink,
  aMap,
  aProgram,
  aSnapshot,
  aState,
  someFacts,
} from "../state_builders.ts";
import { FIXED_METRICS } from "../fixed_metrics.ts";
import { aBuffersPass, withBuffers } from "../buffer_builders.ts";
import { anOperationsPass, withOperations } from "../operations_builders.ts";
import { aPass, withHolders } from "../pass_builders.ts";
import { anExposition, pageOf } from "../unit/src/metrics/pages.ts";

const GOLDEN: Readonly<Record<Format, URL>> = {
  prometheus: new URL("metrics.prom", import.meta.url),
  openmetrics: new URL("metrics.om", import.meta.url),
};

const AGENT = {
  pid: 4_211,
  comm: "agent",
  cgroups:
    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podcfbe1789_8da4_4a1d_9fa1_f49a2be9eef5.slice/cri-containerd-35c6b5574bc50507e0b8535bb826e39c4cc0b8dd587930b0947d86239eb0f0a9.scope\n",
  holds: ["link 1", "program 7"],
} as const;

/** The second finds the holder of map 3 gone, and still nothing that keeps map 12 or map 40. */
const PASSES = [
  aPass({
    takenAtMs: 4_000,
    processes: [
      { pid: 77, comm: 'a "loader"\\', holds: ["map 3"] },
      AGENT,
    ],
  }),
  aPass({
    takenAtMs: 9_250,
    durationMs: 3.5,
    descriptors: 1_234,
    processes: [AGENT],
    references: [["program 5", "map 13"]],
  }),
];

/** Ring 13 was overwritten unseen, user ring 41 tells no losses, perf map 42 has two CPUs; map 99 is not in the table. */
const LOOKS = [1, 2].map((n) =>
  aBuffersPass({
    takenAtMs: 8_000 + 500 * n,
    passes: 120 * n,
    spentMs: 12.5 * n,
    periodMs: 12.5,
    rings: [
      {
        mapId: 13,
        sizeBytes: 1_048_576,
        writtenBytes: 56_000 * n,
        consumedBytes: 55_440 * n,
        pendingBytes: 560 * n,
        events: 1_000 * n,
        discards: 3,
        coverage: n === 1 ? 0.75 : 1,
        lossEpisodes: 2,
        fillRatioMax: 0.96875,
      },
      { mapId: 41, isUser: 1, lossEpisodes: NaN },
      { mapId: 99 },
    ],
    perf: [
      { mapId: 42, cpu: 0, lostSamples: 7 },
      { mapId: 42, cpu: 1, samples: NaN, coverage: NaN, pendingBytes: NaN },
    ],
  })
);

/** By the agent in its pod, and by a process that was never seen to hold anything. */
const COUNTED = anOperationsPass({
  takenAtMs: 9_000,
  processes: [AGENT, { comm: 'say "hi"\x1b' }],
  rows: [
    [3, "lookup", 10_000],
    [3, "update_batch", 12, 1],
    [12, "delete", 7],
    [12, "lookup", 5, 0, 2],
    [77, "get_next", 3],
  ],
  loads: [{ tookMs: [0.75, 12] }, { errno: 13, tookMs: [0.2] }],
  attachFailures: [[0, 22, 4]],
  skipped: 2,
});

/** A node with something of everything: hostile names, absent values, a stale table, objects beyond --max-series. */
function theNode(): Exposition {
  const snapshot = withHolders(
    aSnapshot({
      map: {
        status: "stale",
        reason: "BPF_MAP_GET_NEXT_ID failed: ENOMEM",
        created: 4,
        destroyed: 2,
        descriptions: [
          aMap({
            id: 3,
            flags: 1,
            memlock: { fixedBytes: 912, entryBytes: 72 },
          }),
          aMap({
            id: 12,
            name: 'say "hi"\\\n\x1b[31m',
            type: "percpu_hash",
            memlock: { fixedBytes: 4096, entryBytes: 0 },
          }),
          aMap({ id: 13, name: "events", type: "ringbuf", keySizeBytes: 0 }),
          aMap({ id: 40, name: "", type: "array", maxEntries: 2 ** 32 - 1 }),
          aMap({ id: 41, name: 'to "the" kernel', type: "user_ringbuf" }),
          aMap({ id: 42, name: "lost", type: "perf_event_array" }),
        ],
        columns: { entries: [2, NaN, NaN, NaN, NaN, NaN] },
        ownSeries: [1, 1, 1, 0, 1, 1],
      },
      program: {
        created: 1,
        descriptions: [
          aProgram({ id: 5, fullName: "on_switch_of_a_task", btfId: 8 }),
          aProgram({
            id: 6,
            type: "sched_cls",
            name: "ingress",
            memlockBytes: 8192,
          }),
          aProgram({ id: 7, type: "xdp", name: "drop" }),
        ],
        columns: {
          runTimeNs: [2 ** 63, NaN, 70],
          runCount: [12_345_678, NaN, 7],
          recursionMisses: [0, 0, 1],
          cpuRatio: [0.0125, NaN, 0.001],
          cpuRatioMax: [0.5, NaN, 0.25],
        },
        ownSeries: [1, 1, 0],
        rest: { runTimeNs: 60, runCount: 6, recursionMisses: 1 },
      },
      link: {
        descriptions: [
          aLink({ id: 1, programId: 5 }),
          aLink({
            id: 2,
            type: "tcx",
            programId: 6,
            attachType: "tcx_ingress",
            target: "ifindex:2",
          }),
        ],
      },
      btf: {
        descriptions: [aBtf({ id: 1, name: "vmlinux" }), aBtf({ id: 8 })],
      },
    }),
    ...PASSES,
  );
  const state = aState(
    withOperations(withBuffers(snapshot, LOOKS), PASSES[1], [COUNTED]),
  );
  const { sampledAtMs: _, ...unavailable } = aCollector();
  const exposition = anExposition({
    state,
    facts: someFacts({
      runStats: { agent: true, sysctl: false },
      jitLimitBytes: 528_482_304,
      operations: {
        mode: "on",
        hook: "tracepoint",
        cost: { bpfNs: 472, otherNs: 265 },
      },
    }),
    errnoName: (errno) => errno === 13 ? "EACCES" : "EINVAL",
    collectors: () => [
      aCollector({
        name: "maps",
        status: "failing",
        errors: { ENOMEM: 3 },
        skipped: { EPERM: 2 },
        sampledAtMs: 8_250,
      }),
      aCollector({ name: "programs", missedTicks: 1, restarts: 1 }),
      { ...unavailable, name: "links", samples: 0, syscalls: 1 },
    ],
    processUsage: () => ({
      cpuUserSeconds: 12.34,
      cpuSystemSeconds: 0.66,
      startTimeSeconds: 1_700_000_000.25,
      residentBytes: 81_920_000,
      virtualBytes: 1_234_567_168,
      heapBytes: 45_056_000,
      openFds: 23,
      maxFds: 1024,
    }),
  });
  exposition.observeSample("maps", 0.8);
  exposition.observeSample("maps", 12.5);
  exposition.observeSample("programs", 3_000);
  return exposition;
}

for (const format of ["prometheus", "openmetrics"] as const) {
  Deno.test(`the whole page in ${format} text is the golden one`, async () => {
    const page = await pageOf(theNode(), format);
    if (Deno.env.get("UPDATE_GOLDEN") === "1") {
      await Deno.writeTextFile(GOLDEN[format], page);
    }
    assertEquals(page, await Deno.readTextFile(GOLDEN[format]));
  });
}

/** What promtool says against names that the original specification fixes, and that are therefore as they are. */
const KNOWN_EXCEPTIONS: readonly string[] = [
  "odigos_ebpf_instrumentation_manager_program_load_duration_ms metric names should not contain abbreviated units",
  'odigos_ebpf_objects_total non-counter metrics should not have "_total" suffix',
  "odigos_ebpf_program_runtime_ns_total metric names should not contain abbreviated units",
];

const hasPromtool = findPromtool();
if (!hasPromtool) {
  // deno-lint-ignore no-console -- a skipped test says why
  console.log("SKIP metrics_test.ts: no promtool (apt-get install prometheus)");
}

Deno.test({
  name: "promtool check metrics finds nothing but the known exceptions",
  ignore: !hasPromtool,
  fn: async () => {
    const promtool = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stderr: "piped",
      stdout: "piped",
    }).spawn();
    const input = promtool.stdin.getWriter();
    await input.write(
      new TextEncoder().encode(await pageOf(theNode(), "prometheus")),
    );
    await input.close();
    const { stdout, stderr } = await promtool.output();
    const said = new TextDecoder().decode(stdout) +
      new TextDecoder().decode(stderr);
    for (const line of KNOWN_EXCEPTIONS) {
      assert(line.split(" ")[0] in FIXED_METRICS, line);
    }
    assertEquals(
      said.trim().split("\n").toSorted(),
      KNOWN_EXCEPTIONS.toSorted(),
    );
  },
});

function findPromtool(): boolean {
  try {
    return new Deno.Command("promtool", {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
