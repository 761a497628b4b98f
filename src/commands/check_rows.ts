/**
 * Owns what `check` finds: one row for each thing that the agent can do, decided by having tried it. In: what acquire found, and a
 * node that was sampled once. Out: rows, plain values.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type {
  BackendName,
  ObjectType,
  TableOutcome,
} from "../../workers/protocol.ts";
import type { CheckName } from "../check_names.ts";
import { backendOf } from "../http/readiness.ts";
import { bufferRow } from "./check_buffers.ts";
import { cpuEntriesRow } from "./check_cpu_entries.ts";
import { holdersRow } from "./check_holders.ts";
import { operationsRow } from "./check_operations.ts";
import { runStatsRow, statsCostRow } from "./check_run_stats.ts";
import { ringLossesRow } from "./check_ring_losses.ts";
import {
  loadEventsRow,
  mapEntriesRow,
  missedRunsRow,
  perfLossesRow,
  verifiedInstructionsRow,
} from "./check_told.ts";
import { formatBytes, formatCount } from "../http/format.ts";
import type { Quality as NumberQuality } from "../metrics/metric.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import { failureText } from "../state/failure_text.ts";
import type { NodeState } from "../state/node_state.ts";
import { failureRemedy, skippedPhrase } from "./missing.ts";
import { unavailableRow } from "./unavailable_row.ts";

/** How far what is shown can be trusted. */
export type CheckQuality = NumberQuality | "unavailable";

export interface CheckRow {
  readonly name: CheckName;
  readonly ok: boolean;
  /** What a collector samples with. */
  readonly backend?: BackendName;
  /** Of the numbers that it gives; absent for what gives none, also because it is off. */
  readonly quality?: CheckQuality;
  /** What was found. */
  readonly reason: string;
  /** What the agent shows with it. */
  readonly gives: string;
  /** The one command, flag or setting that would give it; absent where it is there. */
  readonly remedy?: string;
  /** What of it is missing all the same, and why. */
  readonly lacks?: string;
  /** Of its counters, where they are of another quality than its gauges. */
  readonly totalsQuality?: CheckQuality;
  /** One sentence where what it counts is no total: counters are not served then. */
  readonly noTotals?: string;
}

/** What a node that was sampled tells; SampledNode has it. */
export interface SampledState extends NodeState {
  collectors(): readonly CollectorHealth[];
  outcome(table: ObjectType): TableOutcome | undefined;
}

export function checkRows(facts: NodeFacts, node: SampledState): CheckRow[] {
  const maps = tableRow("maps", "map", facts, node);
  const programs = tableRow("programs", "program", facts, node);
  const perfBuffers = bufferRow("perf-buffers", facts, node);
  return [
    kernelRow(facts, node),
    kernelBtfRow(facts),
    privilegesRow(facts),
    maps,
    programs,
    tableRow("links", "link", facts, node),
    tableRow("btf", "btf", facts, node),
    loadEventsRow(facts),
    holdersRow(facts, node),
    mapEntriesRow(facts, maps),
    cpuEntriesRow(facts),
    bufferRow("ring-buffers", facts, node),
    ringLossesRow(facts, node),
    perfBuffers,
    perfLossesRow(facts, perfBuffers),
    runStatsRow(facts),
    statsCostRow(facts),
    missedRunsRow(facts, node, programs),
    verifiedInstructionsRow(facts, node, programs),
    operationsRow(facts),
    jitLimitRow(facts),
    memlockRow(facts),
  ];
}

const GIVES: Readonly<Record<ObjectType, string>> = {
  map: "every map: type, name, sizes, memory",
  program: "every program: type, name, size, run time and runs",
  link: "every link: type, program, what it is attached to",
  btf: "every BTF object: name and size",
};

/** Any kernel since 4.13 lists objects, so a kernel whose bpf() knows the command will do. */
function kernelRow(facts: NodeFacts, node: SampledState): CheckRow {
  const failure = node.outcome("map")?.failure;
  const lacks = failure?.errno === "ENOSYS" || failure?.errno === "EINVAL";
  const release = `Linux ${facts.kernelRelease ?? "of unknown release"}`;
  return {
    name: "kernel",
    ok: !lacks,
    reason: lacks ? `${release}: ${failureText(failure)}` : release,
    gives: "everything below",
    ...(lacks
      ? { remedy: "run on Linux 4.13 or newer, with CONFIG_BPF_SYSCALL=y" }
      : {}),
  };
}

function kernelBtfRow({ kernelBtf }: NodeFacts): CheckRow {
  const base = {
    name: "kernel-btf",
    gives: "iterators, which read all objects at once; the walk does without",
  } as const;
  if (kernelBtf !== undefined && "sizeBytes" in kernelBtf) {
    const size = formatBytes(kernelBtf.sizeBytes);
    return { ...base, ok: true, reason: `${size}, readable` };
  }
  const reason = kernelBtf?.reason ?? "not looked for";
  return {
    ...base,
    ok: false,
    reason,
    remedy: reason.endsWith("ENOENT")
      ? "run a kernel with CONFIG_DEBUG_INFO_BTF=y, and mount /sys"
      : "make /sys/kernel/btf/vmlinux readable",
  };
}

function privilegesRow(facts: NodeFacts): CheckRow {
  const { capabilities, missing } = facts;
  const began = capabilities.length === 0
    ? "began with none that matters here"
    : `began with ${capabilities.join(", ")}`;
  const [first] = missing;
  const lacked = missing.map(({ capability }) => capability);
  return {
    name: "privileges",
    ok: first === undefined,
    reason: [
      began,
      ...(lacked.length === 0 ? [] : [`misses ${lacked.join(", ")}`]),
      ...(capabilities.length === 0 ? [] : [heldPhrase(facts.privileges)]),
    ].join("; "),
    gives: first?.gives ?? "the objects of all processes",
    ...(first === undefined ? {} : { remedy: first.how }),
  };
}

/** What the agent samples and serves with. */
function heldPhrase({ dropped, held }: NodeFacts["privileges"]): string {
  if (!dropped) return "gives up none (--keep-privileges)";
  return held.length === 0
    ? "gave up all of them for good"
    : `keeps ${
      held.map(({ capability, why }) => `${capability} (${why})`).join(", ")
    }`;
}

function tableRow(
  name: CheckName,
  type: ObjectType,
  facts: NodeFacts,
  node: SampledState,
): CheckRow {
  const outcome = node.outcome(type);
  const by = backendOf(type, node.collectors());
  const row = {
    name,
    gives: GIVES[type],
    ...(by === undefined ? {} : { backend: by.backend }),
  };
  const failure = outcome?.failure;
  if (outcome === undefined || failure !== undefined) {
    return unavailableRow(
      row,
      failure === undefined ? "no sample was taken" : failureText(failure),
      failure === undefined
        ? "run bpfpulse check again"
        : failureRemedy(type, failure, facts),
    );
  }
  const read = `${formatCount(node.freeze().tables[type].size)} read`;
  const skipped = skippedPhrase(outcome);
  return {
    ...row,
    ok: true,
    quality: skipped === undefined && by?.isLowerBound !== true
      ? "exact"
      : "lower bound",
    reason: [read, skipped, by?.backendReason].filter(Boolean).join("; "),
  };
}

function memlockRow({ memlock, missing }: NodeFacts): CheckRow {
  const row = {
    name: "memlock",
    gives: "memory that the kernel accounts to maps and programs",
  } as const;
  if (memlock === undefined || memlock.by === "none") {
    return unavailableRow(
      row,
      memlock?.reason ?? "not looked for",
      missing[0]?.how ?? "run a kernel with CONFIG_DEBUG_INFO_BTF=y",
    );
  }
  return {
    ...row,
    ok: true,
    quality: memlock.by === "formula" ? "exact" : "estimated",
    reason: memlock.reason,
  };
}

function jitLimitRow({ jitLimitBytes, missing }: NodeFacts): CheckRow {
  const row = {
    name: "jit-limit",
    gives: "use of net.core.bpf_jit_limit in percent",
  } as const;
  if (jitLimitBytes !== undefined) {
    const size = formatBytes(jitLimitBytes);
    return {
      ...row,
      ok: true,
      quality: "exact",
      reason: `net.core.bpf_jit_limit is ${size}`,
    };
  }
  return unavailableRow(
    row,
    "net.core.bpf_jit_limit cannot be read",
    missing.length > 0
      ? "start bpfpulse as root"
      : "run a kernel with CONFIG_BPF_JIT=y",
  );
}
