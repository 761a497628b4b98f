/**
 * Owns how the command line is cut: which argument is a flag, which is its value, which is a word. In: the arguments as
 * the shell gave them. Out: tokens in their order; every argument is accepted, what it means is judged in parse.ts.
 * @module
 */
import { parseArgs } from "node:util";
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
  const options: Record<string, { type: "string" | "boolean" }> = {};
  for (const { name, takes } of flags) {
    options[name] = { type: takes === "value" ? "string" : "boolean" };
  }
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const read: Token[] = [];
  let lastShort = -1;
  for (const token of tokens) {
    if (token.kind === "positional") {
      read.push({ kind: "word", text: token.value });
    } else if (token.kind === "option") {
      const argument = args[token.index] ?? token.rawName;
      const short = !argument.startsWith("--");
      if (short && token.index === lastShort) continue;
      if (short) lastShort = token.index;
      read.push({
        kind: "flag",
        typed: short ? argument : token.rawName,
        value: short ? undefined : token.value,
        inline: token.inlineValue === true,
      });
    }
  }
  return read;
}
