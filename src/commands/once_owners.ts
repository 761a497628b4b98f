/**
 * Owns what `once --by owner` prints. In: one instant of the node, the screen. Out: lines of a table, or the text of a JSON
 * document: owners with their memory and objects, the most memory first, then orphans.
 * @module
 */
import { formatCount } from "../http/format.ts";
import { NOBODY, ownerPlace } from "../http/owner_names.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import {
  orphanRows,
  type OwnerGroup,
  ownerGroups,
} from "../state/owner_groups.ts";
import { ABSENT, bytes, named } from "./once_cells.ts";
import type { Layout } from "./output.ts";
import { type Column, textTable } from "./text_table.ts";

export function ownersTable(snapshot: NodeSnapshot, layout: Layout): string[] {
  const groups = ownerGroups(snapshot);
  const columns: Column[] = [
    { title: "PID", align: "right" },
    { title: "OWNER", align: "left", cut: { at: "end", least: 12 } },
    { title: "WHERE", align: "left", cut: { at: "start", least: 10 } },
    { title: "BYTES", align: "right" },
    { title: "PROGS", align: "right" },
    { title: "MAPS", align: "right" },
    { title: "LINKS", align: "right" },
    { title: "BTF", align: "right" },
  ];
  const rows = groups.slice(0, layout.maxRows).map(ownerCells);
  return [
    title("OWNERS", groups.length, rows.length, "bytes"),
    ...textTable(columns, rows, layout.widthColumns),
    "",
    ...orphansTable(snapshot, layout),
  ];
}

function ownerCells(group: OwnerGroup): string[] {
  const { owner, gone, memoryBytes, objects } = group;
  const isProcess = typeof owner !== "string";
  return [
    isProcess ? `${owner.pid}` : ABSENT,
    isProcess ? `${named(owner.comm)}${gone ? " (gone)" : ""}` : NOBODY[owner],
    isProcess ? named(ownerPlace(owner)) : ABSENT,
    bytes(memoryBytes),
    ...[objects.program, objects.map, objects.link, objects.btf].map((count) =>
      formatCount(count)
    ),
  ];
}

function orphansTable(snapshot: NodeSnapshot, layout: Layout): string[] {
  const { holders, holdersReason = "nobody looked" } = snapshot;
  if (holders === undefined || holders.orphansReason !== undefined) {
    return [`ORPHANS not known: ${holders?.orphansReason ?? holdersReason}`];
  }
  const orphans = orphanRows(snapshot);
  if (orphans.length === 0) return ["ORPHANS none"];
  const columns: Column[] = [
    { title: "TYPE", align: "left" },
    { title: "ID", align: "right" },
    { title: "NAME", align: "left", cut: { at: "end", least: 12 } },
    { title: "KEPT AS", align: "left", cut: { at: "end", least: 20 } },
  ];
  const rows = orphans.slice(0, layout.maxRows).map((
    { type, description, orphan },
  ) => [
    type,
    `${description.id}`,
    "name" in description ? named(description.name) : ABSENT,
    orphan.reason,
  ]);
  return [
    title("ORPHANS", orphans.length, rows.length, "age"),
    ...textTable(columns, rows, layout.widthColumns),
  ];
}

function title(
  name: string,
  size: number,
  shown: number,
  by: string,
): string {
  return shown < size
    ? `${name}: ${formatCount(shown)} of ${formatCount(size)}, by ${by}`
    : `${name} by ${by}`;
}
