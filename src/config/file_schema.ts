/**
 * Owns what the values of a configuration file may be. In: the catalog of settings. Out: a schema of the whole file whose
 * output says what each value changes and where it stands; the messages of its issues are the ends of sentences.
 * @module
 */
import * as v from "valibot";
import { nearestName } from "./nearest.ts";
import { quoted } from "./quoted.ts";
import type { ConfigChange } from "./resolve.ts";
import { type Setting, SETTINGS } from "./settings.ts";
import { refusalReason, type ValueKind } from "./value_kind.ts";

/** What one value of the file changes, and where it stands. */
export interface FileChange {
  /** Keys and indexes from the root. */
  readonly path: readonly (string | number)[];
  readonly change: ConfigChange;
}

type ChangeSchema = v.GenericSchema<unknown, readonly FileChange[]>;

export function fileSchema(): ChangeSchema {
  return mapOf(
    Object.fromEntries(
      SETTINGS.map((setting) => [setting.name, valueOf(setting)]),
    ),
    "a setting",
  );
}

function valueOf(setting: Setting): ChangeSchema {
  const { name } = setting;
  switch (setting.form) {
    case "one":
      return scalar(setting.kind, [name]);
    case "list":
      return v.lazy((input) =>
        Array.isArray(input)
          ? listOf(setting.kind, name, input)
          : scalar(setting.kind, [name])
      );
    case "keys":
      return mapOf(
        Object.fromEntries(
          Object.entries(setting.keys).map(([key, kind]) => [
            key,
            scalar(kind, [name, key]),
          ]),
        ),
        `a key of ${name}`,
      );
  }
}

function listOf(
  kind: ValueKind<ConfigChange>,
  name: string,
  input: readonly unknown[],
): ChangeSchema {
  const elements = input.map((element, index) =>
    v.pipe(
      scalar(kind, [name, index]),
      v.check(
        () => input.indexOf(element) === index,
        `expected each value once, found ${shown(element, kind)} again`,
      ),
    )
  );
  return v.pipe(
    v.tuple(elements),
    v.minLength(1, `expected ${kind.expects}, found an empty list`),
    v.transform((values) => values.flat()),
  );
}

/** @param expected what each key is, to follow "expected". */
function mapOf(
  schemas: Readonly<Record<string, ChangeSchema>>,
  expected: string,
): ChangeSchema {
  const names = Object.keys(schemas);
  const entries = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      v.exactOptional(schema),
    ]),
  );
  return v.pipe(
    v.unknown(),
    v.check(
      isMap,
      ({ input }) =>
        `expected ${names.join(", ")} and their values, found ${shown(input)}`,
    ),
    v.strictObject(
      entries,
      ({ input }) =>
        `expected ${expected}, found ${quoted(String(input))}; did you mean ${
          nearestName(String(input), names)
        }?`,
    ),
    v.transform((values) =>
      Object.values(values).flatMap((changes) => changes ?? [])
    ),
  );
}

/** One value; it must have the type that YAML gives its kind, and be valid as text. */
function scalar(
  kind: ValueKind<ConfigChange>,
  path: readonly (string | number)[],
): ChangeSchema {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, readonly FileChange[]>(
      ({ dataset, addIssue, NEVER }) => {
        const input = dataset.value;
        const parsed = typeOf(input) === kind.type
          ? kind.parse(String(input))
          : { ok: false as const };
        if (parsed.ok) return [{ path, change: parsed.value }];
        addIssue({ message: refusalReason(kind, shown(input, kind), parsed) });
        return NEVER;
      },
    ),
  );
}

function isMap(input: unknown): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

function typeOf(input: unknown): string {
  return typeof input === "string" ? "text" : typeof input;
}

/** What was found, with its type where that may be what is wrong. */
function shown(input: unknown, kind?: ValueKind<unknown>): string {
  switch (typeof input) {
    case "string":
      return kind?.type === "text"
        ? quoted(input)
        : `the text ${quoted(input)}`;
    case "number":
    case "boolean":
      return `the ${typeof input} ${input}`;
    default:
      if (input === null) return "nothing";
      return Array.isArray(input) ? "a list" : "a map";
  }
}
