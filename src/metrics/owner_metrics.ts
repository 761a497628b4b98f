/**
 * Owns the metrics of who keeps objects alive, and of what it costs to look. In: PageInput. Out: their entries in the catalog;
 * absent, never 0, until somebody has looked.
 * @module
 */
import type { ObjectType } from "../../workers/protocol.ts";
import type { NodeSnapshot, Table } from "../state/node_state.ts";
import { knowsOrphans, orphanCount } from "../state/owner_groups.ts";
import type { HoldersState, Owner } from "../state/ownership.ts";
import { labelText } from "./labels.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";

export const OWNER_INFO = "odigos_ebpf_object_owner_info";

const HOLDERS_SOURCE =
  "open descriptors of all processes (bpf_iter task_file), bpffs, references between objects";

export const ownerMetrics: readonly NodeMetric[] = [
  {
    kind: "node",
    name: OWNER_INFO,
    type: "gauge",
    help:
      "The process that holds an object, always 1: by descriptor before through others, then the oldest; the last one known after it exits.",
    unit: "",
    labels: ["type", "id", "pid", "comm", "container_id", "pod_uid"],
    group: "objects",
    needs: ["holders"],
    qualityBy: "holders",
    quality: "exact",
    source: HOLDERS_SOURCE,
    *samples({ snapshot }: PageInput): Generator<Sample> {
      for (const { type, id, owner } of ownedRows(snapshot)) {
        yield {
          labels: { type, id: `${id}`, ...ownerLabels(owner) },
          value: 1,
        };
      }
    },
    *texts({ snapshot }: PageInput): Generator<string> {
      for (const { type, id, owner } of ownedRows(snapshot)) {
        yield `type="${type}",id="${id}",${ownerText(owner)}`;
      }
    },
  },
  {
    kind: "node",
    name: "odigos_ebpf_orphan_objects",
    type: "gauge",
    help:
      "eBPF objects that nothing but the kernel keeps alive: no descriptor, no pin, nothing that is held refers to them.",
    unit: "",
    labels: ["type"],
    group: "objects",
    needs: ["holders"],
    quality: "lower bound",
    source: HOLDERS_SOURCE,
    *samples({ snapshot }: PageInput): Generator<Sample> {
      for (const table of tablesOf(snapshot)) {
        if (knowsOrphans(snapshot, table)) {
          yield { labels: { type: table.type }, value: orphanCount(table) };
        }
      }
    },
  },
];

export const holdersMetrics: readonly NodeMetric[] = [
  ofLastPass({
    name: "odigos_ebpf_collector_holders_duration_seconds",
    help: "Time that the last look at what keeps objects alive took.",
    unit: "seconds",
    value: ({ durationMs }) => durationMs / 1000,
  }),
  ofLastPass({
    name: "odigos_ebpf_collector_holders_age_seconds",
    help: "Time since the start of the last look at what keeps objects alive.",
    unit: "seconds",
    value: ({ takenAtMs }, nowMs) => (nowMs - takenAtMs) / 1000,
  }),
  ofLastPass({
    name: "odigos_ebpf_collector_holders_descriptors",
    help:
      "Open descriptors that the last look at what keeps objects alive went through.",
    unit: "",
    value: ({ descriptors }) => descriptors,
  }),
];

function ofLastPass(
  { value, ...given }:
    & Pick<NodeMetric, "name" | "help" | "unit">
    & { value: (holders: HoldersState, nowMs: number) => number },
): NodeMetric {
  return {
    ...given,
    kind: "node",
    type: "gauge",
    labels: [],
    group: "collector",
    needs: ["holders"],
    quality: "exact",
    source: "CLOCK_MONOTONIC, the agent's own count",
    *samples({ snapshot: { holders }, nowMs }: PageInput): Generator<Sample> {
      if (holders !== undefined) {
        yield { labels: {}, value: value(holders, nowMs) };
      }
    },
  };
}

/** Objects that have series of their own and an owner. */
function* ownedRows(
  snapshot: NodeSnapshot,
): Generator<{ type: ObjectType; id: number; owner: Owner }> {
  for (const table of tablesOf(snapshot)) {
    const { type, ownership, ownSeries, descriptions } = table;
    for (let row = 0; row < table.size; row++) {
      const owner = ownership?.rows[row]?.owner;
      if (owner === undefined || ownSeries[row] === 0) continue;
      yield { type, id: descriptions[row].id, owner };
    }
  }
}

function tablesOf({ tables }: NodeSnapshot): Table<ObjectType>[] {
  const { map, program, link, btf } = tables;
  return [map, program, link, btf] as Table<ObjectType>[];
}

function ownerLabels(
  { pid, comm, containerId, podUid }: Owner,
): Record<string, string> {
  return { pid: `${pid}`, comm, container_id: containerId, pod_uid: podUid };
}

/** Made once for each process as it is shown: it stays the same object from pass to pass. */
const TEXTS = new WeakMap<Owner, string>();

function ownerText(owner: Owner): string {
  let text = TEXTS.get(owner);
  if (text === undefined) {
    text = labelText(ownerLabels(owner));
    TEXTS.set(owner, text);
  }
  return text;
}
