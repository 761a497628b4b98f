/**
 * Owns the proof of the formulas of memory on the kernel that runs: of own maps, fdinfo says what they say. It needs no privilege
 * beyond making maps. In: a port, the kernel's BTF, the open iterators over maps. Out: the terms to reckon by, and for each type
 * why its formula does not hold here.
 * @module
 */
import {
  accountedBytes,
  type Btf,
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  MAP_BIRTH,
  MAP_HEAD_BYTES,
  MAP_LIVE,
  objectId,
  type OpenIterator,
} from "../../ffi/mod.ts";
import type { TableIterators } from "../iterate.ts";
import type { MemoryFacts } from "../protocol.ts";
import { recordInfo } from "../record_info.ts";
import { mapMemlock, type MemoryTerms, type SizedMap } from "./memory.ts";
import { sizedMaps } from "./memory_of.ts";
import { MemorySamples, PROVEN_WITH } from "./memory_samples.ts";
import { findMemoryTerms } from "./memory_terms.ts";
import { describeMap } from "./walk.ts";

/** A map of ours as the iterators told it, and what fdinfo said. */
interface Tried {
  readonly map: SizedMap;
  /** NaN where the kernel does not tell. */
  readonly entries: number;
  readonly accounted: number;
}

/** One sentence where nothing can be reckoned. @param iterators or why there are none */
export function proveMemory(
  kernel: KernelPort,
  btf: Btf,
  iterators: TableIterators | string,
): MemoryFacts | string {
  if (typeof iterators === "string") return iterators;
  const found = findMemoryTerms(kernel, btf);
  if (typeof found === "string") return found;
  using samples = new MemorySamples(kernel, btf, found.cpus);
  const tried = tryAll(kernel, iterators, samples);
  if (typeof tried === "string") return tried;
  const first = unprovenBy(found, tried, samples.refused);
  if (first.hash_of_maps === undefined) {
    return { terms: found, unproven: first };
  }
  const terms = { ...found, spareFdElements: false };
  return { terms, unproven: unprovenBy(terms, tried, samples.refused) };
}

/** By type, why its formula is not to be used; types that are not among them hold. */
function unprovenBy(
  terms: MemoryTerms,
  tried: readonly Tried[],
  refused: Readonly<Record<string, string>>,
): Record<string, string> {
  const unproven: Record<string, string> = {};
  for (const [type, reason] of Object.entries(refused)) {
    unproven[type] = `not tried: ${reason}`;
  }
  for (const { map, entries, accounted } of tried) {
    const reason = whyWrong(terms, map, entries, accounted);
    if (reason !== undefined) unproven[map.type] ??= reason;
  }
  for (const [type, other] of Object.entries(PROVEN_WITH)) {
    if (unproven[other] !== undefined) unproven[type] = unproven[other];
  }
  return unproven;
}

function whyWrong(
  terms: MemoryTerms,
  map: SizedMap,
  entries: number,
  accounted: number,
): string | undefined {
  if (Number.isNaN(accounted)) return "fdinfo does not tell it";
  const memlock = mapMemlock(map, terms);
  if (memlock === undefined) return "there is no formula for it";
  const { fixedBytes, entryBytes } = memlock;
  if (Number.isNaN(fixedBytes + entryBytes)) {
    return "this kernel does not tell all that it is made of";
  }
  if (entryBytes === 0) {
    return fixedBytes === accounted
      ? undefined
      : `of an own one fdinfo says ${accounted}, not ${fixedBytes}`;
  }
  if (Number.isNaN(entries)) return "this kernel does not tell its entries";
  const bytes = fixedBytes + entryBytes * entries;
  return bytes === accounted
    ? undefined
    : `of an own one fdinfo says ${accounted}, not ${bytes}`;
}

function tryAll(
  kernel: KernelPort,
  { tick, birth }: TableIterators,
  { maps }: MemorySamples,
): Tried[] | string {
  const ids = new Map(maps.map(({ fd }) => [objectId(kernel, fd), fd]));
  const info = recordInfo(MAP_BIRTH, birth, MAP_HEAD_BYTES);
  const sized = sizedMaps(birth);
  const entries = new Map<number, number>();
  const tried: Tried[] = [];
  const failure = ofOwn(kernel, tick, ids, (id, record) => {
    const isTold = tick.recordBytes > MAP_LIVE.offset &&
      tick.fields.some((name) => name.startsWith(`${MAP_LIVE.prefix}.`)) &&
      record.getInt32(MAP_LIVE.offset + 4, true) !== -1;
    const count = isTold ? record.getBigUint64(MAP_LIVE.offset, true) : NaN;
    entries.set(id, Number(count));
  }) ?? ofOwn(kernel, birth, ids, (id, record) => {
    const map = sized(describeMap(id, info(record)), record);
    const accounted = accountedBytes(kernel, ids.get(id) ?? -1) ?? NaN;
    tried.push({ map, entries: entries.get(id) ?? NaN, accounted });
  });
  return failure ?? tried;
}

/** One sentence where the iterator cannot be read. */
function ofOwn(
  kernel: KernelPort,
  iterator: OpenIterator,
  ids: ReadonlyMap<number, number>,
  take: (id: number, record: DataView) => void,
): string | undefined {
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, iterator),
    iterator.recordBytes,
  );
  const words = iterator.recordBytes / 4;
  const failure = session.stream(() => {
    for (let i = 0; i < session.count; i++) {
      const id = session.words[i * words];
      if (ids.has(id)) take(id, session.view(i));
    }
  });
  return failure && `${failure.call} failed: ${errnoName(failure.errno)}`;
}
