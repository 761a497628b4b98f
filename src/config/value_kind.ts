/**
 * Owns what a setting's text may be: the contract of a kind of value, and the kinds that have no file of their own. In:
 * text from a flag, a variable or the file. Out: a value, or a refusal that becomes one sentence.
 * @module
 */
import { nearestName } from "./nearest.ts";
import { quoted } from "./quoted.ts";

/** Why a text is no value of its kind; empty where the expectation says it all. */
export interface Refusal {
  readonly ok: false;
  /** The valid name next to it, where the kind is a list of names. */
  readonly nearest?: string;
  /** What is wrong with a text that looks valid, to follow "found it, " in a sentence. */
  readonly because?: string;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | Refusal;

export interface ValueKind<T> {
  /** What the value is in a file that has types. */
  readonly type: "text" | "number" | "boolean";
  /** What text is accepted, to follow the word "expected" in a sentence. */
  readonly expects: string;
  parse(text: string): Parsed<T>;
}

/** Kernel object ids are u32, so no machine has more objects than this. */
const MOST_OBJECTS = 0xffff_ffff;

/** A whole number of objects from 1 to 4294967295, in decimal digits. */
export const objectCount: ValueKind<number> = {
  type: "number",
  expects: `a whole number from 1 to ${MOST_OBJECTS}`,
  parse(text) {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    return value >= 1 && value <= MOST_OBJECTS
      ? { ok: true, value }
      : { ok: false };
  },
};

/** `true` or `false`. */
export const booleanWord: ValueKind<boolean> = {
  type: "boolean",
  expects: "true or false",
  parse: (text) =>
    text === "true" || text === "false"
      ? { ok: true, value: text === "true" }
      : { ok: false },
};

/** The path of a file, absolute or from the working directory; whether it is there is known when it is read. */
export const filePath: ValueKind<string> = {
  type: "text",
  expects: "the path of a file",
  parse: (text) =>
    text === "" || text.includes("\0")
      ? { ok: false }
      : { ok: true, value: text },
};

/** (uid_t) -1 is nobody's, in every system call. */
const LARGEST_UID = 0xffff_fffe;

/** A user of this machine, by name or number; whether there is one is known when it is looked up. */
export const userName: ValueKind<string> = {
  type: "text",
  expects: `a user's name, or a uid from 0 to ${LARGEST_UID}`,
  parse(text) {
    const fits = /^\d+$/.test(text)
      ? text.length <= 10 && Number(text) <= LARGEST_UID
      : /^[a-z_][\w.-]{0,30}\$?$/i.test(text);
    return fits ? { ok: true, value: text } : { ok: false };
  },
};

/** One of `names`, spelt exactly. */
export function oneOf<T extends string>(names: readonly T[]): ValueKind<T> {
  return {
    type: "text",
    expects: orList(names),
    parse(text) {
      const value = names.find((name) => name === text);
      return value === undefined
        ? { ok: false, nearest: nearestName(text, names) }
        : { ok: true, value };
    },
  };
}

/** KEY=VALUE with one of `keys`. The value is a record with that key alone. */
export function keyed<K extends string, T>(
  keys: readonly K[],
  inner: ValueKind<T>,
): ValueKind<Partial<Record<K, T>>> {
  const key = oneOf(keys);
  return {
    type: "text",
    expects: `KEY=N, KEY being ${key.expects} and N ${inner.expects}`,
    parse(text) {
      const at = text.indexOf("=");
      const name = key.parse(at < 0 ? text : text.slice(0, at));
      if (!name.ok) return name;
      const value = at < 0 ? undefined : inner.parse(text.slice(at + 1));
      if (value === undefined) return { ok: false };
      if (!value.ok) return value;
      const record: Partial<Record<K, T>> = {};
      record[name.value] = value.value;
      return { ok: true, value: record };
    },
  };
}

/** The same kind with its value turned into something else. */
export function mapKind<T, U>(
  kind: ValueKind<T>,
  turn: (value: T) => U,
): ValueKind<U> {
  return {
    type: kind.type,
    expects: kind.expects,
    parse(text) {
      const parsed = kind.parse(text);
      return parsed.ok ? { ok: true, value: turn(parsed.value) } : parsed;
    },
  };
}

/** The one sentence about `text` that `setting` (as `--interval`) cannot take. */
export function refusalSentence(
  setting: string,
  kind: ValueKind<unknown>,
  text: string,
  refusal: Refusal,
): string {
  return `Cannot use ${setting}: ${refusalReason(kind, quoted(text), refusal)}`;
}

/** The reason in such a sentence. @param found how it is shown. */
export function refusalReason(
  kind: ValueKind<unknown>,
  found: string,
  { nearest, because }: Refusal,
): string {
  const reason = `expected ${kind.expects}, found ${found}`;
  if (because !== undefined) return `${reason}, ${because}`;
  return nearest === undefined ? reason : `${reason}; did you mean ${nearest}?`;
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(names: readonly string[]): string {
  return joined(names, "or");
}

/** `a`, `a and b`, `a, b and c`. */
export function andList(names: readonly string[]): string {
  return joined(names, "and");
}

function joined(names: readonly string[], word: "and" | "or"): string {
  if (names.length < 2) return names.join();
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}
