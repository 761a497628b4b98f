/**
 * Owns what a request to the API may say: its query and its path. In: a request's parameters. Out: values by schema, or one
 * sentence that says what was expected, what was found and, of names, which is nearest. /openapi.json shows the same schemas.
 * @module
 */
import * as v from "valibot";
import type { ObjectType } from "../../../workers/protocol.ts";
import { durationMs } from "../../config/duration.ts";
import { nearestName } from "../../config/nearest.ts";
import { quoted } from "../../config/quoted.ts";
import { unknownParameter } from "../query.ts";
import { OBJECTS } from "./schemas.ts";

const MAX_LIMIT = 100_000;
const MAX_U32 = 4_294_967_295;
const MAX_NAME_CHARACTERS = 512;
const MAX_INTERVAL_MS = 3_600_000;

/** A whole number in decimal digits; its output half is what /openapi.json shows. */
function wholeNumber(least: number, most: number, about: string) {
  const expects = `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,10}$/, expects),
    v.transform(Number),
    v.number(),
    v.integer(expects),
    v.minValue(least, expects),
    v.maxValue(most, expects),
    v.description(about),
  );
}

function nameOutOf<const N extends readonly string[]>(names: N, about: string) {
  return v.pipe(
    v.picklist(names, ({ received, input }) => {
      const nearest = typeof input === "string" && input !== ""
        ? `; the nearest is ${nearestName(input, names)}`
        : "";
      return `one of ${names.join(", ")}, found ${
        typeof input === "string" ? quoted(input) : received
      }${nearest}`;
    }),
    v.description(about),
  );
}

/** Fields that a list may be sorted by: all of its objects'. */
function listQuery<T extends ObjectType>(type: T) {
  const fields = Object.keys(OBJECTS[type].entries) as (
    & keyof (typeof OBJECTS)[
      T
    ]["entries"]
    & string
  )[];
  return v.strictObject({
    sort: v.optional(
      nameOutOf(fields, "field that decides the order; id unless given"),
    ),
    order: v.optional(
      nameOutOf(
        ["asc", "desc"],
        "asc unless given; objects without the field come last in both",
      ),
    ),
    limit: v.optional(
      wholeNumber(1, MAX_LIMIT, "at most so many objects; 1000 unless given"),
    ),
    offset: v.optional(
      wholeNumber(0, MAX_U32, "leaves out so many of the first"),
    ),
    name: v.optional(v.pipe(
      v.string(),
      v.minLength(1, "at least one character"),
      v.maxLength(
        MAX_NAME_CHARACTERS,
        `at most ${MAX_NAME_CHARACTERS} characters`,
      ),
      v.description(
        type === "link"
          ? "text that the target contains"
          : "text that the name, or the full name, contains",
      ),
    )),
    owner: v.optional(v.pipe(
      v.string(),
      v.minLength(1, "at least one character"),
      v.maxLength(
        MAX_NAME_CHARACTERS,
        `at most ${MAX_NAME_CHARACTERS} characters`,
      ),
      v.description(
        "whose objects: a comm, a pid or a container id, of which 12 digits suffice",
      ),
    )),
  });
}

export const LIST_QUERIES = {
  map: listQuery("map"),
  program: listQuery("program"),
  link: listQuery("link"),
  btf: listQuery("btf"),
} as const;

/** How a list is asked for, whatever its type. */
export interface ListQuery {
  readonly sort?: string | undefined;
  readonly order?: "asc" | "desc" | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Text that the name contains. */
  readonly name?: string | undefined;
  /** Comm, pid or container id of a holder, or of the last one known. */
  readonly owner?: string | undefined;
}

export const NO_QUERY = v.strictObject({});

export const OBJECT_PATH = v.strictObject({
  id: wholeNumber(0, MAX_U32, "the kernel's id of the object"),
});

/** The time between two events, in ms. */
export type StreamQuery = v.StrictObjectSchema<
  {
    readonly interval: v.OptionalSchema<
      v.GenericSchema<string, number>,
      undefined
    >;
  },
  undefined
>;

/** @param leastMs the sampling interval: nothing changes more often. */
export function streamQuery(leastMs: number): StreamQuery {
  const kind = durationMs(leastMs, MAX_INTERVAL_MS, "2s");
  return v.strictObject({
    interval: v.optional(v.pipe(
      v.string(),
      v.regex(/^\d{1,15}(ms|s|m|h)$/, kind.expects),
      v.check((text) => kind.parse(text).ok, kind.expects),
      v.transform((text) => {
        const parsed = kind.parse(text);
        return parsed.ok ? parsed.value : leastMs;
      }),
      v.description("time between two events, at least the sampling interval"),
    )),
  });
}

/** The query by `schema`, or one sentence about the first thing that is wrong with it. */
export function readQuery<S extends v.GenericSchema>(
  schema: S & { readonly entries: Readonly<Record<string, unknown>> },
  parameters: URLSearchParams,
): v.InferOutput<S> | string {
  const unknown = unknownParameter(parameters, Object.keys(schema.entries));
  if (unknown !== undefined) return unknown;
  const given: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (Object.hasOwn(given, name)) {
      return `Cannot read ${name}: expected it once, found it more often`;
    }
    given[name] = value;
  }
  return readParameters(schema, given);
}

/** `given` by `schema`, or one sentence about the first thing that is wrong with it. */
export function readParameters<S extends v.GenericSchema>(
  schema: S,
  given: Readonly<Record<string, string>>,
): v.InferOutput<S> | string {
  const result = v.safeParse(schema, given, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = String(issue.path?.[0].key ?? "the request");
  const found = issue.message.includes(", found ")
    ? ""
    : `, found ${quoted(given[name] ?? "")}`;
  return `Cannot read ${name}: expected ${issue.message}${found}`;
}
