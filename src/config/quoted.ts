/**
 * Owns how text from outside is shown to people: arguments, object names, messages of the system. In: any string. Out:
 * text of one line in which no character can move a terminal's cursor, start an escape sequence or reorder the line.
 * @module
 */

/** Controls, invisible formatting (direction marks among it), halves of pairs, line and paragraph separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Longer arguments are cut: a sentence about one must stay readable. */
const SHOWN_CHARACTERS = 64;

/** JSON text of `value`, still valid JSON, with every unsafe character escaped; JSON itself leaves many of them raw. */
export function safeJson(value: object | string): string {
  return escapeUnsafe(JSON.stringify(value));
}

/** `text` in double quotes for an error sentence, cut with an ellipsis after 64 characters. */
export function quoted(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return safeJson(text);
  return safeJson(text.slice(0, SHOWN_CHARACTERS) + "…");
}

/** `text` with every unsafe character written as its `\u` escape. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** A character beyond U+FFFF becomes two escapes, as JSON wants it. */
function escapeCharacter(character: string): string {
  let escaped = "";
  for (let at = 0; at < character.length; at++) {
    escaped += "\\u" + character.charCodeAt(at).toString(16).padStart(4, "0");
  }
  return escaped;
}
