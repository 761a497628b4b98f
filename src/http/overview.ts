/**
 * Owns GET /: the page that shows a person what the agent sees. In: one instant of the node, the collectors' health and
 * what was found at start. Out: HTML without script, and without anything from another host.
 * @module
 */
import type { Handler } from "hono";
import { html, raw } from "hono/html";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { Clock } from "../clock.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import type { NodeState } from "../state/node_state.ts";
import type { HttpEnv } from "./env.ts";
import { liveness } from "./health.ts";
import {
  collectorTable,
  endpointList,
  type Markup,
  memoryCards,
  missingNotice,
  objectCards,
} from "./overview_parts.ts";
import { buffersSection } from "./overview_buffers.ts";
import { operationsSection } from "./overview_operations.ts";
import { ownersSection } from "./overview_owners.ts";
import { OVERVIEW_STYLE, OVERVIEW_STYLE_SOURCE } from "./overview_style.ts";
import { type Readiness, readiness } from "./readiness.ts";
import { memlockTotals, memoryTotals } from "../state/totals.ts";

export interface OverviewOptions {
  readonly state: NodeState;
  readonly collectors: () => readonly CollectorHealth[];
  readonly facts: NodeFacts;
  readonly metricGroups: readonly string[];
  readonly clock: Clock;
  readonly version: string;
}

const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${OVERVIEW_STYLE_SOURCE}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const PULSE = "M2 12h5l2.5-7 5 14 2.5-7h5";
const ICON = `data:image/svg+xml,${
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#1a9a94" stroke-width="2.5"><path d="${PULSE}"/></svg>`,
  )
}`;

export function overviewHandler(options: OverviewOptions): Handler<HttpEnv> {
  return async function overview(c) {
    const snapshot = options.state.freeze();
    const { tables } = snapshot;
    const collectors = options.collectors();
    const nowMs = options.clock.monotonicMs();
    const answer = readiness({
      collectors,
      snapshot,
      facts: options.facts,
      version: options.version,
      nowMs,
    });
    const { healthy } = liveness(collectors);
    const body = html`
      <section aria-label="Objects">${objectCards(tables)}</section>
      <section class="close" aria-label="Memory and statistics">
        ${memoryCards(
          memoryTotals(tables),
          memlockTotals(tables),
          answer.runStats,
        )}
      </section>
      ${missingNotice(answer)}
      ${operationsSection(snapshot, answer.operations)}
      ${ownersSection(snapshot, nowMs)}
      ${buffersSection(snapshot)}
      <section><h2>Collectors</h2>${collectorTable(answer.collectors)}</section>
      <section><h2>Endpoints</h2>${endpointList(options.metricGroups)}</section>
    `;
    const at = new Date(options.clock.unixMs()).toISOString();
    return c.html(await frame(answer, healthy, at, body), 200, HEADERS);
  };
}

function frame(
  answer: Readiness,
  healthy: boolean,
  at: string,
  body: Markup,
): Markup {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>bpfpulse</title>
        <link rel="icon" href="${ICON}">
        <style>${raw(OVERVIEW_STYLE)}</style>
      </head>
      <body>
        <header>
          <svg viewBox="0 0 24 24" fill="none" stroke="currentColor"
            stroke-width="2.2" stroke-linecap="round"
            stroke-linejoin="round" aria-hidden="true">
            <path d="${PULSE}" />
          </svg>
          <h1>bpfpulse</h1>
          <span class="version">${answer.version}</span>
          <span class="push">${stateBadge(answer.ready, healthy)}</span>
          <p>eBPF objects of this machine at <time datetime="${at}">${at}</time></p>
        </header>
        <main>${body}</main>
        <footer>This page is of the instant that it was asked for; reload it for a new one.</footer>
      </body>
    </html>
  `;
}

function stateBadge(ready: boolean, healthy: boolean): Markup {
  if (!healthy) return html`<span class="badge bad">unhealthy</span>`;
  return ready
    ? html`<span class="badge good">ready</span>`
    : html`<span class="badge warn">not ready</span>`;
}
