/**
 * Owns how a worker does several things beside its samples: each when it is due, the earliest first. In: what is to be done. Out: one
 * Aside.
 * @module
 */
import type { Aside } from "./aside.ts";

/** Undefined where there is nothing to do. */
export function earliestOf(
  asides: readonly (Aside | undefined)[],
): Aside | undefined {
  const [first, ...others] = asides.filter((aside) => aside !== undefined);
  if (first === undefined || others.length === 0) return first;
  const all = [first, ...others];
  function earliest(): Aside {
    let found = first;
    for (const one of others) if (one.dueAtMs < found.dueAtMs) found = one;
    return found;
  }
  return {
    get dueAtMs() {
      return earliest().dueAtMs;
    },
    renew() {
      for (const one of all) one.renew();
    },
    retune(intervalMs) {
      for (const one of all) one.retune(intervalMs);
    },
    resample(intervalMs) {
      for (const one of all) one.resample?.(intervalMs);
    },
    sampled() {
      for (const one of all) one.sampled?.();
    },
    run: () => earliest().run(),
  };
}
