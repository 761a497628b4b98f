/**
 * Owns what the command line means. In: the arguments as the shell gave them. Out: what to do, with a frozen Config; or
 * one sentence about the first mistake: what was expected, what was found, the nearest valid name.
 * `--help`, then `--version`, wins over mistakes: who asks for help after a failure only adds it to the line.
 * @module
 */
import type { Config } from "../config/config.ts";
import { nearestName } from "../config/nearest.ts";
import { quoted } from "../config/quoted.ts";
import {
  type ConfigChange,
  defaultConfig,
  resolveConfig,
} from "../config/resolve.ts";
import { orList, refusalSentence } from "../config/value_kind.ts";
import { type Command, COMMANDS, SERVE } from "./commands.ts";
import type { Flag, SwitchFlag, ValueFlag } from "./flags.ts";
import { type FlagToken, type Token, tokenize } from "./tokens.ts";
import { usageText } from "./usage.ts";

export type Invocation =
  | { readonly kind: "serve"; readonly config: Config }
  | { readonly kind: "version" }
  /** For standard output. */
  | { readonly kind: "help"; readonly text: string }
  /** For standard error, with exit code 2; one line, without its newline. */
  | { readonly kind: "usage-error"; readonly message: string };

/** What was read; or, as a string, the one sentence about what is wrong with it. */
type Read<T extends object> = T | string;

/** Never throws, whatever the arguments are. */
export function parse(
  args: readonly string[],
  { stderrIsTerminal }: { readonly stderrIsTerminal: boolean },
): Invocation {
  const tokens = tokenize(args, SERVE.flags);
  if (asksFor(tokens, "--help")) {
    return { kind: "help", text: usageText(SERVE) };
  }
  if (asksFor(tokens, "--version")) return { kind: "version" };
  const changes = readTokens(tokens);
  if (typeof changes === "string") {
    return { kind: "usage-error", message: changes };
  }
  const config = resolveConfig(defaultConfig(stderrIsTerminal), changes);
  return { kind: "serve", config };
}

function asksFor(tokens: readonly Token[], typed: string): boolean {
  return tokens.some((token) =>
    token.kind === "flag" && token.typed === typed && token.value === undefined
  );
}

/** What the flags set, in their order. */
function readTokens(tokens: readonly Token[]): Read<ConfigChange[]> {
  const changes: ConfigChange[] = [];
  const used = new Set<string>();
  let command: Command | undefined;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "word") {
      const read = readWord(token.text, tokens[index - 1], command);
      if (typeof read === "string") return read;
      command = read;
    } else {
      const read = readFlag(token, used);
      if (typeof read === "string") return read;
      changes.push(read);
    }
  }
  return changes;
}

/** The first word is the command; there is no second one. */
function readWord(
  word: string,
  previous: Token | undefined,
  command: Command | undefined,
): Read<Command> {
  const separated = separatedSwitch(word, previous);
  if (separated !== undefined) {
    return `Cannot use --${separated.name}: expected --${separated.name}=${word}, found ${
      quoted(word)
    } as a separate word`;
  }
  if (command !== undefined) {
    return `Cannot read the command line: expected only flags after ${command.name}, found ${
      quoted(word)
    }`;
  }
  return COMMANDS.find(({ name }) => name === word) ?? unknownCommand(word);
}

/** The switch that `word` follows where it could be meant as its value: `--include-self false`. */
function separatedSwitch(
  word: string,
  previous: Token | undefined,
): SwitchFlag | undefined {
  if (previous?.kind !== "flag" || previous.inline) return undefined;
  const flag = findFlag(previous);
  return flag?.takes === "switch" && flag.setting.parse(word).ok
    ? flag
    : undefined;
}

/** Flags are looked through too: `bpfpulse help` and `bpfpulse listen :80` are near misses. */
function unknownCommand(word: string): string {
  const names = COMMANDS.map(({ name }) => name);
  const flagNames = SERVE.flags.map(({ name }) => name);
  const nearest = nearestName(word, [...names, ...flagNames]);
  return `Cannot read the command line: expected the command ${
    orList(names)
  }, found ${quoted(word)}; did you mean ${
    names.includes(nearest) ? nearest : `--${nearest}`
  }?`;
}

function readFlag(token: FlagToken, used: Set<string>): Read<ConfigChange> {
  const flag = findFlag(token);
  if (flag === undefined) return unknownFlag(token.typed);
  if (flag.takes === "nothing") {
    return `Cannot use --${flag.name}: expected no value, found ${
      quoted(token.value ?? "")
    }`;
  }
  const text = token.value ?? (flag.takes === "switch" ? "true" : undefined);
  if (text === undefined) {
    return `Cannot use --${flag.name}: expected ${flag.setting.expects}, found no value`;
  }
  if (!token.inline && text.startsWith("--")) {
    return `Cannot use --${flag.name}: expected ${flag.setting.expects}, found ${
      quoted(text)
    } where its value belongs`;
  }
  const parsed = flag.setting.parse(text);
  if (!parsed.ok) {
    return refusalSentence(
      `--${flag.name}`,
      flag.setting,
      text,
      parsed.nearest,
    );
  }
  return secondUse(flag, text, used) ?? parsed.value;
}

function unknownFlag(typed: string): string {
  const name = typed.replace(/^-+|=.*$/gs, "");
  const nearest = nearestName(name, SERVE.flags.map(({ name }) => name));
  return `Cannot read the command line: expected a flag that --help lists, found ${
    quoted(typed)
  }; did you mean --${nearest}?`;
}

/** The sentence about a flag that is given again; notes the use otherwise. */
function secondUse(
  flag: ValueFlag | SwitchFlag,
  text: string,
  used: Set<string>,
): string | undefined {
  const key = flag.takes === "value" ? flag.repeatBy?.(text) : undefined;
  const use = key === undefined ? `--${flag.name}` : `--${flag.name} ${key}`;
  if (used.has(use)) {
    return `Cannot use ${use} twice: expected it once, found it again with ${
      quoted(text)
    }`;
  }
  used.add(use);
  return undefined;
}

function findFlag(token: FlagToken): Flag | undefined {
  return SERVE.flags.find(({ name }) => `--${name}` === token.typed);
}
