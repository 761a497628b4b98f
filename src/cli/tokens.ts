/**
 * Owns how the command line is cut: which argument is a flag, which is its value, which is a word. In: the arguments as
 * the shell gave them. Out: tokens in their order; every argument is accepted, what it means is judged in parse.ts.
 * @module
 */
import type { Flag } from "./flags.ts";

/** An argument that is neither a flag nor a flag's value; all that follow `--` are words. */
export interface WordToken {
  readonly kind: "word";
  readonly text: string;
}

export interface FlagToken {
  readonly kind: "flag";
  /** As it was typed, without the value: `--listen`. Short flags are not taken apart, since there are none: `-listen`. */
  readonly typed: string;
  readonly value: string | undefined;
  /** The value came as `--flag=value`, not as the next argument. */
  readonly inline: boolean;
}

export type Token = WordToken | FlagToken;

/** Only `flags` decide whether the next argument is a value. */
export function tokenize(
  args: readonly string[],
  flags: readonly Flag[],
): Token[] {
  const takeValues = new Set(
    flags.filter(({ takes }) => takes === "value").map(({ name }) => name),
  );
  const read: Token[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") {
      for (const text of args.slice(at + 1)) read.push({ kind: "word", text });
      break;
    }
    if (argument === "-" || !argument.startsWith("-")) {
      read.push({ kind: "word", text: argument });
      continue;
    }
    const isLong = argument.startsWith("--");
    const equals = isLong ? argument.indexOf("=", 3) : -1;
    const inline = equals > 0;
    const typed = inline ? argument.slice(0, equals) : argument;
    const takesNext = isLong && !inline && takeValues.has(typed.slice(2));
    read.push({
      kind: "flag",
      typed,
      value: inline
        ? argument.slice(equals + 1)
        : takesNext
        ? args[++at]
        : undefined,
      inline,
    });
  }
  return read;
}
