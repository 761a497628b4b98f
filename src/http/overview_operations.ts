/**
 * Owns the part of the page that tells which maps are used most and by whom, which managers do something, and what counting that costs.
 * In: one instant of the node, strings of which may be hostile. Out: HTML with every value escaped; empty where it is off.
 * @module
 */
import { html } from "hono/html";
import { type BusiestMap, busiestMaps } from "../state/busiest_maps.ts";
import type { ManagerState } from "../state/managers.ts";
import { type MapUser, MOST_PROCESSES } from "../state/map_users.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import { ABSENT, formatCount, formatSeconds } from "./format.ts";
import type { OperationsReadiness } from "./operations_readiness.ts";
import type { Markup } from "./overview_parts.ts";

const MOST_MAPS = 10;
const MOST_MANAGERS = 10;

export function operationsSection(
  { operations, managers = [] }: Pick<NodeSnapshot, "operations" | "managers">,
  answer: OperationsReadiness,
): Markup {
  if (answer.mode === "off") return html``;
  const busiest = operations === undefined
    ? []
    : busiestMaps(operations, MOST_MAPS);
  const active = managers.filter(didSomething)
    .sort((a, b) => workOf(b) - workOf(a)).slice(0, MOST_MANAGERS);
  return html`
    <section><h2>Operations on maps</h2>${busiest.length === 0
      ? ""
      : mapTable(busiest, answer)}
      <p class="note">${stateBadge(answer)}${howCounted(
        answer,
        operations?.reason,
      )}</p>
    </section>
    ${active.length === 0
      ? ""
      : html`<section><h2>Managers</h2>${managerTable(active)}</section>`}
  `;
}

function stateBadge(
  { hook, isAttached, isWindowed }: OperationsReadiness,
): Markup {
  if (hook === undefined) {
    return html`
      <span class="badge bad">unavailable</span>
    `;
  }
  if (isAttached) {
    return html`
      <span class="badge warn">observing</span>
    `;
  }
  return isWindowed
    ? html`
      <span class="badge good">between windows</span>
    `
    : html`
      <span class="badge warn">starting</span>
    `;
}

/** One sentence after the other. */
function howCounted(
  answer: OperationsReadiness,
  failure: string | undefined,
): string {
  const { hook, quality, attachedRatio, reason, cost, lost, skipped } = answer;
  if (hook === undefined) return reason ?? "nothing was tried";
  return [
    `Counted by ${hook}`,
    answer.isWindowed
      ? `, in windows${
        attachedRatio === undefined
          ? ""
          : ` (${percent(attachedRatio)} of the time)`
      }: counts are of the windows alone, rates of the last one`
      : quality === undefined
      ? ""
      : `, ${quality} since the start`,
    ". ",
    missed("found no room", lost),
    missed(
      hook === "lsm"
        ? "loads or failures may be missing, for the kernel skipped runs"
        : "may be missing, for the kernel skipped runs",
      skipped,
    ),
    cost === undefined ? "" : `While it observes ${cost}.`,
    failure === undefined
      ? reason === undefined ? "" : ` Cheaper hooks cannot be had: ${reason}.`
      : ` It cannot be read any more: ${failure}.`,
  ].join("");
}

function missed(what: string, count: number | undefined): string {
  return count === undefined || count === 0
    ? ""
    : `${formatCount(count)} ${what}. `;
}

function mapTable(
  maps: readonly BusiestMap[],
  { isWindowed }: OperationsReadiness,
): Markup {
  return html`
    <div class="panel">
      <table>
        <thead>
          <tr>
            <th scope="col">Map</th>
            <th scope="col">Mostly by</th>
            <th scope="col">Mostly</th>
            <th scope="col" class="number">Operations/s</th>
            <th scope="col" class="number">${isWindowed
              ? "In windows"
              : "Operations"}</th>
          </tr>
        </thead>
        <tbody>${maps.map(mapRow)}</tbody>
      </table>
    </div>
  `;
}

function mapRow(
  { map, by, mostly, perSecond, counted, isGone }: BusiestMap,
): Markup {
  return html`
    <tr>
      <th
        scope="row">${isGone ? nameOf(map) : html`
          <a href="/api/v1/objects/map/${map.id}">${nameOf(map)}</a>
        `}<span class="note"> ${map.type} ${map.id}${isGone
          ? ", gone"
          : ""}</span></th>
      <td data-label="Mostly by">${by === undefined
        ? ABSENT
        : html`${by.comm}<span class="note"> ${processesOf(by)}, ${
          percent(by.ratio)
        }</span>`}</td>
      <td data-label="Mostly">${mostly.operation}<span class="note"> ${percent(
        mostly.ratio,
      )}</span></td>
      <td data-label="Operations/s" class="number">${Number.isNaN(perSecond)
        ? ABSENT
        : formatCount(Math.round(perSecond))}</td>
      <td data-label="Operations" class="number">${formatCount(counted)}</td>
    </tr>
  `;
}

function processesOf({ pid, processes }: MapUser): string {
  if (processes === 1) return `${pid}`;
  const orMore = processes === MOST_PROCESSES ? " or more" : "";
  return `${formatCount(processes)}${orMore} processes`;
}

function nameOf({ id, name }: BusiestMap["map"]): string {
  return name === "" ? `map ${id}` : name;
}

function managerTable(managers: readonly ManagerState[]): Markup {
  return html`
    <div class="panel">
      <table>
        <thead>
          <tr>
            <th scope="col">Manager</th>
            <th scope="col" class="number">Look-ups</th>
            <th scope="col" class="number">Updates</th>
            <th scope="col" class="number">Loads</th>
            <th scope="col" class="number">Mean load</th>
            <th scope="col" class="number">Failed loads</th>
            <th scope="col" class="number">Failed attachments</th>
          </tr>
        </thead>
        <tbody>${managers.map(managerRow)}</tbody>
      </table>
    </div>
  `;
}

function managerRow({ name, account }: ManagerState): Markup {
  const loads = sum(account.loads?.buckets ?? []);
  const numbers: readonly (readonly [string, string])[] = [
    ["Look-ups", formatCount(account.lookups)],
    ["Updates", formatCount(account.updates)],
    ["Loads", formatCount(loads)],
    [
      "Mean load",
      loads === 0 ? ABSENT : formatLoad((account.loads?.sumMs ?? 0) / loads),
    ],
    ["Failed loads", formatCount(sum(account.loadErrors.values()))],
    ["Failed attachments", formatCount(sum(account.attachErrors.values()))],
  ];
  return html`
    <tr>
      <th scope="row">${name}</th>
      ${numbers.map(([label, text]) =>
        html`<td data-label="${label}" class="number">${text}</td>`
      )}
    </tr>
  `;
}

function formatLoad(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : formatSeconds(ms / 1_000);
}

function didSomething(manager: ManagerState): boolean {
  return workOf(manager) > 0;
}

function workOf({ account }: ManagerState): number {
  const { lookups, updates, loads, loadErrors, attachErrors } = account;
  return lookups + updates + sum(loads?.buckets ?? []) +
    sum(loadErrors.values()) + sum(attachErrors.values());
}

function sum(counts: Iterable<number>): number {
  let all = 0;
  for (const count of counts) all += count;
  return all;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio < 0.1 ? 1 : 0)} %`;
}
