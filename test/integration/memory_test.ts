/**
 * What the kernel accounts to maps and programs, by the formulas and by its own fdinfo: some hundreds of maps of every type, size, flag and
 * fill, on this machine's CPUs; the sum over all objects beside bpftool's.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { accountedBytes, updateElement } from "../../ffi/mod.ts";
import type { KernelBuffer, KernelPort } from "../../ffi/mod.ts";
import {
  mapMemlockBytes,
  programMemlockBytes,
} from "../../src/state/totals.ts";
import { openIterators } from "../../workers/iterators.ts";
import { collectMaps } from "../../workers/maps/collect.ts";
import type { MapDescription } from "../../workers/maps/model.ts";
import { collectPrograms } from "../../workers/programs/collect.ts";
import type { ProgramDescription } from "../../workers/programs/model.ts";
import type { CollectInit, Iterators } from "../../workers/protocol.ts";
import { Attr, bufferOf } from "../kernel/attr.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { kernelTest, makeEverything, Workshop } from "../kernel/make.ts";
import { createMap, makeMap, type MapSpec } from "../kernel/maps.ts";
import { readBpftool, whyNoBpftool } from "../kernel/reference.ts";

const LEAVE_OUT = { map: [], program: [], link: [], btf: [] };
const NO_PREALLOC = 1 << 0;
const NO_COMMON_LRU = 1 << 1;
const STACK_BUILD_ID = 1 << 5;
const MMAPABLE = 1 << 10;
const DELETE_ELEM = 3;
/** Of the loopback device in every network namespace. */
const LOOPBACK = 1;
const VALUE_BYTES = 64 * 1024;
const noCounts =
  kernelBtf()?.attachTarget("bpf_map_sum_elem_count") === undefined
    ? "the kernel does not count elements"
    : undefined;
const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

/** A map, and how many elements it is given. */
type Combination = MapSpec & { readonly fill?: number };

/** A value in the place of each field, in every combination. */
function all(
  types: readonly string[],
  keys: readonly number[],
  values: readonly number[],
  maxima: readonly number[],
  flags: readonly number[] = [0],
  fills: readonly number[] = [0],
): Combination[] {
  return types.flatMap((type) =>
    keys.flatMap((key) =>
      values.flatMap((value) =>
        maxima.flatMap((max) =>
          flags.flatMap((flag) =>
            fills.filter((fill) => fill <= max).map((fill) => ({
              ...{ type, key, value, max, fill },
              flags: flag,
            }))
          )
        )
      )
    )
  );
}

const PER_PAGE = [4096, 65_536, 1 << 20];
const COMBINATIONS: readonly Combination[] = [
  ...all(["hash"], [1, 8, 20], [1, 8, 100], [1, 9, 700], [0, 1], [0, 1, 5]),
  ...all(["percpu_hash"], [4, 20], [3, 8, 40], [2, 9, 700], [0, 1], [0, 2]),
  ...all(["lru_hash"], [4, 9], [8, 33], [1, 7, 512], [0, NO_COMMON_LRU], [
    0,
    1,
  ]),
  ...all(["lru_percpu_hash"], [4], [8, 33], [7, 512], [0, NO_COMMON_LRU], [
    0,
    1,
  ]),
  ...all(["array"], [4], [1, 8, 4096], [1, 9, 700], [0, MMAPABLE]),
  ...all(["percpu_array"], [4], [1, 8, 100], [1, 9, 700]),
  ...all(["perf_event_array", "cgroup_array"], [4], [4], [1, 100]),
  ...all(["lpm_trie"], [5, 8, 20], [1, 9], [7, 100], [NO_PREALLOC], [0, 1, 6]),
  ...all(["queue", "stack"], [0], [1, 13, 64], [1, 9, 100], [0], [0, 1, 8]),
  ...all(["stack_trace"], [4], [8, 127 * 8], [1, 9, 100]),
  ...all(["stack_trace"], [4], [64], [9], [STACK_BUILD_ID]),
  ...all(["bloom_filter"], [0], [1, 8], [1, 9, 5000], [0], [0]),
  { type: "bloom_filter", key: 0, value: 4, max: 90, extra: 3n },
  ...all(["ringbuf", "user_ringbuf"], [0], [0], PER_PAGE),
  ...all(["devmap"], [4], [4, 8], [1, 9], [0], [0, 1]),
  ...all(["devmap_hash"], [4], [4, 8], [1, 9], [0], [0, 1]),
  ...all(["cpumap"], [4], [4, 8], [1, 2]),
  ...all(["xskmap", "sockmap"], [4], [4], [1, 100]),
  ...all(["sockhash"], [4, 9], [4, 8], [1, 9, 100]),
  ...all(["reuseport_sockarray"], [4], [4, 8], [1, 100]),
  ...all(["cgroup_storage", "percpu_cgroup_storage"], [16], [8, 33], [0]),
];

/** Everything that is sampled, by id. */
interface Sampled {
  readonly maps: ReadonlyMap<number, MapDescription>;
  readonly entries: ReadonlyMap<number, number>;
  readonly programs: ReadonlyMap<number, ProgramDescription>;
}

function sample(kernel: KernelPort, iterators: Iterators): Sampled {
  const init: CollectInit = { leaveOut: LEAVE_OUT, iterators };
  const [maps] = collectMaps(kernel, init).tables;
  const [programs] = collectPrograms(kernel, init).tables;
  assertEquals(maps.sample().failure, undefined);
  assertEquals(programs.sample().failure, undefined);
  const { ids, count, columns: [entries] } = maps.rows.columns;
  const told = <T extends { id: number }>(descriptions: readonly unknown[]) =>
    new Map((descriptions as T[]).map((one) => [one.id, one]));
  return {
    maps: told(maps.rows.takeBirths()?.descriptions ?? []),
    entries: new Map(
      Array.from({ length: count }, (_, row) => [ids[row], entries[row]]),
    ),
    programs: told(programs.rows.takeBirths()?.descriptions ?? []),
  };
}

function memlockOf({ maps, entries }: Sampled, id: number): number {
  const map = maps.get(id);
  return map ? mapMemlockBytes(map, entries.get(id) ?? NaN) : NaN;
}

/** Gives a map its elements. */
function fill(
  kernel: KernelPort,
  fd: number,
  { type, key, fill = 0 }: Combination,
  value: KernelBuffer,
): void {
  const bytes = kernel.allocate(Math.max(key, 8));
  value.words[0] = type.startsWith("devmap") ? LOOPBACK : 0;
  for (let i = 0; i < fill; i++) {
    if (type === "lpm_trie") {
      bytes.words[0] = 8;
      bytes.bytes[4] = i + 1;
    } else bytes.bytes[0] = i;
    const result = updateElement(
      kernel,
      fd,
      key === 0 ? undefined : bytes,
      value,
    );
    assertEquals(result, 0, `element ${i} of a ${type}`);
  }
}

kernelTest(
  "mapMemlock() of some hundreds of maps is what fdinfo says, and entries are those that they were given",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const value = kernel.allocate(VALUE_BYTES);
    const made = COMBINATIONS.flatMap((combination) => {
      const one = makeMap(workshop, combination);
      if (one === undefined) return [];
      fill(kernel, one.fd, combination, value);
      return [{ ...one, ...combination }];
    });
    using opened = openIterators(kernel, false);
    const { iterators } = opened;
    assert(typeof iterators.memory !== "string", String(iterators.memory));
    assertEquals(iterators.memory.unproven, {});
    assertEquals(iterators.memory.terms.accounting, "usage");
    const sampled = sample(kernel, iterators);
    const wrong = made.flatMap((one) => {
      const ours = memlockOf(sampled, one.id);
      const kernels = accountedBytes(kernel, one.fd);
      return ours === kernels ? [] : [{ ...one, ours, kernels }];
    });
    assertEquals(wrong, []);
    assertGreater(made.length, 300);
    for (const { id, type, fill = 0 } of made) {
      const entries = sampled.entries.get(id) ?? NaN;
      // A cache may drop what it was given.
      if (type.startsWith("lru_")) assert(entries <= fill);
      else if (/hash|trie|queue|stack$|devmap|xskmap/.test(type)) {
        assertEquals(entries, fill, type);
      } else assertEquals(entries, NaN, type);
    }
  },
  noBtf ?? noCounts,
);

kernelTest(
  "collectMaps() tells fewer entries, and less memory, when elements go",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const spec = {
      ...{ type: "hash", key: 4, value: 8, max: 100 },
      ...{ flags: NO_PREALLOC, fill: 3 },
    };
    const map = workshop.need("map", "hash", createMap(workshop, spec));
    fill(kernel, map.fd, spec, kernel.allocate(8));
    using opened = openIterators(kernel, false);
    const [table] = collectMaps(kernel, {
      leaveOut: LEAVE_OUT,
      iterators: opened.iterators,
    }).tables;
    const entries = () => {
      assertEquals(table.sample().failure, undefined);
      const { ids, columns: [column] } = table.rows.columns;
      return column[ids.indexOf(map.id)];
    };
    assertEquals(entries(), 3);
    const births = table.rows.takeBirths()?.descriptions ?? [];
    const told = births.find(({ id }) => id === map.id) as MapDescription;
    const gone = new Attr(kernel, 32).u32(0, map.fd)
      .address(8, bufferOf(kernel, new Uint8Array(4))).call(DELETE_ELEM);
    assertEquals(gone, 0);
    assertEquals(entries(), 2);
    assertEquals(mapMemlockBytes(told, 2), accountedBytes(kernel, map.fd));
  },
  noBtf ?? noCounts,
);

kernelTest(
  "collectors tell of every type of map and program what fdinfo says, by iterators and by the walk",
  () => {
    using workshop = makeEverything();
    const { kernel } = workshop;
    using opened = openIterators(kernel, true);
    const none = "not asked for";
    const { iterators } = opened;
    const walked: Iterators = {
      ...iterators,
      ...{ map: none, program: none, link: none, btf: none, memory: none },
    };
    for (const side of [iterators, walked]) {
      const sampled = sample(kernel, side);
      for (const { kind, id, fd, what } of workshop.made) {
        const kernels = accountedBytes(kernel, fd);
        if (kind === "map") assertEquals(memlockOf(sampled, id), kernels, what);
        if (kind !== "program") continue;
        const program = sampled.programs.get(id);
        assert(program !== undefined, what);
        assertEquals(programMemlockBytes(program), kernels, what);
      }
    }
  },
  noBtf,
);

kernelTest(
  "the sum of memlock over all objects is that of bpftool's bytes_memlock",
  () => {
    using workshop = makeEverything();
    const { kernel } = workshop;
    using opened = openIterators(kernel, false);
    const before = sample(kernel, opened.iterators);
    const theirs = {
      map: readBpftool("map"),
      program: readBpftool("program"),
    };
    const after = sample(kernel, opened.iterators);
    const ours = {
      map: (side: Sampled, id: number) => memlockOf(side, id),
      program: (side: Sampled, id: number) =>
        side.programs.get(id)?.memlockBytes ?? NaN,
    };
    for (const kind of ["map", "program"] as const) {
      const sums = { ours: 0, theirs: 0 };
      let objects = 0;
      for (const [id, row] of theirs[kind]) {
        const [first, last] = [ours[kind](before, id), ours[kind](after, id)];
        // Others' objects come and go, and fill, while bpftool reads.
        if (first !== last) continue;
        objects++;
        sums.ours += first;
        sums.theirs += Number(row.bytes_memlock);
      }
      assertEquals(sums.ours, sums.theirs, `${kind}s`);
      assertGreater(objects, workshop.ids(kind).length - 1);
    }
  },
  noBtf ?? whyNoBpftool(),
);
