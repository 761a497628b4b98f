/**
 * Owns the tables of bench/iterate.ts. In: raw values. Out: heads and cells: what a pass takes, and how the sides compare.
 * @module
 */

/** Absent: that side was not there. */
type BySide = Partial<
  Record<
    "empty" | "read" | "sample" | "birth" | "walk" | "cRead" | "cWalk" | "go",
    number[]
  >
>;
type Side = keyof BySide;

export interface IterateRow {
  readonly kind: string;
  /** By this benchmark. */
  readonly held: number;
  /** By the last sample: whatever else is on the machine is iterated too. */
  seen: number;
  /** Wall time of one pass in µs, by round. */
  readonly us: BySide;
  /** CPU time of one pass in µs, by round, of the whole process. */
  readonly cpuUs: BySide;
  /** Objects that others made during a turn of `sample`, by round: each such pass reads the birth program too. */
  readonly births: number[];
}

interface Table {
  readonly heads: string[];
  readonly cells: string[][];
}

export function iterateTables(
  rows: readonly IterateRow[],
  median: (values: readonly number[]) => number,
): [times: Table, ratios: Table] {
  const of = (values: BySide, side: Side) => {
    const all = values[side];
    return all === undefined || all.length === 0 ? undefined : median(all);
  };
  const us = (row: IterateRow, side: Side) =>
    of(row.us, side)?.toFixed(0) ?? "absent";
  /** By CPU time, and by wall time in brackets: the first does not ask what else ran. */
  const ratio = (row: IterateRow, one: Side, other: Side) =>
    [row.cpuUs, row.us].map((values) => {
      const [a, b] = [of(values, one), of(values, other)];
      return a === undefined || b === undefined ? "absent" : (a / b).toFixed(2);
    }).reduce((cpu, wall) => `${cpu} (${wall})`);
  /** CPU time of a pass over all types by cilium/ebpf, by that of a sample of them. */
  const goOfAll = (held: number) => {
    const same = rows.filter((row) => row.held === held);
    const sum = (side: Side) =>
      same.reduce((all, { cpuUs }) => all + (of(cpuUs, side) ?? NaN), 0);
    const times = sum("go") / sum("sample");
    return Number.isNaN(times) ? "absent" : times.toFixed(1);
  };
  return [
    {
      heads: [
        ...["kind", "held", "seen", "empty", "read", "read in C", "sample"],
        ...["with a birth", "walk", "walk in C", "cilium/ebpf"],
        "rounds with births of others",
      ],
      cells: rows.map((row) => [
        row.kind,
        String(row.held),
        String(row.seen),
        ...([
          "empty",
          "read",
          "cRead",
          "sample",
          "birth",
          "walk",
          "cWalk",
          "go",
        ] as const)
          .map((side) => us(row, side)),
        String(row.births.filter((births) => births > 0).length),
      ]),
    },
    {
      heads: [
        ...["kind", "held", "sample / empty", "read / read in C"],
        ...["sample / read in C", "walk in C / sample", "cilium/ebpf / sample"],
        ...["all kinds by cilium/ebpf / sample", "ns of CPU per object seen"],
      ],
      cells: rows.map((row) => [
        row.kind,
        String(row.held),
        ratio(row, "sample", "empty"),
        ratio(row, "read", "cRead"),
        ratio(row, "sample", "cRead"),
        ratio(row, "cWalk", "sample"),
        ratio(row, "go", "sample"),
        goOfAll(row.held),
        (1000 * (of(row.cpuUs, "sample") ?? NaN) / row.seen).toFixed(0),
      ]),
    },
  ];
}
