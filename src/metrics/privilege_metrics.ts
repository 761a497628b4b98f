/**
 * Owns the metrics of what the agent may do. In: PageInput. Out: their entries in the catalog.
 * @module
 */
import type { NodeMetric, PageInput, Sample } from "./metric.ts";

const OF_THE_AGENT = {
  kind: "node",
  type: "gauge",
  unit: "",
  group: "collector",
  needs: [],
  quality: "exact",
  source: "CapEff of /proc/thread-self/status",
} as const;

export const privilegeMetrics: readonly NodeMetric[] = [
  {
    ...OF_THE_AGENT,
    name: "odigos_ebpf_agent_capabilities",
    help:
      "Linux capabilities that the agent holds while it samples and serves; 0 once all were given up.",
    labels: [],
    *samples({ facts }: PageInput): Generator<Sample> {
      yield { labels: {}, value: facts.privileges.held.length };
    },
  },
  {
    ...OF_THE_AGENT,
    name: "odigos_ebpf_agent_capability_info",
    help: "A Linux capability that the agent still holds, and why, always 1.",
    labels: ["capability", "reason"],
    *samples({ facts }: PageInput): Generator<Sample> {
      for (const { capability, why } of facts.privileges.held) {
        yield { labels: { capability, reason: why }, value: 1 };
      }
    },
  },
];
