import { assertEquals } from "@std/assert";
import {
  aCollector,
  aMap,
  aProgram,
  aSnapshot,
  aState,
} from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf, sampleLines } from "./pages.ts";

Deno.test("collector metrics tell each collector's own counts", async () => {
  const collectors = () => [aCollector({
    name: "links",
    samples: 9,
    missedTicks: 2,
    syscalls: 300,
    restarts: 1,
    errors: { EPERM: 3, worker: 1 },
    skipped: { ENOMEM: 4 },
    backendReason: 'no "BTF"',
    sampledAtMs: 8_500,
  })];
  const page = await pageOf(
    anExposition({ collectors }),
    "prometheus",
    new Set(["collector"]),
  );
  assertEquals(
    sampleLines(page).filter((line) => !/dropped_series|_agent_/.test(line)),
    [
      'samples_total{collector="links"} 9',
      'errors_total{collector="links",error="EPERM"} 3',
      'errors_total{collector="links",error="worker"} 1',
      'skipped_objects_total{collector="links",errno="ENOMEM"} 4',
      'syscalls_total{collector="links"} 300',
      'missed_ticks_total{collector="links"} 2',
      'snapshot_age_seconds{collector="links"} 1.5',
      'backend_info{collector="links",backend="walk",reason="no \\"BTF\\""} 1',
      'restarts_total{collector="links"} 1',
    ].map((line) => `odigos_ebpf_collector_${line}`),
  );
});

Deno.test("collector metrics have no age and no backend before they are known", async () => {
  const { sampledAtMs: _, backend: __, ...starting } = aCollector();
  const page = await pageOf(anExposition({ collectors: () => [starting] }));
  assertEquals(page.includes("snapshot_age_seconds"), false);
  assertEquals(page.includes("backend_info"), false);
});

Deno.test("dropped_series tells for each family that is shown how many objects it has under other", async () => {
  const state = aState(aSnapshot({
    map: { descriptions: [aMap(), aMap({ id: 2 })], ownSeries: [0, 0] },
    program: { descriptions: [aProgram()] },
    link: { status: "unavailable" },
  }));
  const lines = linesOf(
    await pageOf(anExposition({ state })),
    "odigos_ebpf_collector_dropped_series",
  );
  assertEquals(lines.length, 5 + 10);
  assertEquals(
    lines.filter((line) => line.includes('family="odigos_ebpf_map_')),
    ["info", "memory_bytes", "memlock_bytes", "entries", "max_entries"].map((
      name,
    ) =>
      `odigos_ebpf_collector_dropped_series{family="odigos_ebpf_map_${name}"} 2`
    ),
  );
});

Deno.test("observeSample() counts into the histogram, in seconds", async () => {
  const exposition = anExposition();
  exposition.observeSample("maps", 0.3);
  exposition.observeSample("maps", 40);
  const name = "odigos_ebpf_collector_sample_duration_seconds";
  const lines = sampleLines(await pageOf(exposition)).filter((line) =>
    line.startsWith(name)
  );
  assertEquals(lines.slice(0, 3), [
    `${name}_bucket{le="0.0001",collector="maps"} 0`,
    `${name}_bucket{le="0.00025",collector="maps"} 0`,
    `${name}_bucket{le="0.0005",collector="maps"} 1`,
  ]);
  assertEquals(lines.slice(-3), [
    `${name}_bucket{le="+Inf",collector="maps"} 2`,
    `${name}_sum{collector="maps"} 0.0403`,
    `${name}_count{collector="maps"} 2`,
  ]);
});
