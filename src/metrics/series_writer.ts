/**
 * Owns the hot path of a page: the families with one series for each object. In: a metric, a snapshot. Out: its series on a
 * page, some rows at a time.
 * @module
 */
import type { NodeSnapshot } from "../state/node_state.ts";
import { type LabelBytes, LabelEncoder } from "./label_bytes.ts";
import type { ObjectMetric } from "./metric.ts";
import type { Page } from "./page.ts";
import { restLine } from "./text_format.ts";

/** Rows between two looks at the clock: few, for the code of the first page is not optimised yet. */
const ROWS_AT_ONCE = 256;

const encoder = new TextEncoder();

/** Writes the families of one snapshot. Label text is encoded where a family first needs it, and kept for the others. */
export class SeriesWriter {
  readonly #page: Page;
  readonly #snapshot: NodeSnapshot;
  readonly #labels = new Map<string, LabelBytes>();

  constructor(page: Page, snapshot: NodeSnapshot) {
    this.#page = page;
    this.#snapshot = snapshot;
  }

  /** Writes one family, `header` above its first series; yields whenever a little was done. */
  *write(metric: ObjectMetric, header: string): Generator<void> {
    const { size, ownSeries } = this.#snapshot.tables[metric.table];
    const series: Series = {
      open: encoder.encode(`${metric.name}{`),
      labels: yield* this.#labelsOf(metric),
      ownSeries,
      valueOf: metric.values(this.#snapshot),
    };
    let above = header;
    for (let from = 0; from < size; from += ROWS_AT_ONCE) {
      const to = Math.min(from + ROWS_AT_ONCE, size);
      const first = above === "" ? from : firstRow(series, from, to);
      if (first < to) {
        this.#page.write(above);
        above = "";
        writeRows(this.#page, series, first, to);
      }
      yield;
    }
    const rest = restLine(metric, this.#snapshot);
    if (rest !== "") this.#page.write(above + rest);
  }

  *#labelsOf(
    { table, text: which }: ObjectMetric,
  ): Generator<void, LabelBytes> {
    const key = `${table} ${which}`;
    const kept = this.#labels.get(key);
    if (kept !== undefined) return kept;
    const { size, text } = this.#snapshot.tables[table];
    const labels = new LabelEncoder(size);
    for (let from = 0; from < size; from += ROWS_AT_ONCE) {
      const rows = text.slice(from, from + ROWS_AT_ONCE);
      labels.add(rows.map((row) => row[which]));
      yield;
    }
    this.#labels.set(key, labels);
    return labels;
  }
}

/** What the rows of one family are written from. */
interface Series {
  readonly open: Uint8Array;
  readonly labels: LabelBytes;
  readonly ownSeries: Uint8Array;
  readonly valueOf: (row: number) => number;
}

/** The first row from `from` on that has a series; `to` where none has. */
function firstRow(
  { ownSeries, valueOf }: Series,
  from: number,
  to: number,
): number {
  let row = from;
  while (row < to && (ownSeries[row] === 0 || Number.isNaN(valueOf(row)))) {
    row++;
  }
  return row;
}

/** A plain function: its loop is optimised as a whole, which one that is left and entered again is not. */
function writeRows(
  page: Page,
  { open, labels, ownSeries, valueOf }: Series,
  from: number,
  to: number,
): void {
  for (let row = from; row < to; row++) {
    const value = valueOf(row);
    if (ownSeries[row] === 0 || Number.isNaN(value)) continue;
    page.series(open, labels, row, value);
  }
}
