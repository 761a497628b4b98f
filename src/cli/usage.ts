/**
 * Owns the usage text. In: the command and flag catalogs. Out: text of at most 80 columns, with a final newline.
 * @module
 */
import { type Command, COMMANDS } from "./commands.ts";
import { type Flag, FLAG_GROUPS } from "./flags.ts";

const COLUMNS = 80;
/** Where descriptions begin: the longest flag (`--log-format text|json`) and two spaces on either side fit before it. */
const DESCRIPTION_COLUMN = 27;

/** What `bpfpulse --help` prints for `command`. */
export function usageText(command: Command): string {
  const lines = [
    "Samples every eBPF object of this machine and serves Prometheus metrics.",
    "",
    "Usage: bpfpulse [COMMAND] [FLAG...]",
    "",
    "Commands:",
    ...COMMANDS.flatMap(({ name, summary }) => entry(name, summary)),
  ];
  for (const group of FLAG_GROUPS) {
    const flags = command.flags.filter((flag) => flag.group === group);
    if (flags.length === 0) continue;
    lines.push("", `${group}:`);
    for (const flag of flags) {
      lines.push(...entry(flagSyntax(flag), flagDescription(flag)));
    }
  }
  return lines.join("\n") + "\n";
}

/** `--interval DURATION`, `--include-self`. */
function flagSyntax(flag: Flag): string {
  return flag.takes === "value"
    ? `--${flag.name} ${flag.placeholder}`
    : `--${flag.name}`;
}

function flagDescription(flag: Flag): string {
  if (flag.takes !== "value") return flag.summary;
  const repeatable = flag.repeatBy === undefined ? "" : "repeatable, ";
  return `${flag.summary} (${repeatable}default ${flag.defaultText})`;
}

/** The term, its description beside it; beneath it where the term is too long. */
function entry(term: string, description: string): string[] {
  const indent = " ".repeat(DESCRIPTION_COLUMN);
  const described = wrap(description, COLUMNS - DESCRIPTION_COLUMN);
  const head = `  ${term}`;
  if (head.length + 2 > DESCRIPTION_COLUMN) {
    return [head, ...described.map((line) => indent + line)];
  }
  return described.map((line, index) =>
    (index === 0 ? head.padEnd(DESCRIPTION_COLUMN) : indent) + line
  );
}

/** Breaks at spaces; a word longer than `width` stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
