/**
 * Owns the parts of the page that tell whose objects are, and which are nobody's. In: one instant of the node, strings of which
 * may be hostile. Out: HTML with every value escaped.
 * @module
 */
import { html } from "hono/html";
import type { NodeSnapshot } from "../state/node_state.ts";
import {
  type OrphanRow,
  orphanRows,
  type OwnerGroup,
  ownerGroups,
} from "../state/owner_groups.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { Markup } from "./overview_parts.ts";
import { NOBODY, ownerPlace } from "./owner_names.ts";

const MOST_OWNERS = 15;
const MOST_ORPHANS = 15;

/** @param nowMs CLOCK_MONOTONIC */
export function ownersSection(snapshot: NodeSnapshot, nowMs: number): Markup {
  const { holders, holdersReason } = snapshot;
  if (holders === undefined) {
    return holdersReason === undefined ? html`` : html`
      <section>
        <h2>Owners</h2>
        <p class="note">Not known: ${holdersReason}</p>
      </section>
    `;
  }
  const ageSeconds = (nowMs - holders.takenAtMs) / 1000;
  return html`
    <section><h2>Owners</h2>${ownerTable(ownerGroups(snapshot))}
      <p class="note">As of ${formatSeconds(
        ageSeconds,
      )} ago, from ${formatCount(
        holders.descriptors,
      )} descriptors${holders.complete
        ? ""
        : "; the look was cut short"}${holders.pinsReason === undefined
        ? ""
        : html`; pins are not known: ${holders.pinsReason}`}</p>
    </section>
    <section><h2>Orphans</h2>${holders.orphansReason === undefined
      ? orphanTable(orphanRows(snapshot), nowMs)
      : html`<p class="note">Not known yet: ${holders.orphansReason}</p>`}</section>
  `;
}

function ownerTable(groups: readonly OwnerGroup[]): Markup {
  return html`
    <div class="panel">
      <table>
        <thead>
          <tr>
            <th scope="col">Owner</th>
            <th scope="col">Where</th>
            <th scope="col" class="number">Memory</th>
            <th scope="col" class="number">Programs</th>
            <th scope="col" class="number">Maps</th>
            <th scope="col" class="number">Links</th>
          </tr>
        </thead>
        <tbody>${groups.slice(0, MOST_OWNERS).map(ownerRow)}</tbody>
      </table>
    </div>${moreNote(groups.length - MOST_OWNERS, "owners")}
  `;
}

function ownerRow({ owner, gone, memoryBytes, objects }: OwnerGroup): Markup {
  const isProcess = typeof owner !== "string";
  return html`
    <tr>
      <th scope="row">${isProcess ? owner.comm : NOBODY[owner]}${isProcess
        ? html`<span class="note"> ${owner.pid}${gone ? ", gone" : ""}</span>`
        : ""}</th>
      <td data-label="Where">${isProcess ? ownerPlace(owner) : ""}</td>
      <td data-label="Memory" class="number">${formatBytes(memoryBytes)}</td>
      <td data-label="Programs" class="number">${formatCount(
        objects.program,
      )}</td>
      <td data-label="Maps" class="number">${formatCount(objects.map)}</td>
      <td data-label="Links" class="number">${formatCount(objects.link)}</td>
    </tr>
  `;
}

function orphanTable(orphans: readonly OrphanRow[], nowMs: number): Markup {
  if (orphans.length === 0) return html`<p class="note">None.</p>`;
  return html`
    <div class="panel">
      <table>
        <thead>
          <tr>
            <th scope="col">Object</th>
            <th scope="col">Name</th>
            <th scope="col">Kept by the kernel alone, as</th>
            <th scope="col" class="number">For</th>
          </tr>
        </thead>
        <tbody>${orphans.slice(0, MOST_ORPHANS).map((orphan) =>
          orphanRow(orphan, nowMs)
        )}</tbody>
      </table>
    </div>${moreNote(orphans.length - MOST_ORPHANS, "orphans")}
  `;
}

function orphanRow(
  { type, description, orphan }: OrphanRow,
  nowMs: number,
): Markup {
  const name = "name" in description ? description.name : "";
  return html`
    <tr>
      <th
        scope="row"><a href="/api/v1/objects/${type}/${description
          .id}">${type} ${description.id}</a></th>
      <td data-label="Name">${name}</td>
      <td data-label="As">${orphan.reason}</td>
      <td data-label="For" class="number">${formatSeconds(
        (nowMs - orphan.sinceMs) / 1000,
      )}</td>
    </tr>
  `;
}

function moreNote(more: number, what: string): Markup | string {
  return more > 0
    ? html`<p class="note">and ${formatCount(more)} more ${what}</p>`
    : "";
}
