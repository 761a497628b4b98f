/**
 * Owns the parts of the page. In: plain values, strings of which may be hostile. Out: HTML with every value escaped.
 * @module
 */
import { html } from "hono/html";
import type { ObjectType } from "../../workers/protocol.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import { windowPhrase } from "../config/window_mode.ts";
import type { CollectorStatus } from "../state/collector_health.ts";
import { ABSENT, formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { CollectorReadiness, Readiness } from "./readiness.ts";
import {
  type RunStatsReadiness,
  statsCostPhrase,
  totalsPhrase,
} from "./run_stats_readiness.ts";
import type { MemlockTotals, MemoryTotals } from "../state/totals.ts";

export type Markup = ReturnType<typeof html>;

const OBJECT_NAMES: ReadonlyArray<readonly [ObjectType, string]> = [
  ["program", "Programs"],
  ["map", "Maps"],
  ["link", "Links"],
  ["btf", "BTF objects"],
];

export function objectCards(tables: NodeSnapshot["tables"]): Markup {
  return html`<dl class="cards">${
    OBJECT_NAMES.map(([type, name]) => objectCard(name, tables[type]))
  }</dl>`;
}

function objectCard(
  name: string,
  table: NodeSnapshot["tables"][ObjectType],
): Markup {
  if (table.status === "unavailable" || table.sampledAtMs === undefined) {
    return card(name, ABSENT, table.reason ?? "no sample yet");
  }
  const counted = `+${formatCount(table.created)} −${
    formatCount(table.destroyed)
  } since start`;
  const note = table.status === "stale"
    ? `last good sample; ${table.reason ?? "the latest failed"}`
    : counted;
  return card(name, formatCount(table.size), note);
}

export function memoryCards(
  memory: MemoryTotals,
  memlock: MemlockTotals,
  runStats: RunStatsReadiness,
): Markup {
  const stats = describeRunStats(runStats);
  return html`<dl class="cards">${[
    card(
      "Memory in all",
      formatBytes(memory.totalBytes),
      accounted(exactBytes(memory.totalBytes), memlock.totalBytes),
    ),
    card(
      "Memory of maps",
      formatBytes(memory.mapBytes),
      accounted("(key + value size) × max entries", memlock.mapBytes),
    ),
    card(
      "Memory of programs",
      formatBytes(memory.programBytes),
      accounted("JITed + translated code", memlock.programBytes),
    ),
    card("Run-time statistics", stats.value, stats.note),
  ]}</dl>`;
}

/** A note, with what the kernel accounts where that is known. */
function accounted(note: string, bytes: number | undefined): string {
  const memlock = bytes === undefined ? "" : `memlock ${formatBytes(bytes)}`;
  return [note, memlock].filter(Boolean).join("; ");
}

function card(name: string, value: string, note: string): Markup {
  return html`
    <div class="card">
      <dt>${name}</dt>
      <dd class="value">${value}</dd>
      <dd class="note">${note}</dd>
    </div>
  `;
}

function exactBytes(bytes: number | undefined): string {
  return bytes === undefined
    ? "not known until maps and programs are read"
    : `${formatCount(bytes)} bytes`;
}

function describeRunStats(
  facts: RunStatsReadiness,
): { value: string; note: string } {
  const costs = statsCostPhrase(facts);
  if (facts.agent && facts.window !== undefined) {
    const { window, ratesQuality, reason } = facts;
    const kept = reason ??
      `kept on ${windowPhrase(window)}; CPU shares: ${ratesQuality}`;
    return {
      value: reason === undefined ? "in windows" : ABSENT,
      note: [kept, `totals: ${totalsPhrase(facts)}`, ...costs].join("; "),
    };
  }
  if (facts.agent) {
    return {
      value: "on",
      note: ["kept on by this agent", ...costs].join("; "),
    };
  }
  if (facts.sysctl === true) {
    return { value: "on", note: "by kernel.bpf_stats_enabled" };
  }
  if (facts.other === true) {
    return { value: "on", note: "kept on by another process" };
  }
  const why = facts.reason ?? "this agent was asked not to keep them";
  return facts.sysctl === undefined || facts.other === undefined
    ? { value: "unknown", note: `not by this agent: ${why}` }
    : { value: "off", note: why };
}

export function missingNotice({ waitingFor, privileges }: Readiness): Markup {
  if (waitingFor.length === 0 && privileges.missing.length === 0) {
    return html``;
  }
  const missing = privileges.missing.map(({ capability, gives, how }) =>
    html`<li><code>${capability}</code> would give ${gives}: ${how}</li>`
  );
  return html`
    <section class="panel notice">
      <h2>What is missing</h2>
      <ul>${waitingFor.map((line) => html`<li>${line}</li>`)}${missing}</ul>
    </section>
  `;
}

const BADGES: Readonly<Record<CollectorStatus, string>> = {
  starting: "warn",
  sampling: "good",
  failing: "bad",
  unavailable: "bad",
  restarting: "warn",
};

export function collectorTable(
  collectors: readonly CollectorReadiness[],
): Markup {
  return html`
    <div class="panel">
      <table>
        <thead>
          <tr>
            <th scope="col">Collector</th>
            <th scope="col">Status</th>
            <th scope="col">Backend</th>
            <th scope="col" class="number">Interval</th>
            <th scope="col" class="number">Age</th>
            <th scope="col" class="number">Samples</th>
            <th scope="col" class="number">Missed</th>
            <th scope="col" class="number">Restarts</th>
          </tr>
        </thead>
        <tbody>${collectors.map(collectorRow)}</tbody>
      </table>
    </div>
  `;
}

function collectorRow(collector: CollectorReadiness): Markup {
  const { name, status, backend, backendReason, quality, lastError } =
    collector;
  const recovered = status === "sampling" ? "last error: " : "";
  return html`
    <tr>
      <th scope="row">${name}</th>
      <td data-label="Status">
        <div><span class="badge ${BADGES[
          status
        ]}">${status}</span>${lastError === undefined
          ? ""
          : html`<span class="note ${
            recovered === "" ? "error" : ""
          }">${recovered}${shorten(lastError)}</span>`}</div>
      </td>
      <td data-label="Backend">
        <div>${backend ?? ABSENT}${quality === "exact"
          ? ", exact"
          : ""}${backendReason === undefined
          ? ""
          : html`<span class="note">${backendReason}</span>`}</div>
      </td>
      <td data-label="Interval" class="number">${formatSeconds(
        collector.intervalSeconds,
      )}</td>
      <td data-label="Age" class="number">${formatSeconds(
        collector.ageSeconds,
      )}</td>
      <td data-label="Samples" class="number">${formatCount(
        collector.samples,
      )}</td>
      <td data-label="Missed" class="number">${formatCount(
        collector.missedTicks,
      )}</td>
      <td data-label="Restarts" class="number">${formatCount(
        collector.restarts,
      )}</td>
    </tr>
  `;
}

/** A whole error is in /readyz; here it must not push the rest off the screen. */
function shorten(sentence: string): string {
  const LONGEST = 200;
  return sentence.length > LONGEST
    ? `${sentence.slice(0, LONGEST)}…`
    : sentence;
}

export function endpointList(groups: readonly string[]): Markup {
  return html`
    <div class="panel">
      <ul class="links">
        <li><a class="path" href="/metrics"><code>/metrics</code></a><span class="about">Every metric, as Prometheus text or OpenMetrics.
    <span class="groups">One group alone: ${groups.map((group) =>
      html`
        <a href="/metrics?collect[]=${encodeURIComponent(group)}">${group}</a>
      `
    )}</span></span></li>
        <li><a class="path" href="/api/v1/snapshot"><code>/api/v1/snapshot</code></a><span class="about">The whole state of the node as JSON.
    <span class="groups">Objects of one type: ${OBJECT_NAMES.map(([type]) =>
      html`
        <a href="/api/v1/objects/${type}">${type}</a>
      `
    )}</span></span></li>
        <li><a class="path" href="/api/v1/stream"><code>/api/v1/stream</code></a><span class="about">One event an interval, as server-sent events.</span></li>
        <li><a class="path" href="/openapi.json"><code>/openapi.json</code></a><span class="about">The description of all these.</span></li>
        <li><a class="path" href="/readyz"><code>/readyz</code></a><span class="about">Each collector's backend, quality and age, and which privileges are missing, as JSON.</span></li>
        <li><a class="path" href="/healthz"><code>/healthz</code></a><span class="about">Whether the process can serve.</span></li>
      </ul>
    </div>
  `;
}
