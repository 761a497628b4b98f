/**
 * Owns the metrics of ring and perf buffers, and of what the looks at them cost. In: PageInput. Out: their entries in the catalog; absent,
 * never 0, where nobody could look.
 * @module
 */
import {
  buffersOf,
  type PerfBuffer,
  type RingBuffer,
} from "../state/buffer_readings.ts";
import type { BuffersState } from "../state/buffers.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";

/** A family with one series for each buffer, of which `--max-series` leaves some out. */
export interface BufferMetric extends NodeMetric {
  readonly of: "rings" | "perf";
}

type Given = Pick<
  BufferMetric,
  "name" | "type" | "help" | "unit" | "quality" | "source"
>;

interface RingGiven extends Given {
  readonly value: (ring: RingBuffer) => number;
  readonly needs?: BufferMetric["needs"];
  readonly qualityBy?: "ring-buffers" | "ring-losses";
  /** What stands for the rings without series of their own. */
  readonly rest?: keyof BuffersState["rings"]["rest"];
}

interface PerfGiven extends Given {
  readonly value: (buffer: PerfBuffer) => number;
  readonly needs?: BufferMetric["needs"];
  readonly qualityBy?: BufferMetric["qualityBy"];
  /** What stands for the buffers without series of their own. */
  readonly rest?: keyof BuffersState["perf"]["rest"];
}

export const ringMetrics: readonly BufferMetric[] = [
  ofRings({
    name: "odigos_ebpf_ring_buffer_events_total",
    type: "counter",
    help:
      "Records committed to a ring buffer: exact while its events_coverage_ratio is 1, else estimated, or without those that were gone when the agent first saw it.",
    unit: "",
    quality: "estimated",
    qualityBy: "ring-buffers",
    source: "headers of its records",
    value: ({ readings }) => readings.events.value,
    rest: "events",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_discarded_events_total",
    type: "counter",
    help:
      "Records that were reserved in a ring buffer and given up: exact while its events_coverage_ratio is 1, else estimated.",
    unit: "",
    quality: "estimated",
    qualityBy: "ring-buffers",
    source: "headers of its records",
    value: ({ readings }) => readings.discards.value,
    rest: "discards",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_written_bytes_total",
    type: "counter",
    help:
      "Bytes written to a ring buffer since it was made, headers included; stands still while what its pages say cannot be.",
    unit: "bytes",
    quality: "exact",
    source: "bpf_ringbuf.producer_pos",
    value: ({ readings }) => readings.writtenBytes.value,
    rest: "writtenBytes",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_consumed_bytes_total",
    type: "counter",
    help:
      "Bytes that the consumer of a ring buffer says it is done with; stands still while what its pages say cannot be.",
    unit: "bytes",
    quality: "exact",
    source: "bpf_ringbuf.consumer_pos",
    value: ({ readings }) => readings.consumedBytes.value,
    rest: "consumedBytes",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_pending_bytes",
    type: "gauge",
    help: "Bytes in a ring buffer that are written and not consumed.",
    unit: "bytes",
    quality: "exact",
    source: "bpf_ringbuf.producer_pos - .consumer_pos",
    value: ({ readings }) => readings.pendingBytes.value,
    rest: "pendingBytes",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_size_bytes",
    type: "gauge",
    help: "Bytes that fit into a ring buffer.",
    unit: "bytes",
    quality: "exact",
    source: "bpf_ringbuf.mask + 1",
    value: ({ sizeBytes }) => sizeBytes,
    rest: "sizeBytes",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_fill_ratio_max",
    type: "gauge",
    help:
      "Highest share of a ring buffer that was seen pending in the last 60 s.",
    unit: "ratio",
    quality: "lower bound",
    source: "pending bytes at every look",
    value: ({ readings }) => readings.fillRatioMax.value,
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_events_coverage_ratio",
    type: "gauge",
    help:
      "Share of the bytes written to a ring buffer since the agent first saw it whose records were counted one by one; 1 only where every record since the ring was made was, and never again once some were estimated.",
    unit: "ratio",
    quality: "exact",
    source: "headers of its records",
    value: ({ coverage }) => coverage,
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_loss_episodes_total",
    type: "counter",
    help:
      "Times that a producer was seen to have found no room in a ring buffer, each at least one lost record.",
    unit: "",
    quality: "lower bound",
    source: "bpf_ringbuf.pending_pos = .producer_pos, seen twice",
    value: ({ readings }) => readings.lossEpisodes.value,
    rest: "lossEpisodes",
  }),
  ofRings({
    name: "odigos_ebpf_ring_buffer_lost_events_total",
    type: "counter",
    help:
      "Events that found no way into a ring buffer, for want of room or whatever else the kernel refused them for, since the agent's start or since the ring was made where that was later; needs --ring-losses on.",
    unit: "",
    quality: "exact",
    needs: ["ring-buffers", "ring-losses"],
    qualityBy: "ring-losses",
    source:
      "fexit of bpf_ringbuf_reserve(), _output() and _reserve_dynptr(), Linux 5.16 to 6.12 or a little later",
    value: ({ readings }) => readings.lostEvents.value,
    rest: "lostEvents",
  }),
];

export const perfMetrics: readonly BufferMetric[] = [
  ofPerf({
    name: "odigos_ebpf_perf_buffer_events_total",
    type: "counter",
    help:
      "Samples written to a perf buffer: exact while its events_coverage_ratio is 1, else estimated, or without those that were gone when the agent first saw it.",
    unit: "",
    quality: "estimated",
    qualityBy: "perf-buffers",
    source: "headers of its records",
    value: ({ readings }) => readings.events.value,
    rest: "samples",
  }),
  ofPerf({
    name: "odigos_ebpf_perf_buffer_events_coverage_ratio",
    type: "gauge",
    help:
      "Share of the bytes written to a perf buffer since the agent first saw it whose records were counted one by one; 1 only where every sample since it was made was, and never again once some were estimated.",
    unit: "ratio",
    quality: "exact",
    source: "headers of its records",
    value: ({ coverage }) => coverage,
  }),
  ofPerf({
    name: "odigos_ebpf_perf_buffer_lost_events_total",
    type: "counter",
    help:
      "Samples that found no room in a perf buffer: exact where the kernel counts them, which it does since Linux 6.0 and where that was carried back; elsewhere a lower bound, as check says.",
    unit: "",
    quality: "exact",
    needs: ["perf-buffers", "perf-losses"],
    qualityBy: "perf-losses",
    source: "perf_event.lost_samples",
    value: ({ readings }) => readings.lostEvents.value,
    rest: "lostSamples",
  }),
  ofPerf({
    name: "odigos_ebpf_perf_buffer_written_bytes_total",
    type: "counter",
    help: "Bytes written to a perf buffer since it was made.",
    unit: "bytes",
    quality: "exact",
    source: "perf_buffer.head",
    value: ({ readings }) => readings.writtenBytes.value,
    rest: "writtenBytes",
  }),
  ofPerf({
    name: "odigos_ebpf_perf_buffer_pending_bytes",
    type: "gauge",
    help: "Bytes in a perf buffer that are written and not consumed.",
    unit: "bytes",
    quality: "exact",
    source: "perf_buffer.head - perf_event_mmap_page.data_tail",
    value: ({ readings }) => readings.pendingBytes.value,
    rest: "pendingBytes",
  }),
  ofPerf({
    name: "odigos_ebpf_perf_buffer_size_bytes",
    type: "gauge",
    help: "Bytes that fit into a perf buffer.",
    unit: "bytes",
    quality: "exact",
    source: "perf_buffer.nr_pages",
    value: ({ sizeBytes }) => sizeBytes,
    rest: "sizeBytes",
  }),
  {
    ...shared({
      name: "odigos_ebpf_perf_buffer_memory_bytes",
      type: "gauge",
      help:
        "Memory of a map's perf buffers on all CPUs, their control pages included.",
      unit: "bytes",
      quality: "exact",
      source: "perf_buffer.nr_pages + 1",
    }),
    of: "perf",
    needs: ["perf-buffers"],
    labels: ["map_id", "map_name"],
    samples: perfMemory,
  },
];

/** What the looks cost. */
export const buffersCostMetrics: readonly NodeMetric[] = [
  ofLooks({
    name: "odigos_ebpf_collector_buffers_passes_total",
    type: "counter",
    help: "Looks at ring and perf buffers.",
    unit: "",
    value: ({ passes }) => passes,
  }),
  ofLooks({
    name: "odigos_ebpf_collector_buffers_seconds_total",
    type: "counter",
    help: "Time that the looks at ring and perf buffers took.",
    unit: "seconds",
    value: ({ spentMs }) => spentMs / 1000,
  }),
  ofLooks({
    name: "odigos_ebpf_collector_buffers_period_seconds",
    type: "gauge",
    help:
      "Time from one look at ring or perf buffers to the next, as it is now; it follows the fastest buffer, within a budget.",
    unit: "seconds",
    value: ({ periodMs }) => periodMs / 1000,
  }),
];

function ofRings({ value, rest, ...given }: RingGiven): BufferMetric {
  return {
    needs: ["ring-buffers"],
    ...shared(given),
    of: "rings",
    labels: ["map_id", "map_name"],
    *samples({ snapshot }: PageInput): Generator<Sample> {
      for (const ring of buffersOf(snapshot).rings) {
        const of = value(ring);
        if (ring.hasOwnSeries && !Number.isNaN(of)) {
          yield { labels: mapLabels(ring), value: of };
        }
      }
      const others = rest && snapshot.buffers?.rings.rest[rest];
      if (others !== undefined) {
        yield { labels: { map_id: "other", map_name: "other" }, value: others };
      }
    },
  };
}

function ofPerf({ value, rest, ...given }: PerfGiven): BufferMetric {
  return {
    needs: ["perf-buffers"],
    ...shared(given),
    of: "perf",
    labels: ["map_id", "map_name", "cpu"],
    *samples({ snapshot }: PageInput): Generator<Sample> {
      for (const buffer of buffersOf(snapshot).perf) {
        const of = value(buffer);
        if (buffer.hasOwnSeries && !Number.isNaN(of)) {
          const labels = { ...mapLabels(buffer), cpu: `${buffer.cpu}` };
          yield { labels, value: of };
        }
      }
      const others = rest && snapshot.buffers?.perf.rest[rest];
      if (others !== undefined) {
        yield {
          labels: { map_id: "other", map_name: "other", cpu: "other" },
          value: others,
        };
      }
    },
  };
}

/** A map's buffers are added up, as far as they have series of their own. */
function* perfMemory({ snapshot }: PageInput): Generator<Sample> {
  let last: PerfBuffer | undefined;
  let sum = 0;
  for (const buffer of buffersOf(snapshot).perf) {
    if (!buffer.hasOwnSeries) continue;
    if (last !== undefined && last.mapRow !== buffer.mapRow) {
      yield { labels: mapLabels(last), value: sum };
      sum = 0;
    }
    last = buffer;
    sum += buffer.memoryBytes;
  }
  if (last !== undefined) yield { labels: mapLabels(last), value: sum };
  const others = snapshot.buffers?.perf.rest.memoryBytes;
  if (others !== undefined) {
    yield { labels: { map_id: "other", map_name: "other" }, value: others };
  }
}

function mapLabels(
  { map }: RingBuffer | PerfBuffer,
): Readonly<Record<"map_id" | "map_name", string>> {
  return { map_id: `${map.id}`, map_name: map.name };
}

function shared(given: Given): Given & Pick<BufferMetric, "kind" | "group"> {
  return { ...given, kind: "node", group: "buffers" };
}

function ofLooks(
  { value, ...given }:
    & Pick<NodeMetric, "name" | "type" | "help" | "unit">
    & { value: (buffers: BuffersState) => number },
): NodeMetric {
  return {
    ...given,
    kind: "node",
    labels: [],
    group: "collector",
    needs: [],
    parts: { ring: ["ring-buffers"], perf: ["perf-buffers"] },
    quality: "exact",
    source: "CLOCK_MONOTONIC, the agent's own count",
    *samples({ snapshot: { buffers } }: PageInput): Generator<Sample> {
      if (buffers === undefined) return;
      const of = value(buffers);
      // Where nothing looks there is no period, and no cost.
      if (Number.isFinite(buffers.periodMs)) yield { labels: {}, value: of };
    },
  };
}
