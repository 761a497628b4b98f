/**
 * Owns the command catalog: each command once, with the flags that it takes. In: the flag catalog. Out: COMMANDS.
 * @module
 */
import { type Flag, FLAGS } from "./flags.ts";

export interface Command {
  readonly name: string;
  /** One line, no final period. */
  readonly summary: string;
  readonly flags: readonly Flag[];
}

/** Runs when no command is named. */
export const SERVE: Command = {
  name: "serve",
  summary: "Sample and serve until SIGTERM or SIGINT (the default)",
  flags: FLAGS,
};

export const COMMANDS: readonly Command[] = [SERVE];
