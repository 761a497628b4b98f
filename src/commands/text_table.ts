/**
 * Owns tables and paragraphs for a terminal. In: cells, any string, hostile ones too, and the width. Out: lines that are no
 * wider, in which no character can move the cursor or reorder the line.
 * @module
 */
import { escapeUnsafe } from "../config/quoted.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** Where the cells may be cut, and to how many columns at least. Columns without it are never cut. */
  readonly cut?: { readonly at: "start" | "end"; readonly least: number };
}

const GAP = "  ";
const ELLIPSIS = "…";

/** The head and the rows of a table. Columns that may be cut give way, the widest first, until it fits. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widthColumns: number,
): string[] {
  const shown = rows.map((cells) => cells.map(harmless));
  const all = [columns.map(({ title }) => title), ...shown];
  const widths = columns.map(() => 0);
  for (const cells of all) {
    cells.forEach((cell, c) => widths[c] = Math.max(widths[c], widthOf(cell)));
  }
  shrink(columns, widths, widthColumns - GAP.length * (columns.length - 1));
  return all.map((cells) => {
    let line = "";
    cells.forEach((cell, c) => {
      const { align } = columns[c];
      const shortened = cut(cell, widths[c], columns[c]);
      line += (c === 0 ? "" : GAP) + aligned(shortened, widths[c], align);
    });
    return line.trimEnd();
  });
}

function shrink(
  columns: readonly Column[],
  widths: number[],
  available: number,
): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  for (; excess > 0; excess--) {
    let widest = -1;
    for (let c = 0; c < columns.length; c++) {
      const { cut: how } = columns[c];
      if (how === undefined || widths[c] <= how.least) continue;
      if (widest < 0 || widths[c] > widths[widest]) widest = c;
    }
    if (widest < 0) return;
    widths[widest]--;
  }
}

function cut(cell: string, width: number, column: Column): string {
  if (widthOf(cell) <= width) return cell;
  const characters = [...cell];
  const fromStart = column.cut?.at === "start";
  while (widthOf(characters.join("")) > width - 1) {
    if (fromStart) characters.shift();
    else characters.pop();
  }
  const rest = characters.join("");
  return fromStart ? ELLIPSIS + rest : rest + ELLIPSIS;
}

function aligned(
  cell: string,
  width: number,
  align: Column["align"],
): string {
  const space = " ".repeat(Math.max(0, width - widthOf(cell)));
  return align === "left" ? cell + space : space + cell;
}

function harmless(cell: string): string {
  return ASCII.test(cell) ? cell : escapeUnsafe(cell);
}

const ASCII = /^[\x20-\x7e]*$/;
/** What terminals show two columns wide. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const COMBINING = /\p{M}/u;

/** Columns that `text` takes on a terminal. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!COMBINING.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Breaks `text` at spaces into lines of at most `width` columns; a longer word stays whole. Unsafe characters are escaped. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of escapeUnsafe(text).split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
