/**
 * Owns whether two looks at what keeps objects alive found the same. In: two passes. Out: yes or no; most are alike, and then nothing
 * needs to be worked out anew.
 * @module
 */
import type {
  HoldersPass,
  HoldingProcess,
  Pin,
} from "../../workers/links/holders_model.ts";

export function sameLook(one: HoldersPass, other: HoldersPass): boolean {
  return sameWords(one.holds, other.holds) &&
    sameWords(one.references, other.references) &&
    sameItems(one.processes, other.processes, sameProcess) &&
    samePins(one.pins, other.pins);
}

/** Whether it is the same process, and is shown the same. */
export function sameProcess(
  one: HoldingProcess,
  other: HoldingProcess,
): boolean {
  return one.pid === other.pid && one.startedAtMs === other.startedAtMs &&
    one.comm === other.comm && one.uid === other.uid &&
    one.cgroups === other.cgroups;
}

function samePins(one: HoldersPass["pins"], other: HoldersPass["pins"]) {
  return typeof one === "string" || typeof other === "string"
    ? one === other
    : sameItems(one, other, samePin);
}

function samePin(one: Pin, other: Pin): boolean {
  return one.type === other.type && one.id === other.id &&
    one.path === other.path;
}

function sameWords(one: Uint32Array, other: Uint32Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function sameItems<T>(
  one: readonly T[],
  other: readonly T[],
  isSame: (one: T, other: T) => boolean,
): boolean {
  return one.length === other.length &&
    one.every((item, i) => isSame(item, other[i]));
}
