/**
 * Owns the labels of series: which an object has, and how they are written. In: descriptions, whose names are hostile
 * strings. Out: label objects for prom-client, and label text, made once at an object's birth.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { SeriesText } from "../state/node_state.ts";

export type Labels = Readonly<Record<string, string>>;

/** The labels of an object's value series and of its info series, values cleaned. */
export type SeriesLabels = { readonly [K in keyof SeriesText]: Labels };

const LABELS: {
  readonly [T in ObjectType]?: {
    readonly value: (description: Descriptions[T]) => Labels;
    readonly info: (description: Descriptions[T]) => Labels;
  };
} = {
  map: {
    value: (map) => ({
      map_id: `${map.id}`,
      map_name: cleaned(map.name),
      map_type: cleaned(map.type),
    }),
    info: (map) => ({
      key_size: `${map.keySizeBytes}`,
      value_size: `${map.valueSizeBytes}`,
      max_entries: `${map.maxEntries}`,
      flags: `${map.flags}`,
    }),
  },
  program: {
    value: (program) => ({
      prog_id: `${program.id}`,
      prog_name: cleaned(program.name),
      prog_type: cleaned(program.type),
    }),
    info: (program) => ({
      tag: cleaned(program.tag),
      full_name: cleaned(program.fullName ?? ""),
      btf_id: `${program.btfId ?? ""}`,
    }),
  },
  link: {
    value: (link) => ({
      link_id: `${link.id}`,
      link_type: cleaned(link.type),
    }),
    info: (link) => ({
      // No program has the id 0: a link that runs none has no program to join with.
      prog_id: link.programId === 0 ? "" : `${link.programId}`,
      attach_type: cleaned(link.attachType ?? ""),
      target: cleaned(link.target ?? ""),
    }),
  },
};

/** The labels of one object as prom-client takes them. A type without series of its own has none. */
export function seriesLabels<T extends ObjectType>(
  type: T,
  description: Descriptions[T],
): SeriesLabels {
  const names = LABELS[type];
  const labels = names?.value(description) ?? {};
  return { labels, info: { ...labels, ...names?.info(description) } };
}

/** The same labels as text, flat and ready to be joined into each of the object's series. */
export function seriesText<T extends ObjectType>(
  type: T,
  description: Descriptions[T],
): SeriesText {
  const { labels, info } = seriesLabels(type, description);
  return { labels: labelText(labels), info: labelText(info) };
}

/** Label text without braces; values are cleaned and escaped. */
export function labelText(
  labels: Readonly<Partial<Record<string, string | number>>>,
): string {
  const parts = Object.entries(labels).map(([name, value]) =>
    `${name}="${escaped(cleaned(`${value}`))}"`
  );
  // join() gives a flat string; one added together is walked part by part each time that it is joined into a page.
  return parts.join(",");
}

const PLAIN = /^[\w .:/@-]*$/;

/** What breaks lines, terminals or UTF-8 in readers of a page; a newline has an escape of its own. */
const HARMFUL = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * A label value that every reader takes: control characters, bidirectional controls and lone surrogates become U+FFFD.
 * Two names may become one; ids are labels too, so two objects never do.
 */
export function cleaned(value: string): string {
  return PLAIN.test(value) ? value : value.replace(HARMFUL, "\uFFFD");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  '"': '\\"',
};

function escaped(value: string): string {
  return PLAIN.test(value)
    ? value
    : value.replace(/[\\\n"]/g, (character) => ESCAPES[character]);
}
