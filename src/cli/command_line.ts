/**
 * Owns what the command line says, word by word. In: the arguments as the shell gave them. Out: the command, what its flags
 * assign and ask for; or one sentence about the first mistake: what was expected, what was found, the nearest valid name.
 * `--help`, then `--version`, wins over mistakes: who asks for help after a failure only adds it to the line.
 * @module
 */
import { nearestName } from "../config/nearest.ts";
import { escapeUnsafe, quoted } from "../config/quoted.ts";
import type { Assignment } from "../config/resolve.ts";
import { identityOf } from "../config/settings.ts";
import { andList, orList, refusalSentence } from "../config/value_kind.ts";
import { type Command, COMMANDS, SERVE } from "./commands.ts";
import {
  type Flag,
  FLAGS,
  flagsOf,
  type SwitchFlag,
  type ValueFlag,
} from "./flags.ts";
import { type FlagToken, type Token, tokenize } from "./tokens.ts";

export interface CommandLine {
  readonly command: Command;
  /** The command that help is wanted of; undefined is all of them. */
  readonly topic: Command | undefined;
  readonly request: "run" | "help" | "version" | "print-config";
  readonly assignments: readonly Assignment[];
  /** Valid texts of the flags that set nothing, by name. */
  readonly options: ReadonlyMap<string, string>;
}

/** Never throws, whatever the arguments are. */
export function readCommandLine(args: readonly string[]): CommandLine | string {
  const tokens = tokenize(args, FLAGS);
  const named = firstCommand(tokens);
  const reading = new Reading(named ?? SERVE);
  if (asksFor(tokens, "--help")) return reading.asking("help", named);
  if (asksFor(tokens, "--version")) return reading.asking("version", undefined);
  for (const [index, token] of tokens.entries()) {
    const mistake = token.kind === "word"
      ? reading.word(token.text, tokens[index - 1])
      : reading.flag(token);
    if (mistake !== undefined) return mistake;
  }
  return reading.done();
}

function firstCommand(tokens: readonly Token[]): Command | undefined {
  const word = tokens.find(({ kind }) => kind === "word");
  return word?.kind === "word" ? findCommand(word.text) : undefined;
}

function findCommand(word: string): Command | undefined {
  return COMMANDS.find(({ name }) => name === word);
}

function asksFor(tokens: readonly Token[], typed: string): boolean {
  return tokens.some((token) =>
    token.kind === "flag" && token.typed === typed && token.value === undefined
  );
}

/** What has been read of one command line. Its methods give the sentence about a mistake. */
class Reading {
  readonly #command: Command;
  readonly #flags: readonly Flag[];
  readonly #assignments: Assignment[] = [];
  readonly #options = new Map<string, string>();
  readonly #used = new Set<string>();
  #request: CommandLine["request"] = "run";
  #commandRead = false;
  #topic: Command | undefined;

  constructor(command: Command) {
    this.#command = command;
    this.#flags = flagsOf(command.name);
  }

  done(): CommandLine {
    return {
      command: this.#command,
      topic: this.#topic,
      request: this.#request,
      assignments: this.#assignments,
      options: this.#options,
    };
  }

  asking(
    request: "help" | "version",
    topic: Command | undefined,
  ): CommandLine {
    return { ...this.done(), request, topic };
  }

  /** The first word is the command; only `help` has a second one. */
  word(word: string, previous: Token | undefined): string | undefined {
    const separated = this.#separatedSwitch(word, previous);
    if (separated !== undefined) {
      return `Cannot use --${separated.name}: expected --${separated.name}=${word}, found ${
        quoted(word)
      } as a separate word`;
    }
    if (!this.#commandRead) {
      this.#commandRead = true;
      return findCommand(word) === undefined ? unknownCommand(word) : undefined;
    }
    if (this.#command.name === "help" && this.#topic === undefined) {
      this.#topic = findCommand(word);
      return this.#topic === undefined ? unknownTopic(word) : undefined;
    }
    const { name } = this.#topic ?? this.#command;
    return `Cannot read the command line: expected only flags after ${name}, found ${
      quoted(word)
    }`;
  }

  flag(token: FlagToken): string | undefined {
    const flag = this.#find(token);
    if (flag === undefined) return this.#unknown(token.typed);
    if (flag.takes === "nothing") {
      if (token.value !== undefined) {
        return `Cannot use --${flag.name}: expected no value, found ${
          quoted(token.value)
        }`;
      }
      if (flag.name === "print-config") this.#request = flag.name;
      return undefined;
    }
    const text = token.value ?? (flag.takes === "switch" ? "true" : undefined);
    if (text === undefined) {
      return `Cannot use --${flag.name}: expected ${flag.kind.expects}, found no value`;
    }
    if (!token.inline && text.startsWith("--")) {
      return `Cannot use --${flag.name}: expected ${flag.kind.expects}, found ${
        quoted(text)
      } where its value belongs`;
    }
    return this.#value(flag, text);
  }

  #value(flag: ValueFlag | SwitchFlag, text: string): string | undefined {
    const { name, setting } = flag;
    const parsed = flag.kind.parse(text);
    if (!parsed.ok) {
      return refusalSentence(`--${name}`, flag.kind, text, parsed);
    }
    const identity = setting === undefined ? "" : identityOf(setting, text);
    const use = escapeUnsafe(identity === "" ? name : `${name} ${identity}`);
    if (this.#used.has(use)) {
      return `Cannot use --${use} twice: expected it once, found it again with ${
        quoted(text)
      }`;
    }
    this.#used.add(use);
    if (setting === undefined) {
      this.#options.set(name, text);
      return undefined;
    }
    const change = setting.kind.parse(text);
    if (change.ok) {
      this.#assignments.push({
        setting: setting.form === "keys" ? `${name}.${identity}` : name,
        change: change.value,
        origin: `flag --${name}`,
      });
    }
    return undefined;
  }

  /** The switch that `word` follows where it could be meant as its value: `--include-self false`. */
  #separatedSwitch(
    word: string,
    previous: Token | undefined,
  ): SwitchFlag | undefined {
    if (previous?.kind !== "flag" || previous.inline) return undefined;
    const flag = this.#find(previous);
    return flag?.takes === "switch" && flag.kind.parse(word).ok
      ? flag
      : undefined;
  }

  #find(token: FlagToken): Flag | undefined {
    return this.#flags.find(({ name }) => `--${name}` === token.typed);
  }

  /** What follows an equals sign is not shown: it may be a secret. */
  #unknown(typed: string): string {
    const shown = typed.replace(/=.*$/s, "");
    const others = FLAGS.filter(({ name }) => `--${name}` === shown)
      .flatMap(({ commands }) => commands);
    if (others.length > 0) {
      return `Cannot use ${shown} with ${this.#command.name}: it is a flag of ${
        andList(others)
      }`;
    }
    const nearest = nearestName(
      shown.replace(/^-+/, ""),
      this.#flags.map(({ name }) => name),
    );
    return `Cannot read the command line: expected a flag that ${this.#helpCommand()} lists, found ${
      quoted(shown)
    }; did you mean --${nearest}?`;
  }

  #helpCommand(): string {
    return this.#command === SERVE ? "--help" : `${this.#command.name} --help`;
  }
}

/** Flags are looked through too: `bpfpulse listen :80` is a near miss. */
function unknownCommand(word: string): string {
  const names: readonly string[] = COMMANDS.map(({ name }) => name);
  const flagNames = flagsOf(SERVE.name).map(({ name }) => name);
  const nearest = nearestName(word, [...names, ...flagNames]);
  return `Cannot read the command line: expected the command ${
    orList(names)
  }, found ${quoted(word)}; did you mean ${
    names.includes(nearest) ? nearest : `--${nearest}`
  }?`;
}

function unknownTopic(word: string): string {
  const names = COMMANDS.map(({ name }) => name);
  return `Cannot show help: expected the command ${orList(names)}, found ${
    quoted(word)
  }; did you mean ${nearestName(word, names)}?`;
}
