/**
 * Owns the table of kernels in README. In: what the agent's test told on each kernel. Out: Markdown.
 * @module
 */

/** What one kernel was found to allow. */
export interface KernelRow {
  readonly release: string;
  /** By collector. */
  readonly backends: Readonly<Record<string, string>>;
  /** Whether a link made after the agent's start is shown. */
  readonly linksSeen: boolean;
  /** By type of object: the fields that the iterators cannot tell, or why there are none. */
  readonly absent: Readonly<Record<string, string | readonly string[]>>;
  /** The threads' effective capabilities, each value once, as hexadecimal digits. */
  readonly capabilities: readonly string[];
}

const HEAD = ["kernel", "backend", "fields absent", "privileges left"];

/** As deno fmt writes it, but for the padding. */
export function tableOf(rows: readonly KernelRow[]): string {
  return [HEAD, HEAD.map(() => "---"), ...rows.map(cellsOf)]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cellsOf(row: KernelRow): string[] {
  const { release, backends, linksSeen, absent, capabilities } = row;
  const kinds = Object.keys(backends).sort();
  const same = new Set(Object.values(backends)).size === 1;
  const backend = same
    ? `${backends[kinds[0]]}`
    : kinds.map((kind) => `${kind}: ${backends[kind]}`).join(", ");
  return [
    release.replace(/-cloud-amd64$/, ""),
    linksSeen ? backend : `${backend}; links are not shown`,
    Object.entries(absent).flatMap(([type, fields]) =>
      typeof fields === "string"
        ? [`${type}s: ${fields}`]
        : fields.length === 0
        ? []
        : [`${type}s: ${
          namesOf(fields).map((name) => `\`${name}\``).join(", ")
        }`]
    ).join("; ") || "none",
    capabilities.every((value) => /^0+$/.test(value))
      ? "none (`CapEff` 0 in every thread)"
      : `\`CapEff\` ${capabilities.join(", ")}`,
  ];
}

/** Of a link all fields of a type that the kernel does not have go by the type's name. */
function namesOf(fields: readonly string[]): string[] {
  const names = fields.map((field) => field.replace(/^info\./, ""));
  return [
    ...new Set(
      names.map((name) =>
        name.startsWith("place.") ? name.slice(6) : name.split(".")[0]
      ),
    ),
  ];
}
