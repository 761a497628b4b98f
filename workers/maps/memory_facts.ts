/**
 * Owns how it is told what the memory of objects is reckoned by. In: what was proven at start. Out: plain values, one sentence.
 * @module
 */
import type { Iterators } from "../protocol.ts";
import type { MemoryTerms } from "./memory.ts";

/** How `memlock` is come by. */
export interface MemlockFacts {
  /** Kernel structures at every tick; fdinfo once in an object's life; not at all. */
  readonly by: "formula" | "fdinfo" | "none";
  /** One sentence without its period. */
  readonly reason: string;
}

const ACCOUNTING: Readonly<Record<MemoryTerms["accounting"], string>> = {
  usage: "formulas from kernel structures, proven on own maps",
  rounded:
    "as this kernel reports it (key and value size times most entries, in pages), proven on own maps",
  charged:
    "as this kernel reports it (pages charged at creation), proven on own maps",
};

export function memlockFacts(
  { memory, mayWalk }: Pick<Iterators, "memory" | "mayWalk">,
): MemlockFacts {
  if (typeof memory === "string") {
    return mayWalk
      ? {
        by: "fdinfo",
        reason: "fdinfo of each object, read once at its birth",
      }
      : { by: "none", reason: memory };
  }
  const byReason = new Map<string, string[]>();
  for (const [type, reason] of Object.entries(memory.unproven)) {
    byReason.set(reason, [...byReason.get(reason) ?? [], type]);
  }
  const instead = mayWalk ? "fdinfo once for" : "absent for";
  return {
    by: "formula",
    reason: [
      ACCOUNTING[memory.terms.accounting],
      ...[...byReason].map(([reason, types]) =>
        `${instead} ${types.join(", ")} (${reason})`
      ),
    ].join("; "),
  };
}
