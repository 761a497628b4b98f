/**
 * Owns the configuration file's form: one YAML 1.2 document whose keys are the settings' names. In: the file's text. Out:
 * what it assigns, each with its line; or one sentence about the first line that is wrong. Loaded only when a file is
 * given, for its two libraries.
 * @module
 */
import { safeParse } from "valibot";
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import { type FileChange, fileSchema } from "./file_schema.ts";
import { escapeUnsafe, quoted } from "./quoted.ts";
import type { Assignment } from "./resolve.ts";

type Path = FileChange["path"];

const TOO_DEEP =
  "expected settings and their values, found values nested too deeply";

interface Fault {
  /** Where the sentence begins to say what is wrong, in characters. */
  readonly offset: number;
  /** The key that is wrong, as `limit.maps`; undefined where it is the file. */
  readonly key?: string;
  readonly reason: string;
}

/** @param path as it is to be shown. */
export function readConfigText(
  path: string,
  text: string,
): Assignment[] | string {
  const lines = new LineCounter();
  function place(offset: number): string {
    return `${escapeUnsafe(path)}:${lines.linePos(offset).line}`;
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // The library compares every key with every other one: minutes for a hostile file. Done by findFault().
      uniqueKeys: false,
      stringKeys: true,
      merge: false,
    });
    const fault = findFault(document);
    if (fault !== undefined) return sentence(fault, place(fault.offset));
    return isEmpty(document) ? [] : readDocument(document, place);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `Cannot use ${escapeUnsafe(path)}: ${TOO_DEEP}`;
  }
}

function sentence({ key, reason }: Fault, place: string): string {
  return key === undefined
    ? `Cannot use ${place}: ${reason}`
    : `Cannot use ${escapeUnsafe(key)} in ${place}: ${reason}`;
}

/** What the library accepts, or leaves to its callers, but a configuration should not have. */
function findFault(document: Document.Parsed): Fault | undefined {
  const [problem] = [...document.errors, ...document.warnings].sort((a, b) =>
    a.pos[0] - b.pos[0]
  );
  if (problem !== undefined) {
    return { offset: problem.pos[0], reason: syntaxReason(problem) };
  }
  if (document.schema.name !== "core") {
    return { offset: 0, reason: "expected YAML 1.2, found another version" };
  }
  if (!isEmpty(document) && !isMap(document.contents)) {
    return {
      offset: document.contents?.range[0] ?? 0,
      reason: `expected lines of "key: value", found ${
        isSeq(document.contents) ? "a list" : "a single value"
      }`,
    };
  }
  let fault: Fault | undefined;
  visit(document, {
    Alias(_, { source, range }) {
      fault = {
        offset: range?.[0] ?? 0,
        reason: `expected every value written out, found the alias ${
          quoted(`*${source}`)
        }`,
      };
      return visit.BREAK;
    },
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          fault = {
            offset: key.range?.[0] ?? 0,
            reason: `expected each key once, found ${quoted(name)} again`,
          };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return fault;
}

function syntaxReason({ code, message }: YAMLError): string {
  switch (code) {
    case "MULTIPLE_DOCS":
      return "expected one YAML document, found a second one";
    case "RESOURCE_EXHAUSTION":
      return TOO_DEEP;
    default:
      return `expected YAML, found this: ${quoted(message)}`;
  }
}

/** Nothing but comments, or a null. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || isScalar(contents) && contents.value === null;
}

function readDocument(
  document: Document.Parsed,
  place: (offset: number) => string,
): Assignment[] | string {
  const result = safeParse(fileSchema(), document.toJS());
  if (result.success) {
    return result.output.map(({ path, change }) => ({
      setting: settingPath(path),
      change,
      origin: place(offsetOf(document, path)),
    }));
  }
  const first = result.issues.map((issue): Fault => {
    const path = (issue.path ?? []).map(({ key }) => key as string | number);
    const offset = offsetOf(document, path);
    return issue.path?.at(-1)?.origin === "key"
      ? { offset, reason: issue.message }
      : { offset, reason: issue.message, key: settingPath(path) };
  }).reduce((a, b) => b.offset < a.offset ? b : a);
  return sentence(first, place(first.offset));
}

/** `limit.maps` for a key within a setting; the setting alone for an element of its list. */
function settingPath(path: Path): string {
  return path.filter((step) => typeof step === "string").join(".");
}

/** Where the key or the element at `path` begins. */
function offsetOf(document: Document.Parsed, path: Path): number {
  const step = path.at(-1);
  const holder = path.length < 2
    ? document.contents
    : document.getIn(path.slice(0, -1), true);
  if (isSeq(holder)) {
    const element = holder.items[Number(step)];
    return isNode(element) ? element.range?.[0] ?? 0 : 0;
  }
  if (!isMap(holder)) return 0;
  for (const { key } of holder.items) {
    if (isScalar(key) && String(key.value) === step) return key.range?.[0] ?? 0;
  }
  return 0;
}
