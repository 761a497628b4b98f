/**
 * Owns the text of `--print-config`. In: a resolved configuration. Out: a configuration file that sets the same again,
 * each value with a comment that says where it came from. Of token and key files it has the names only.
 * @module
 */
import { escapeUnsafe, safeJson } from "./quoted.ts";
import type { Resolved } from "./resolve.ts";
import type { Setting } from "./settings.ts";

interface Line {
  readonly text: string;
  /** Where the value came from; undefined for a line that has none. */
  readonly origin?: string;
}

/** Longer lines have their comment right behind them. */
const COMMENT_COLUMN = 40;

/** What may stand without quotes, unless it reads as something else than text. */
const PLAIN = /^[\w/.][\w/.:-]*(?<!:)$/;
const NO_TEXT = /^(?:null|true|false|[.]inf|[.]nan)$/i;

/** @param settings those to print, in their order. */
export function printConfig(
  resolved: Resolved,
  settings: readonly Setting[],
): string {
  const lines = settings.flatMap((setting) => linesOf(setting, resolved));
  const width = Math.min(
    COMMENT_COLUMN,
    Math.max(0, ...lines.map(({ text }) => text.length)),
  );
  return lines.map(({ text, origin }) =>
    origin === undefined
      ? `${text}\n`
      : `${text.padEnd(width)}   # ${escapeUnsafe(origin)}\n`
  ).join("");
}

function linesOf(setting: Setting, { config, origins }: Resolved): Line[] {
  const { name, kind } = setting;
  const value = setting.textOf(config);
  function originOf(key: string): string {
    return origins.get(key) ?? "default";
  }
  if (value === undefined) {
    return [{
      text: `# ${name}: ${setting.defaultText}`,
      origin: originOf(name),
    }];
  }
  if (typeof value === "string") {
    const text = kind.type === "text" ? yamlText(value) : value;
    return [{ text: `${name}: ${text}`, origin: originOf(name) }];
  }
  if (isList(value)) {
    return [
      { text: `${name}:` },
      ...value.map((text, index) => ({
        text: `  - ${yamlText(text)}`,
        origin: originOf(`${name}.${index}`),
      })),
    ];
  }
  return [
    { text: `${name}:` },
    ...Object.entries(value).map(([key, text]) => ({
      text: `  ${key}: ${text}`,
      origin: originOf(`${name}.${key}`),
    })),
  ];
}

function isList<T>(value: readonly string[] | T): value is readonly string[] {
  return Array.isArray(value);
}

function yamlText(text: string): string {
  return PLAIN.test(text) && !NO_TEXT.test(text) && Number.isNaN(Number(text))
    ? text
    : safeJson(text);
}
