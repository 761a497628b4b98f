/**
 * Owns the opening of all iterators, once, by the thread that has the privileges, and the proof that they tell the truth here. In: a
 * port. Out: for each type its two iterators as plain data, or one sentence why the walk is taken; ids of what was made.
 * @module
 */
import {
  AheadMap,
  type Btf,
  closeIterator,
  type KernelPort,
  makeBound,
  openCpuEntries,
  type OpenIterator,
  openPerfBuffers,
  openPinned,
  type OpenRings,
  perCpuBases,
  PerCpuTable,
  PinPlace,
} from "../ffi/mod.ts";
import { selfCheck } from "./iterators_check.ts";
import { BTF_TABLES, scanTypes, TABLES } from "./iterators_types.ts";
import { openHolders } from "./holder_iterators.ts";
import type { TableIterators } from "./iterate.ts";
import { proveMemory } from "./maps/memory_check.ts";
import { openRingsAnd, type RingLossesFacts } from "./maps/ring_losses.ts";
import {
  type BtfIterators,
  ITERATED_TYPES,
  type IteratedType,
  type Iterators,
  type OwnIds,
} from "./protocol.ts";

/** They sum nothing. */
const NO_CPUS = { bases: [] } as const;

/** What openIterators() made. Closing it ends every iterator. */
export interface OpenedIterators extends Disposable {
  readonly iterators: Iterators;
  /** All of them. */
  readonly open: readonly OpenIterator[];
  readonly ownIds: OwnIds;
  readonly ringLosses: RingLossesFacts;
  /** Other descriptors that are to be held. */
  readonly fds: readonly number[];
}

/** What openIterators() is to open beside what it always does. */
export interface IteratorOptions {
  /** Tell what each CPU counted of the entries of maps. */
  readonly mapCpuEntries?: boolean;
  /** Count losses of ring buffers one by one; absent: off. */
  readonly ringLosses?: RingLossesFacts["mode"];
}

/** What openAll() fills. */
interface Found {
  readonly open: OpenIterator[];
  readonly fds: number[];
  /** The agent's own objects, beside those of `open`. */
  readonly map: number[];
  readonly program: number[];
  readonly link: number[];
  ringLosses: RingLossesFacts;
}

/**
 * Never fails for what a kernel may answer.
 * @param mayWalk as in Iterators
 */
export function openIterators(
  kernel: KernelPort,
  mayWalk: boolean,
  { mapCpuEntries = false, ringLosses = "off" }: IteratorOptions = {},
): OpenedIterators {
  const all: Found = {
    open: [],
    fds: [],
    map: [],
    program: [],
    link: [],
    ringLosses: { mode: ringLosses },
  };
  const { open, fds, map, program, link } = all;
  const found = openAll(kernel, all, mapCpuEntries);
  return {
    iterators: { ...found, mayWalk, mayListBtf: mayWalk },
    open,
    fds,
    ringLosses: all.ringLosses,
    ownIds: {
      map: map.sort(ascending),
      program: [...program, ...open.map(({ programId }) => programId)]
        .sort(ascending),
      link: [...link, ...open.map(({ linkId }) => linkId)].sort(ascending),
      btf: typeof found.perf === "object" ? [found.perf.btfId] : [],
    },
    [Symbol.dispose]() {
      for (const one of open.splice(0)) closeIterator(kernel, one);
      for (const fd of fds.splice(0)) kernel.close(fd);
    },
  };
}

/** Why no type is iterated, where nobody asked for it. */
export function noIterators(reason: string): Iterators {
  return {
    map: reason,
    program: reason,
    link: reason,
    btf: reason,
    holders: `the iterators were not opened: ${reason}`,
    memory: reason,
    rings: reason,
    perf: reason,
    mayWalk: true,
    mayListBtf: true,
  };
}

function openAll(
  kernel: KernelPort,
  found: Found,
  withCpuEntries: boolean,
): Omit<Iterators, "mayWalk" | "mayListBtf"> {
  const { open, map: ownMaps } = found;
  const { mode } = found.ringLosses;
  const btf = scanTypes(kernel, mode);
  if (typeof btf === "string") {
    if (mode === "on") found.ringLosses = { mode, reason: btf };
    return {
      ...noIterators(btf),
      ...(withCpuEntries ? { cpuEntries: btf } : {}),
    };
  }
  using types = btf;
  const bases = perCpuBases(kernel, types);
  using perCpu = new PerCpuTable(
    kernel,
    typeof bases === "string" ? [] : bases,
  );
  ownMaps.push(...perCpu.mapIds);
  using pins = new PinPlace(kernel);
  const opened = ITERATED_TYPES.map((type) => {
    const pair: OpenIterator[] = [];
    const [{ ahead: touched }] = TABLES[type];
    using ahead = touched && new AheadMap(kernel, types);
    ownMaps.push(...ahead?.mapIds ?? []);
    for (const table of TABLES[type]) {
      const bound = table.boundBy && makeBound(kernel);
      const answer = openPinned(kernel, types, table, perCpu, pins, {
        aheadFd: ahead?.mapFd,
        boundFd: bound?.fd,
      });
      if (bound !== undefined) {
        if (typeof answer === "string" || answer.boundFd === undefined) {
          kernel.close(bound.fd);
        } else ownMaps.push(bound.id);
      }
      if (typeof answer === "string") {
        for (const one of pair) closeIterator(kernel, one);
        return [type, answer] as const;
      }
      pair.push(answer);
    }
    open.push(...pair);
    const [tick, birth] = pair;
    return [type, { tick, birth, reason: howWell(tick, birth) }] as const;
  });
  const all = Object.fromEntries(opened) as Record<
    IteratedType,
    TableIterators | string
  >;
  for (const type of ITERATED_TYPES) {
    const iterators = all[type];
    if (typeof iterators === "string") continue;
    const wrong = selfCheck(kernel, type, iterators);
    if (wrong === undefined) continue;
    all[type] = `the iterators do not work here: ${wrong}`;
    for (const one of [iterators.tick, iterators.birth]) {
      closeIterator(kernel, one);
      open.splice(open.indexOf(one), 1);
    }
  }
  const { rings, ringLosses } = openWithLosses(kernel, types, pins, found);
  const perf = openPerfBuffers(kernel, types, pins);
  for (const one of [rings, perf]) {
    if (typeof one === "string") continue;
    open.push(one);
    ownMaps.push(...one.mapIds);
  }
  if (typeof rings === "object" && rings.known !== undefined) {
    open.push(rings.known);
  }
  const cpuEntries = withCpuEntries
    ? openCpuEntries(kernel, types, perCpu, pins)
    : undefined;
  if (typeof cpuEntries === "object") open.push(cpuEntries);
  return {
    ...all,
    ...(cpuEntries === undefined ? {} : { cpuEntries }),
    btf: openBtf(kernel, types, pins, open),
    holders: openHolders(kernel, types, pins, open),
    memory: proveMemory(kernel, types, all.map),
    rings,
    perf,
    ...(ringLosses === undefined ? {} : { ringLosses }),
  };
}

function openWithLosses(
  kernel: KernelPort,
  types: Btf,
  pins: PinPlace,
  found: Found,
): Pick<Iterators, "ringLosses"> & { readonly rings: OpenRings | string } {
  const { mode } = found.ringLosses;
  const { rings, losses, reason } = openRingsAnd(
    kernel,
    types,
    pins,
    mode === "on",
  );
  if (losses === undefined) {
    if (mode === "on") {
      found.ringLosses = { mode, reason: reason ?? "nothing was tried" };
    }
    return { rings, ...(reason === undefined ? {} : { ringLosses: reason }) };
  }
  const { functions, sweep, programFds, linkFds } = losses;
  found.open.push(sweep);
  found.fds.push(...programFds, ...linkFds);
  found.map.push(...losses.mapIds);
  found.program.push(...losses.programIds);
  found.link.push(...losses.linkIds);
  found.ringLosses = { mode, functions };
  return { rings };
}

/** What follows programs and maps to their BTF. */
function openBtf(
  kernel: KernelPort,
  types: Btf,
  pins: PinPlace,
  open: OpenIterator[],
): BtfIterators | string {
  const opened: { program?: OpenIterator; map?: OpenIterator } = {};
  const reasons: string[] = [];
  for (const type of ["program", "map"] as const) {
    const answer = openPinned(kernel, types, BTF_TABLES[type], NO_CPUS, pins);
    if (typeof answer === "string") reasons.push(`${type}s: ${answer}`);
    else open.push(opened[type] = answer);
  }
  if (Object.keys(opened).length === 0) return reasons.join("; ");
  return {
    ...opened,
    reason: ["iterators over programs and maps", ...reasons].join("; "),
  };
}

function howWell(tick: OpenIterator, birth: OpenIterator): string {
  const forms = new Set([tick.form, birth.form]);
  return forms.has("probe")
    ? "iterators that read by bpf_probe_read_kernel(), checked on own objects"
    : "iterators, checked on own objects";
}

function ascending(one: number, other: number): number {
  return one - other;
}
