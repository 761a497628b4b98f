/**
 * Owns the part of the page that tells of ring and perf buffers. In: one instant of the node, strings of which may be hostile. Out: HTML
 * with every value escaped.
 * @module
 */
import { html } from "hono/html";
import { type BufferGroup, bufferGroups } from "../state/buffer_groups.ts";
import { bufferKinds, type Reading } from "../state/buffer_readings.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import { ABSENT, formatBytes, formatCount } from "./format.ts";
import type { Markup } from "./overview_parts.ts";
import { ringLossesPhrase } from "./ring_losses_readiness.ts";

const MOST_BUFFERS = 20;

export function buffersSection(snapshot: NodeSnapshot): Markup {
  const kinds = bufferKinds(snapshot);
  if (kinds === undefined) return html``;
  const groups = bufferGroups(snapshot);
  const more = groups.length - MOST_BUFFERS;
  return html`
    <section><h2>Buffers</h2>${groups.length === 0
      ? ""
      : bufferTable(groups.slice(0, MOST_BUFFERS))}${more > 0
      ? html`<p class="note">and ${formatCount(more)} more</p>`
      : ""}
      <p class="note">Ring buffers: ${kinds.ring.reason}. Perf buffers: ${kinds
        .perf
        .reason}. Losses of rings: ${ringLossesPhrase(snapshot)}.</p>
    </section>
  `;
}

function bufferTable(groups: readonly BufferGroup[]): Markup {
  return html`
    <div class="panel">
      <table>
        <thead>
          <tr>
            <th scope="col">Buffer</th>
            <th scope="col">Owner</th>
            <th scope="col" class="number">Size</th>
            <th scope="col" class="number">Pending</th>
            <th scope="col" class="number">Fill</th>
            <th scope="col" class="number">Events/s</th>
            <th scope="col" class="number">Events</th>
            <th scope="col" class="number">Losses</th>
          </tr>
        </thead>
        <tbody>${groups.map(bufferRow)}</tbody>
      </table>
    </div>
  `;
}

function bufferRow(group: BufferGroup): Markup {
  const { map, owner, events, losses } = group;
  return html`
    <tr>
      <th
        scope="row"><a href="/api/v1/objects/map/${map.id}">${map.name === ""
          ? `map ${map.id}`
          : map.name}</a><span class="note"> ${map.type} ${map.id}</span></th>
      <td data-label="Owner">${owner === undefined
        ? ABSENT
        : html`${owner.comm}<span class="note"> ${owner.pid}</span>`}</td>
      <td data-label="Size" class="number">${formatBytes(group.sizeBytes)}</td>
      <td data-label="Pending" class="number">${formatBytes(
        orAbsent(group.pendingBytes),
      )}</td>
      <td data-label="Fill" class="number">${fill(group)}</td>
      <td data-label="Events/s" class="number">${formatCount(
        orAbsent(Math.round(group.eventsPerSecond)),
      )}</td>
      <td data-label="Events" class="number">${reading(events)}</td>
      <td data-label="Losses" class="number">${reading(losses)}</td>
    </tr>
  `;
}

/** Now, and the highest of the last minute where that is known. */
function fill({ fillRatio, fillRatioMax }: BufferGroup): Markup {
  return html`${percent(fillRatio)}${
    Number.isNaN(fillRatioMax)
      ? ""
      : html`<span class="note"> max ${percent(fillRatioMax)}</span>`
  }`;
}

function percent(ratio: number): string {
  return Number.isNaN(ratio) ? ABSENT : `${(100 * ratio).toFixed(1)} %`;
}

/** What is not exact says so. */
function reading({ value, quality, reason }: Reading): Markup {
  if (quality === "unavailable") {
    return html`<span title="${reason ?? ""}">${ABSENT}</span>`;
  }
  return html`${formatCount(value)}${
    quality === "exact"
      ? ""
      : html`<span class="note" title="${reason ?? ""}"> ${quality}</span>`
  }`;
}

function orAbsent(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
