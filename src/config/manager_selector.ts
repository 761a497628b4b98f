/**
 * Owns how people name groups of processes: `NAME=comm:REGEX`, `NAME=pid:N`, `NAME=cgroup:REGEX`, `NAME=unit:NAME`. In: text. Out: a
 * selector, plain values, and back.
 * @module
 */
import { boundedRegex } from "./bounded_regex.ts";
import type { ValueKind } from "./value_kind.ts";

/** A group of processes by what one of them shows. Several may have one name: together they are one group. */
export interface ManagerSelector {
  readonly name: string;
  readonly by: "comm" | "pid" | "cgroup" | "unit";
  /** A bounded regular expression for comm and cgroup, a decimal number for pid, the unit's whole name. */
  readonly text: string;
}

const FORM = /^([\w./:@-]{1,64})=(comm|pid|cgroup|unit):([^]+)$/;
/** Stands for what has no series of its own. */
const RESERVED = "other";
/** PID_MAX_LIMIT of the kernel. */
const LARGEST_PID = 2 ** 22;

export const managerSelector: ValueKind<ManagerSelector> = {
  type: "text",
  expects:
    "NAME=SELECTOR, NAME being 1 to 64 letters, digits and ./:@_-, SELECTOR comm:REGEX, pid:N, cgroup:REGEX or unit:NAME",
  parse(text) {
    const [, name, by, value] = FORM.exec(text) ?? [];
    if (name === undefined || !isKind(by)) return { ok: false };
    if (name === RESERVED) {
      return { ok: false, because: "whose name means all that have none" };
    }
    if (by === "pid" && !isPid(value)) {
      return { ok: false, because: "whose pid is no process's" };
    }
    if (by === "comm" || by === "cgroup") {
      const regex = boundedRegex(value);
      if (!(regex instanceof RegExp)) return regex;
    }
    return { ok: true, value: { name, by, text: value } };
  },
};

export function formatManagerSelector(
  { name, by, text }: ManagerSelector,
): string {
  return `${name}=${by}:${text}`;
}

function isKind(by: string): by is ManagerSelector["by"] {
  return by === "comm" || by === "pid" || by === "cgroup" || by === "unit";
}

function isPid(text: string): boolean {
  return /^[1-9]\d{0,6}$/.test(text) && Number(text) <= LARGEST_PID;
}
