/** Owns the tests of src/metrics/buffer_metrics.ts. @module */
import { assertEquals } from "@std/assert";
import {
  buffersCostMetrics,
  perfMetrics,
  ringMetrics,
} from "../../../../src/metrics/buffer_metrics.ts";
import { sampleLines } from "./pages.ts";
import {
  aBuffersPass,
  type RingGiven,
  withBuffers,
} from "../../../buffer_builders.ts";
import { aMap, aSnapshot, aState } from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf } from "./pages.ts";

const MAPS = aSnapshot({
  map: {
    descriptions: [
      aMap({ id: 1, name: 'a\n"b\u202e', type: "ringbuf" }),
      aMap({ id: 2, name: "two", type: "user_ringbuf" }),
      aMap({ id: 3, name: "perf", type: "perf_event_array" }),
      aMap({ id: 4, name: "more", type: "perf_event_array" }),
    ],
  },
});
const RINGS = aSnapshot({
  map: {
    descriptions: [
      aMap({ id: 1, name: "one", type: "ringbuf" }),
      aMap({ id: 2, name: "two", type: "ringbuf" }),
    ],
  },
});
const BUFFERS = new Set(["buffers"]);

async function linesFor(
  node = MAPS,
  groups: ReadonlySet<string> = BUFFERS,
): Promise<string[]> {
  const exposition = anExposition({ state: aState(node) });
  return sampleLines(await pageOf(exposition, "prometheus", groups));
}

Deno.test("ringMetrics and perfMetrics are absent before anybody looked, and where nobody can", async () => {
  assertEquals(await linesFor(), []);
  const pass = aBuffersPass({
    periodMs: Infinity,
    unavailable: { rings: "no iterators", perf: "no iterators" },
  });
  const node = withBuffers(MAPS, [pass]);
  assertEquals(await linesFor(node), []);
  const own = await linesFor(node, new Set(["collector"]));
  assertEquals(own.filter((line) => line.includes("_buffer")), []);
});

Deno.test("ringMetrics leave out what a ring does not have, and escape its map's name", async () => {
  const node = withBuffers(MAPS, [
    aBuffersPass({
      rings: [
        { mapId: 1, lossEpisodes: 2 },
        { mapId: 2, isUser: 1, lossEpisodes: NaN },
      ],
    }),
  ]);
  const lines = await linesFor(node);
  const name = "odigos_ebpf_ring_buffer_loss_episodes_total";
  assertEquals(lines.filter((line) => line.startsWith(name)), [
    `${name}{map_id="1",map_name="a\\n\\"b\ufffd"} 2`,
  ]);
  assertEquals(
    lines.filter((line) => line.includes('map_id="2"')).length,
    // Nor losses, which are off.
    ringMetrics.length - 2,
  );
});

Deno.test("ringMetrics tell losses one by one only while they are counted, those under other too", async () => {
  const name = "odigos_ebpf_ring_buffer_lost_events_total";
  const of = async (rings: RingGiven[], maxSeries: number) => {
    const passes = [aBuffersPass({ rings, unavailable: {} })];
    const lines = await linesFor(withBuffers(RINGS, passes, maxSeries));
    return lines.filter((line) => line.startsWith(name));
  };
  const counted: RingGiven[] = [
    { mapId: 1, lostEvents: 7, isLostExact: 1, events: 9 },
    { mapId: 2, lostEvents: 3, isLostExact: 1 },
  ];
  assertEquals(await of(counted, 10), [
    `${name}{map_id="1",map_name="one"} 7`,
    `${name}{map_id="2",map_name="two"} 3`,
  ]);
  assertEquals(
    (await of(counted, 1)).at(-1),
    `${name}{map_id="other",map_name="other"} 0`,
  );
  assertEquals(await of([{ mapId: 1 }, { mapId: 2 }], 1), []);
});

Deno.test("perfMetrics tell CPUs apart, and add up a map's memory", async () => {
  const node = withBuffers(MAPS, [
    aBuffersPass({
      perf: [
        { mapId: 3, cpu: 0, lostSamples: 5, memoryBytes: 100 },
        { mapId: 3, cpu: 2, lostSamples: 6, memoryBytes: 20 },
        { mapId: 4, cpu: 0, samples: NaN, memoryBytes: 7 },
      ],
    }),
  ]);
  const page = await pageOf(anExposition({ state: aState(node) }));
  const of = (name: string) => linesOf(page, `odigos_ebpf_perf_buffer_${name}`);
  assertEquals(of("lost_events_total"), [
    'odigos_ebpf_perf_buffer_lost_events_total{map_id="3",map_name="perf",cpu="0"} 5',
    'odigos_ebpf_perf_buffer_lost_events_total{map_id="3",map_name="perf",cpu="2"} 6',
    'odigos_ebpf_perf_buffer_lost_events_total{map_id="4",map_name="more",cpu="0"} 0',
  ]);
  assertEquals(of("memory_bytes"), [
    'odigos_ebpf_perf_buffer_memory_bytes{map_id="3",map_name="perf"} 120',
    'odigos_ebpf_perf_buffer_memory_bytes{map_id="4",map_name="more"} 7',
  ]);
  assertEquals(of("events_total").length, 2);
});

Deno.test("ringMetrics and perfMetrics put those beyond --max-series into one series", async () => {
  const passes = [0, 1].map((n) =>
    aBuffersPass({
      takenAtMs: 1_000 + n,
      rings: [{ mapId: 1, events: 100 + n }, { mapId: 2, events: 5 + 4 * n }],
      perf: [{ mapId: 3 }, { mapId: 4, pendingBytes: 8, samples: 3 + n }],
    })
  );
  const node = withBuffers(MAPS, passes, 1);
  const lines = await linesFor(node);
  const rest = lines.filter((line) => line.includes('"other"'));
  assertEquals(rest.filter((line) => /events_total|pending/.test(line)), [
    'odigos_ebpf_ring_buffer_events_total{map_id="other",map_name="other"} 4',
    'odigos_ebpf_ring_buffer_discarded_events_total{map_id="other",map_name="other"} 0',
    'odigos_ebpf_ring_buffer_pending_bytes{map_id="other",map_name="other"} 0',
    'odigos_ebpf_perf_buffer_events_total{map_id="other",map_name="other",cpu="other"} 1',
    'odigos_ebpf_perf_buffer_lost_events_total{map_id="other",map_name="other",cpu="other"} 0',
    'odigos_ebpf_perf_buffer_pending_bytes{map_id="other",map_name="other",cpu="other"} 8',
  ]);
  const page = await pageOf(anExposition({ state: aState(node) }));
  const dropped = linesOf(page, "odigos_ebpf_collector_dropped_series")
    .filter((line) => line.includes("_buffer_"));
  assertEquals(dropped.length, ringMetrics.length + perfMetrics.length);
  assertEquals(dropped.every((line) => line.endsWith(" 1")), true);
});

Deno.test("buffersCostMetrics tell what the looks cost", async () => {
  const node = withBuffers(MAPS, [
    aBuffersPass({ passes: 7, spentMs: 1.5, periodMs: 250 }),
  ]);
  const page = await pageOf(anExposition({ state: aState(node) }));
  assertEquals(
    buffersCostMetrics.map(({ name }) => linesOf(page, name)),
    [
      ["odigos_ebpf_collector_buffers_passes_total 7"],
      ["odigos_ebpf_collector_buffers_seconds_total 0.0015"],
      ["odigos_ebpf_collector_buffers_period_seconds 0.25"],
    ],
  );
});
