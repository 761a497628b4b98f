/**
 * Owns the command catalog: each command once, with what its help page says beside its flags (flags.ts). In: nothing. Out:
 * COMMANDS, in the order in which people see them.
 * @module
 */

export type CommandName =
  | "serve"
  | "once"
  | "check"
  | "bench"
  | "catalog"
  | "version"
  | "help";

export interface Command {
  readonly name: CommandName;
  /** One line, no final period. */
  readonly summary: string;
  /** What may follow the name beside flags, as the usage line shows it. */
  readonly words?: string;
  /** Exit codes and when they come; bad usage is 2 everywhere. */
  readonly exits: readonly (readonly [code: number, when: string])[];
}

/** Runs when no command is named. */
export const SERVE: Command = {
  name: "serve",
  summary: "Sample and serve until SIGTERM or SIGINT (the default)",
  exits: [
    [0, "stopped by SIGTERM or SIGINT"],
    [1, "cannot listen, or cannot read a file"],
    [2, "bad flag, variable or configuration file"],
    [70, "only a new process helps"],
  ],
};

export const COMMANDS: readonly Command[] = [
  SERVE,
  {
    name: "once",
    summary: "Print one sample of everything",
    exits: [
      [0, "printed"],
      [1, "cannot sample, or cannot read a file"],
      [2, "bad flag, variable or configuration file"],
    ],
  },
  {
    name: "check",
    summary:
      "Print what this kernel and these privileges allow, and what would give the rest",
    exits: [
      [0, "printed"],
      [1, "something in --require is missing, or cannot read a file"],
      [2, "bad flag, variable or configuration file"],
    ],
  },
  {
    name: "bench",
    summary:
      "Measure what collecting costs on this machine, by objects and by interval",
    exits: [
      [0, "printed"],
      [1, "nothing can be measured, or a file per object cannot be had"],
      [2, "bad flag"],
      [70, "only a new process helps"],
    ],
  },
  {
    name: "catalog",
    summary: "Print every metric, and what it is on this machine",
    exits: [
      [0, "printed, whatever is unavailable"],
      [1, "cannot read a file, or use the backend that was asked for"],
      [2, "bad flag, variable or configuration file"],
    ],
  },
  {
    name: "version",
    summary: "Print the version",
    exits: [[0, "printed"], [2, "bad flag"]],
  },
  {
    name: "help",
    summary: "Print how to use a command",
    words: "[COMMAND]",
    exits: [[0, "printed"], [2, "no such command"]],
  },
];
