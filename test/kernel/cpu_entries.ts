/**
 * Owns hash maps of which it is known what each CPU counted of their entries: a thread adds and deletes while it is kept on one. In: a
 * workshop. Out: maps, and the truth by CPU.
 * @module
 */
import { assertEquals } from "@std/assert";
import { createMap, MAP_TYPES, updateElement } from "../../ffi/mod.ts";
import { bpfWords } from "../builders.ts";
import { allowedCpus, OnCpu } from "./affinity.ts";
import { isSince } from "./since.ts";
import type { Made, Workshop } from "./workshop.ts";

const DELETE_ELEM = 3;
const NO_PREALLOC = 1;

/** This kernel counts entries by CPU. */
export const HAS_CPU_ENTRIES = isSince(Deno.osRelease(), "6.6");

/** Kinds of maps that are counted so, and flags. */
export const COUNTED_MAPS = [
  ["hash", 0],
  ["hash", NO_PREALLOC],
  ["percpu_hash", 0],
  ["lru_hash", 0],
] as const;

export const MOST_ENTRIES = 5_000;

export function hashMap(workshop: Workshop, type: string, flags = 0): Made {
  return workshop.need(
    "map",
    `map ${type}`,
    createMap(workshop.kernel, {
      type: MAP_TYPES.indexOf(type),
      keyBytes: 4,
      valueBytes: 8,
      maxEntries: MOST_ENTRIES,
      flags,
      name: "cpu_entries",
    }),
  );
}

/** Each CPU adds `some` or more; the last one also deletes more than it added. Answers the truth by CPU. */
export function fill(
  { kernel }: Workshop,
  map: Made,
  some = 20,
): Map<number, number> {
  const key = kernel.allocate(4);
  // Of a percpu_hash: 8 bytes for each possible CPU.
  const value = kernel.allocate(8 * 1024);
  const truth = new Map<number, number>();
  const keys: number[] = [];
  const cpus = allowedCpus();
  for (const [n, cpu] of cpus.entries()) {
    using _there = new OnCpu(cpu);
    const added = some + 3 * n;
    for (let i = 0; i < added; i++) {
      key.view.setUint32(0, keys.length, true);
      assertEquals(updateElement(kernel, map.fd, key, value), 0);
      keys.push(keys.length);
    }
    truth.set(cpu, added);
    if (n !== cpus.length - 1 || cpus.length < 2) continue;
    const deleted = added + 9;
    for (const number of keys.splice(0, deleted)) {
      key.view.setUint32(0, number, true);
      const words = [map.fd, 0, key.addressLow, key.addressHigh];
      assertEquals(bpfWords(kernel, DELETE_ELEM, words, 24), 0);
    }
    truth.set(cpu, added - deleted);
  }
  return truth;
}
