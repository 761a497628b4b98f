/**
 * Owns what a look at buffers costs by how many maps there are, beside the kernel's own iteration over them and a tick of the maps worker,
 * all by turns in one process. In: a look, how many maps to make. Out: raw values, and a line through them. Costs are this process's CPU
 * time: a look of some ms that another process interrupts costs no more for it.
 * @module
 */
import process from "node:process";
import { type KernelPort, nextObjectId } from "../ffi/mod.ts";
import { Holder } from "../test/kernel/holder.ts";
import { collectMaps } from "../workers/maps/collect.ts";
import { type Iterators, NO_IDS } from "../workers/protocol.ts";
import { median, table } from "./figures.ts";
import { emptySession } from "./iterate_program.ts";

const SIDES = ["empty", "tick", "look"] as const;
const SAYS: Readonly<Record<typeof SIDES[number], string>> = {
  empty: "the kernel's iteration alone",
  tick: "a tick, which samples maps",
  look: "a look at buffers",
};
const WARM_UP = 20;

/** Times of one number of maps. */
export interface MapsCell {
  /** Made for this; the machine has `seen` in all. */
  readonly held: number;
  readonly seen: number;
  /** µs of each turn. */
  readonly us: Readonly<Record<typeof SIDES[number], number[]>>;
}

/** µs: `fixed`, and `each` for one more. */
export interface Line {
  readonly fixed: number;
  readonly each: number;
}

/** µs of CPU that `run` takes. */
export function costUs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Every map of the machine, as the kernel counts them. */
export function seenMaps(kernel: KernelPort): number {
  let maps = 0;
  for (let id = 0; (id = nextObjectId(kernel, "map", id)) > 0;) maps++;
  return maps;
}

/** Looks that see nothing new, by how many maps are held. */
export async function measureByMaps(
  kernel: KernelPort,
  iterators: Iterators,
  look: () => void,
  counts: readonly number[],
  rounds: number,
): Promise<MapsCell[]> {
  const empty = emptySession(kernel, "map");
  const [maps] = collectMaps(kernel, { leaveOut: NO_IDS, iterators }).tables;
  const run = {
    empty: () => void empty.run(),
    tick: () => void maps.sample(),
    look,
  };
  const cells: MapsCell[] = [];
  for (const held of counts) {
    await using _ = await Holder.start(held, 0, 0);
    const us = { empty: [], tick: [], look: [] } as MapsCell["us"];
    for (let round = -WARM_UP; round < rounds; round++) {
      for (let turn = 0; turn < SIDES.length; turn++) {
        const side = SIDES[(turn + round + WARM_UP) % SIDES.length];
        const spentUs = costUs(run[side]);
        if (round >= 0) us[side].push(spentUs);
      }
    }
    cells.push({ held, seen: seenMaps(kernel), us });
  }
  return cells;
}

/** Least squares. */
export function lineThrough(
  points: readonly (readonly [x: number, y: number])[],
): Line {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let square = 0;
  let product = 0;
  for (const [x, y] of points) {
    square += (x - meanX) ** 2;
    product += (x - meanX) * (y - meanY);
  }
  const each = product / square;
  return { fixed: meanY - each * meanX, each };
}

/** A table of medians, and what each side costs in all and for each map. */
export function mapsTable(cells: readonly MapsCell[]): string {
  const rows = SIDES.map((side) => {
    const points = cells.map(({ seen, us }) =>
      [seen, median(us[side])] as const
    );
    const { fixed, each } = lineThrough(points);
    return [
      SAYS[side],
      ...points.map(([, us]) => us.toFixed(0)),
      fixed.toFixed(0),
      each.toFixed(3),
    ];
  });
  // By turns in the same moments: what else the machine does falls out.
  const beyond = cells.map(({ seen, us }) =>
    [seen, median(us.look.map((of, i) => of - us.empty[i]))] as const
  );
  const line = lineThrough(beyond);
  rows.push([
    "a look beyond the iteration",
    ...beyond.map(([, us]) => us.toFixed(0)),
    line.fixed.toFixed(0),
    line.each.toFixed(3),
  ]);
  return table(
    [
      "µs of CPU, median, by maps on the machine",
      ...cells.map(({ seen }) => String(seen)),
      "+ µs",
      "µs a map",
    ],
    rows,
  );
}

/** What new records add to a look, by how many there are. */
export function recordsTable(
  cells: readonly (readonly [records: number, us: readonly number[]])[],
): string {
  const [[, none]] = cells;
  const line = lineThrough(cells.map(([records, us]) => [records, median(us)]));
  return `${
    table(
      ["new records", "look, µs", "least µs", "more for each, ns"],
      cells.map(([records, us]) => [
        String(records),
        median(us).toFixed(0),
        Math.min(...us).toFixed(0),
        records === 0
          ? ""
          : ((median(us) - median(none)) * 1e3 / records).toFixed(1),
      ]),
    )
  }\n\n${(line.each * 1e3).toFixed(1)} ns a record, by a line through all`;
}
