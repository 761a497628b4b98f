/**
 * Owns what `once` shows of ring and perf buffers to a person. In: one instant of the node, the screen. Out: lines, none where there is no
 * buffer. What is not exact is marked, what is not known is a dash.
 * @module
 */
import { formatCount } from "../http/format.ts";
import { type BufferGroup, bufferGroups } from "../state/buffer_groups.ts";
import type { BufferQuality, Reading } from "../state/buffer_readings.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import { ringLossesPhrase } from "../http/ring_losses_readiness.ts";
import { ABSENT, bytes, named } from "./once_cells.ts";
import type { Layout } from "./output.ts";
import { type Column, textTable, wrapped } from "./text_table.ts";

const MARKS: Readonly<Record<BufferQuality, string>> = {
  exact: "",
  estimated: "~",
  "lower bound": ">=",
  unavailable: ABSENT,
};

const COLUMNS: readonly Column[] = [
  { title: "MAP", align: "right" },
  { title: "TYPE", align: "left", cut: { at: "end", least: 8 } },
  { title: "NAME", align: "left", cut: { at: "end", least: 10 } },
  { title: "SIZE", align: "right" },
  { title: "PENDING", align: "right" },
  { title: "FILL %", align: "right" },
  { title: "EVENTS", align: "right" },
  { title: "LOST", align: "right" },
];

export function bufferLines(
  snapshot: NodeSnapshot,
  layout: Layout,
): string[] {
  const groups = bufferGroups(snapshot);
  if (groups.length === 0) return [];
  const shown = groups.slice(0, layout.maxRows);
  const of = shown.length < groups.length
    ? `: ${formatCount(shown.length)} of ${formatCount(groups.length)}, by`
    : " by";
  return [
    "",
    `BUFFERS${of} losses`,
    ...textTable([...COLUMNS], shown.map(cells), layout.widthColumns),
    ...legend(shown),
    ...(shown.some(({ map }) => map.type === "ringbuf")
      ? wrapped(
        `losses of rings: ${ringLossesPhrase(snapshot)}`,
        layout.widthColumns,
      )
      : []),
  ];
}

function cells(group: BufferGroup): string[] {
  const { map, sizeBytes, pendingBytes, fillRatio, events, losses } = group;
  return [
    `${map.id}`,
    map.type,
    named(map.name),
    bytes(sizeBytes),
    Number.isNaN(pendingBytes) ? ABSENT : bytes(pendingBytes),
    Number.isNaN(fillRatio) ? ABSENT : (100 * fillRatio).toFixed(1),
    marked(events),
    marked(losses),
  ];
}

function marked({ value, quality }: Reading): string {
  return quality === "unavailable"
    ? ABSENT
    : `${MARKS[quality]}${formatCount(value)}`;
}

function legend(groups: readonly BufferGroup[]): string[] {
  const used = new Set(
    groups.flatMap(({ events, losses }) => [events.quality, losses.quality]),
  );
  const said = [
    ...(used.has("estimated") ? ["~ estimated"] : []),
    ...(used.has("lower bound") ? [">= at least"] : []),
  ];
  return said.length === 0 ? [] : [said.join(", ")];
}
