/**
 * Owns the table of kernels in README. In: what the agent's test told on each kernel, and how the suites there ended. Out: Markdown.
 * @module
 */
import { counts, type Outcome } from "../run/outcome.ts";

/** How one type of object is read, as /readyz tells it. */
export interface TableRow {
  readonly backend: string;
  readonly quality: string;
}

/** What one kernel was found to allow. */
export interface KernelRow {
  readonly release: string;
  /** By type of object. */
  readonly tables: Readonly<Record<string, TableRow>>;
  /** By type of object, the fields that the iterators cannot tell. */
  readonly absent: Readonly<Record<string, readonly string[]>>;
  /** By hook: `exact`, `lower bound`, or why it cannot count here. Absent where that was not tried. */
  readonly operations?: Readonly<Record<string, string>>;
  /** The threads' effective capabilities, each value once, as hexadecimal digits. */
  readonly capabilities: readonly string[];
}

const TYPES = ["map", "program", "link", "btf"] as const;
const HEAD = [
  "kernel",
  "maps",
  "programs",
  "links",
  "BTF",
  "operations counted by",
  "fields that are absent there",
  "capabilities left",
  "tests",
];

/** As deno fmt writes it, but for the padding. */
export function tableOf(
  rows: readonly (readonly [row: KernelRow, tests: Outcome])[],
): string {
  return [
    HEAD,
    HEAD.map(() => "---"),
    ...rows.map(([row, tests]) => cellsOf(row, tests)),
  ].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cellsOf(row: KernelRow, tests: Outcome): string[] {
  return [
    row.release.replace(/-cloud-amd64$/, ""),
    ...TYPES.map((type) => howRead(row.tables[type])),
    hooksOf(row.operations),
    Object.entries(row.absent)
      .filter(([, fields]) => fields.length > 0)
      .map(([type, fields]) =>
        `${type}s: ${namesOf(fields).map((name) => `\`${name}\``).join(", ")}`
      ).join("; ") || "none",
    row.capabilities.every((value) => /^0+$/.test(value))
      ? "none"
      : `\`${row.capabilities.join("`, `")}\``,
    counts(tests),
  ];
}

/** Without a row there is no table. */
function howRead(table?: TableRow): string {
  if (table === undefined || table.quality === "unavailable") {
    return "not shown";
  }
  return table.quality === "exact"
    ? table.backend
    : `${table.backend}, ${table.quality}`;
}

/** Those that count, and how well where it is not exactly. */
function hooksOf(operations: KernelRow["operations"] = {}): string {
  return Object.entries(operations).flatMap(([hook, quality]) =>
    quality === "exact"
      ? [hook]
      : quality === "lower bound"
      ? [`${hook} (${quality})`]
      : []
  ).join(", ") || "not tried";
}

/** A type of link with several absent fields, as a kernel has that knows no such links, goes by its name. */
function namesOf(fields: readonly string[]): string[] {
  const ofInfo = fields.map((field) => field.replace(/^info\./, ""));
  const typeOf = (name: string) =>
    name.startsWith("place.") ? name.slice(6) : name.split(".")[0];
  return [
    ...new Set(ofInfo.map((name) => {
      const type = typeOf(name);
      const isOne = ofInfo.filter((other) => typeOf(other) === type).length < 2;
      return isOne ? name : type;
    })),
  ];
}
