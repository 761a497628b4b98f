/**
 * Owns the help pages. In: the command and flag catalogs. Out: texts of at most 80 columns, with a final newline.
 * @module
 */
import { variableName } from "../config/environment.ts";
import { type Command, COMMANDS, SERVE } from "./commands.ts";
import { type Flag, FLAG_GROUPS, flagsOf } from "./flags.ts";

const COLUMNS = 80;
/** Where descriptions begin: most flags (`--log-format text|json`) and two spaces on either side fit before it. */
const DESCRIPTION_COLUMN = 27;

/** What `bpfpulse --help` prints: the commands, and what the default one takes. */
export function overviewPage(): string {
  return page([
    "Samples every eBPF object of this machine and serves Prometheus metrics.",
    "",
    "Usage: bpfpulse [COMMAND] [FLAG...]",
    "",
    "Commands:",
    ...COMMANDS.flatMap(({ name, words, summary }) =>
      entry([name, ...(words === undefined ? [] : [words])].join(" "), summary)
    ),
    ...flagSections(flagsOf(SERVE.name)),
    "",
    ...wrap(
      'These are the flags of serve; "bpfpulse help COMMAND" lists those of another command.',
      COLUMNS,
    ),
  ]);
}

/** What `bpfpulse help COMMAND` prints. */
export function commandPage(command: Command): string {
  const flags = flagsOf(command.name);
  const usage = [
    command === SERVE ? "[serve]" : command.name,
    ...(command.words === undefined ? [] : [command.words]),
    "[FLAG...]",
  ];
  return page([
    ...wrap(`${command.summary}.`, COLUMNS),
    "",
    `Usage: bpfpulse ${usage.join(" ")}`,
    ...flagSections(flags),
    ...sourcesSection(flags),
    "",
    "Exit codes:",
    ...command.exits.flatMap(([code, when]) => entry(String(code), when)),
  ]);
}

function page(lines: readonly string[]): string {
  return lines.join("\n") + "\n";
}

function flagSections(flags: readonly Flag[]): string[] {
  return FLAG_GROUPS.flatMap((group) => {
    const inGroup = flags.filter((flag) => flag.group === group);
    if (inGroup.length === 0) return [];
    const entries = inGroup.map((flag) =>
      entry(flagSyntax(flag), flagDescription(flag))
    );
    return ["", `${group}:`, ...entries.flat()];
  });
}

/** How else the settings among `flags` can be given. */
function sourcesSection(flags: readonly Flag[]): string[] {
  const example = flags.find((flag) => flag.name === "log-level");
  if (example === undefined) return [];
  const name = variableName(example.name);
  return [
    "",
    ...wrap(
      `A flag wins over its variable (--${example.name} is ${name}; several values stand between commas), a variable over the file of --config or ${
        variableName("config")
      }, the file over the default. In the file, lists and maps are those of YAML.`,
      COLUMNS,
    ),
  ];
}

/** `--interval DURATION`, `--include-self`. */
function flagSyntax(flag: Flag): string {
  return flag.takes === "value"
    ? `--${flag.name} ${flag.placeholder}`
    : `--${flag.name}`;
}

function flagDescription(flag: Flag): string {
  if (flag.takes !== "value") return flag.summary;
  const form = flag.setting?.form ?? "one";
  const notes = [
    ...(form === "one" ? [] : ["repeatable"]),
    ...(flag.defaultText === undefined ? [] : [`default ${flag.defaultText}`]),
  ];
  return notes.length === 0
    ? flag.summary
    : `${flag.summary} (${notes.join(", ")})`;
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
