/**
 * Owns the flag catalog: every flag once for each command that takes it, with all that the parser and the help pages need to
 * know of it. In: the catalog of settings, each of which is a flag. Out: FLAGS, in the order in which the pages show them. A
 * flag that is not here does not exist.
 * @module
 */
import {
  type Setting,
  type SettingGroup,
  SETTINGS,
} from "../config/settings.ts";
import {
  booleanWord,
  filePath,
  oneOf,
  type ValueKind,
} from "../config/value_kind.ts";
import { BENCH_FLAGS } from "./bench_flags.ts";
import type { CommandName } from "./commands.ts";

/** Headings of the help pages, in their order. */
export const FLAG_GROUPS = [
  "Output",
  "Serving",
  "Metrics",
  "Sampling",
  "Privileges",
  "Log",
  "Configuration",
  "Other",
] as const;

interface FlagCommon {
  /** Without the dashes. */
  readonly name: string;
  readonly group: typeof FLAG_GROUPS[number];
  /** One line, no final period. */
  readonly summary: string;
  readonly commands: readonly CommandName[];
}

/** `--name TEXT` or `--name=TEXT`. */
export interface ValueFlag extends FlagCommon {
  readonly takes: "value";
  readonly placeholder: string;
  readonly defaultText?: string;
  readonly kind: ValueKind<unknown>;
  /** What it sets in the configuration; a flag without one says how its command runs. */
  readonly setting?: Setting;
}

/** `--name`, `--name=true` or `--name=false`; false when not given. */
export interface SwitchFlag extends FlagCommon {
  readonly takes: "switch";
  readonly kind: ValueKind<unknown>;
  readonly setting?: Setting;
}

/** `--name` alone; it asks for something else than to run. */
export interface RequestFlag extends FlagCommon {
  readonly takes: "nothing";
}

export type Flag = ValueFlag | SwitchFlag | RequestFlag;

export const ONCE_FORMATS = ["table", "json", "prom"] as const;
export const ONCE_VIEWS = ["type", "owner"] as const;
export const CHECK_FORMATS = ["table", "json"] as const;
export const BENCH_FORMATS = ["table", "json"] as const;
export const CATALOG_FORMATS = ["table", "json", "markdown"] as const;

/** Commands that have a configuration. */
const CONFIGURED: readonly CommandName[] = [
  "serve",
  "once",
  "check",
  "catalog",
];

const COMMANDS_OF: Readonly<Record<SettingGroup, readonly CommandName[]>> = {
  Serving: ["serve"],
  Metrics: ["serve", "once", "catalog"],
  Sampling: CONFIGURED,
  Privileges: CONFIGURED,
  Log: CONFIGURED,
};

/** `table`, `a,b`: names between commas; which there are is known to who runs the command. */
const nameList: ValueKind<readonly string[]> = {
  type: "text",
  expects: "names that check --format json prints, separated by commas",
  parse(text) {
    const names = text.split(",");
    return names.includes("")
      ? { ok: false }
      : { ok: true, value: [...new Set(names)] };
  },
};

export const FLAGS: readonly Flag[] = [
  format("once", ONCE_FORMATS),
  format("check", CHECK_FORMATS),
  format("bench", BENCH_FORMATS),
  format("catalog", CATALOG_FORMATS),
  ...BENCH_FLAGS,
  {
    name: "rates",
    group: "Output",
    takes: "switch",
    kind: booleanWord,
    summary: "Sample twice, an interval apart, and print what happened between",
    commands: ["once"],
  },
  {
    name: "by",
    group: "Output",
    takes: "value",
    placeholder: ONCE_VIEWS.join("|"),
    defaultText: ONCE_VIEWS[0],
    kind: oneOf(ONCE_VIEWS),
    summary:
      "What the table and the JSON go by: every object, or memory and objects of each owner",
    commands: ["once"],
  },
  {
    name: "require",
    group: "Output",
    takes: "value",
    placeholder: "WHAT,...",
    kind: nameList,
    summary:
      "Exit 1 where one of these is missing; names as --format json prints them",
    commands: ["check"],
  },
  ...SETTINGS.map(settingFlag),
  {
    name: "config",
    group: "Configuration",
    takes: "value",
    placeholder: "FILE",
    defaultText: "none",
    kind: filePath,
    summary: "Read settings from this YAML file; its keys are the flags' names",
    commands: CONFIGURED,
  },
  {
    name: "print-config",
    group: "Configuration",
    takes: "nothing",
    summary: "Print the settings and where each value came from, and exit",
    commands: CONFIGURED,
  },
  {
    name: "version",
    group: "Other",
    takes: "nothing",
    summary: "Print the version and exit",
    commands: ["serve"],
  },
  {
    name: "help",
    group: "Other",
    takes: "nothing",
    summary: "Print this text and exit",
    commands: ["serve", "once", "check", "bench", "catalog", "version", "help"],
  },
];

/** The flags that `command` takes, in the order of the help pages. */
export function flagsOf(command: CommandName): readonly Flag[] {
  return FLAGS.filter(({ commands }) => commands.includes(command));
}

/** The settings that mean something to `command`. */
export function settingsOf(command: CommandName): readonly Setting[] {
  return SETTINGS.filter(({ group }) => COMMANDS_OF[group].includes(command));
}

/** What `--require` lists. */
export function readNameList(text: string): readonly string[] {
  const parsed = nameList.parse(text);
  return parsed.ok ? parsed.value : [];
}

function format(command: CommandName, formats: readonly string[]): ValueFlag {
  return {
    name: "format",
    group: "Output",
    takes: "value",
    placeholder: formats.join("|"),
    defaultText: formats.slice(0, 1).join(),
    kind: oneOf(formats),
    summary: "Form of what is printed on standard output",
    commands: [command],
  };
}

function settingFlag(setting: Setting): Flag {
  const { name, group, summary, defaultText, placeholder, kind } = setting;
  const common = { name, group, summary, kind, setting };
  const commands = COMMANDS_OF[group];
  return placeholder === undefined
    ? { ...common, commands, takes: "switch" }
    : { ...common, commands, takes: "value", placeholder, defaultText };
}
