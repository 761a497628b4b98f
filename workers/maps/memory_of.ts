/**
 * Owns what the kernel accounts to one map, told at its birth. In: its description, and its birth record. Out: bytes by formula where
 * that was proven on this kernel; else what fdinfo says then, where maps may be opened; else nothing.
 * @module
 */
import {
  accountedBytes,
  Fd,
  FDINFO_CALLS,
  type KernelPort,
  MAP_CHARGED,
  MAP_DETAIL,
  type OpenIterator,
  openObject,
} from "../../ffi/sampling.ts";
import type { MemoryFacts } from "../protocol.ts";
import { mapMemlock, type SizedMap } from "./memory.ts";
import type { MapDescription, MapMemlock } from "./model.ts";

export class MapMemory {
  readonly #kernel: KernelPort;
  readonly #facts: MemoryFacts | string;
  readonly #sized: ReturnType<typeof sizedMaps>;
  readonly #mayOpen: boolean;
  #calls = 0;

  /** @param mayOpen CAP_SYS_ADMIN is kept */
  constructor(
    kernel: KernelPort,
    facts: MemoryFacts | string,
    birth: OpenIterator,
    mayOpen: boolean,
  ) {
    this.#kernel = kernel;
    this.#facts = facts;
    this.#sized = sizedMaps(birth);
    this.#mayOpen = mayOpen;
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#calls;
  }

  of(map: MapDescription, record: DataView): MapMemlock | undefined {
    const facts = this.#facts;
    if (typeof facts !== "string" && facts.unproven[map.type] === undefined) {
      const found = mapMemlock(this.#sized(map, record), facts.terms);
      if (found !== undefined && isKnown(found)) return found;
    }
    return this.#mayOpen ? this.#asked(map.id) : undefined;
  }

  #asked(id: number): MapMemlock | undefined {
    this.#calls++;
    const number = openObject(this.#kernel, "map", id);
    if (number < 0) return undefined;
    using fd = new Fd(this.#kernel, number);
    this.#calls += FDINFO_CALLS + 1;
    return memlockAtBirth(this.#kernel, fd.number);
  }
}

/** What fdinfo says of the map that is open as `fd`: all of it as if it stayed. */
export function memlockAtBirth(
  kernel: KernelPort,
  fd: number,
): MapMemlock | undefined {
  const bytes = accountedBytes(kernel, fd);
  return bytes === undefined ? undefined : { fixedBytes: bytes, entryBytes: 0 };
}

export function isKnown({ fixedBytes, entryBytes }: MapMemlock): boolean {
  return fixedBytes === fixedBytes && entryBytes === entryBytes;
}

/** Reads what formulas ask of a map, out of its description and its birth record. */
export function sizedMaps(
  { fields }: OpenIterator,
): (map: MapDescription, record: DataView) => SizedMap {
  const written = new Set(fields);
  return (map, record) => ({
    ...map,
    detail: written.has(`${MAP_DETAIL.prefix}.${map.type}`)
      ? record.getUint32(MAP_DETAIL.offset, true)
      : NaN,
    chargedPages: written.has(MAP_CHARGED.name)
      ? record.getUint32(MAP_CHARGED.offset, true)
      : NaN,
  });
}
