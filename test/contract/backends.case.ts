/**
 * Owns the contract of backends: what collectors tell of maps, programs, links and BTF objects, however they read them. In: a name and
 * a way to get a side (a kernel, and what a worker is told at start). Out: registered tests, the same for the fake kernel and the
 * real one, for the walk and for iterators. Other objects may be there; only own ones are looked at.
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  createMap,
  enableRunTimeStats,
  testRunProgram,
} from "../../ffi/bpf.ts";
import { Fd } from "../../ffi/fd.ts";
import { MAP_TYPES } from "../../ffi/names.ts";
import type { KernelPort } from "../../ffi/port.ts";
import type { TableCollector } from "../../workers/collector.ts";
import { collectLinks } from "../../workers/links/collect.ts";
import { collectMaps } from "../../workers/maps/collect.ts";
import { collectPrograms } from "../../workers/programs/collect.ts";
import type { BackendName, CollectInit } from "../../workers/protocol.ts";
import { bpfWords, cString, loadReturnZero } from "../builders.ts";
import type { FakeKernel } from "../fakes/fake_kernel.ts";
import { hasSince } from "../kernel/since.ts";

/** A backend on a kernel. Closing it leaves nothing open. */
export interface Side extends Disposable {
  readonly kernel: KernelPort;
  readonly init: CollectInit;
  /** Where the kernel is the fake one. */
  readonly fake?: FakeKernel;
  /** This kernel has no way to read links by this backend. */
  readonly hasNoLinks?: boolean;
}

const RAW_TRACEPOINT = 17;
const RAW_TRACEPOINT_OPEN = 17;
const PACKET_BYTES = 64;

/** A table, sampled again and again, with all that was ever told of it. */
class Watched {
  readonly #table: TableCollector;
  readonly #told = new Map<number, Record<string, unknown>>();
  #births = 0;

  constructor(table: TableCollector) {
    this.#table = table;
  }

  /** Births of the last sample. */
  get births(): number {
    return this.#births;
  }

  /** Ids in the order of the rows. */
  sample(): number[] {
    const { failure } = this.#table.sample();
    assertEquals(failure, undefined);
    const births = this.#table.rows.takeBirths()?.descriptions ?? [];
    for (const one of births) this.#told.set(one.id, { ...one });
    this.#births = births.length;
    const { ids, count } = this.#table.rows.columns;
    return [...ids.slice(0, count)];
  }

  told(id: number): Record<string, unknown> {
    return this.#told.get(id) ?? {};
  }

  /** A column's value of the last sample. */
  value(id: number, column: number): number {
    const { ids, columns } = this.#table.rows.columns;
    return columns[column][ids.indexOf(id)];
  }

  /** The object that is there now and was not before `make`. */
  born<T>(make: () => T): readonly [id: number, made: T] {
    const before = new Set(this.sample());
    const made = make();
    const ids = this.sample().filter((id) =>
      !before.has(id) && String(this.told(id).name ?? "").startsWith("contract")
    );
    assertEquals(ids.length, 1);
    return [ids[0], made];
  }
}

const maps = ({ kernel, init }: Side) =>
  new Watched(collectMaps(kernel, init).tables[0]);
const programs = ({ kernel, init }: Side, table = 0) =>
  new Watched(collectPrograms(kernel, init).tables[table]);
const links = ({ kernel, init }: Side) =>
  new Watched(collectLinks(kernel, init).tables[0]);

function makeMap(kernel: KernelPort, maxEntries = 3): Fd {
  const type = MAP_TYPES.indexOf("hash");
  return new Fd(
    kernel,
    createMap(kernel, {
      type,
      keyBytes: 4,
      valueBytes: 8,
      maxEntries,
      name: "contract",
    }),
  );
}

function makeProgram(kernel: KernelPort, type?: number): Fd {
  return new Fd(
    kernel,
    loadReturnZero(kernel, {
      name: "contract",
      ...(type === undefined ? {} : { type }),
    }),
  );
}

/** @param skip why there is no such side here */
export function backendContract(
  name: string,
  expected: BackendName,
  open: () => Side,
  skip?: string,
): void {
  if (skip !== undefined) {
    // deno-lint-ignore no-console -- the runner counts this line
    console.log(`SKIP backend contract on ${name}: ${skip}`);
  }
  const register = (behaviour: string, body: (side: Side) => void) =>
    Deno.test({
      name: `${behaviour} (${name})`,
      ignore: skip !== undefined,
      fn() {
        const side = open();
        try {
          body(side);
        } finally {
          side[Symbol.dispose]();
        }
        if (side.fake !== undefined) assertEquals(side.fake.openFds, 0);
      },
    });

  register("every collector has the backend that is under test", (side) => {
    for (const collect of [collectMaps, collectPrograms, collectLinks]) {
      const { backend, backendReason } = collect(side.kernel, side.init);
      assertEquals(backend, expected, backendReason);
    }
  });

  register("a map is found, described once, and gone once it is", (side) => {
    const table = maps(side);
    const [id, map] = table.born(() => makeMap(side.kernel));
    const told = table.told(id);
    assertEquals(
      [told.name, told.type, told.keySizeBytes, told.valueSizeBytes],
      ["contract", "hash", 4, 8],
    );
    assertEquals([told.maxEntries, told.flags, told.btfId], [3, 0, undefined]);
    // Older kernels have no such fields.
    assertEquals([told.mapExtra ?? 0n, told.ifindex ?? 0], [0n, 0]);
    assert(table.sample().includes(id));
    map[Symbol.dispose]();
    assert(!table.sample().includes(id));
  });

  register("a program is described, and its runs counted", (side) => {
    const { kernel } = side;
    const table = programs(side);
    const [id, program] = table.born(() => makeProgram(kernel));
    using fd = program;
    const { type, name: short, xlatedBytes, tag } = table.told(id);
    assertEquals([type, short, xlatedBytes], ["socket_filter", "contract", 16]);
    assertEquals(String(tag).length, 16);
    using _stats = new Fd(kernel, enableRunTimeStats(kernel));
    const packet = kernel.allocate(PACKET_BYTES);
    for (const runs of [5, 12]) {
      const before = table.value(id, 1);
      testRunProgram(kernel, fd.number, packet, PACKET_BYTES, runs);
      assert(table.sample().includes(id));
      assertEquals(table.value(id, 1) - before, runs);
    }
    assertGreater(table.value(id, 0), 0);
    assertEquals(table.value(id, 2), hasSince(kernel, "5.12") ? 0 : NaN);
    fd[Symbol.dispose]();
    assert(!table.sample().includes(id));
  });

  register("a link is described with its program and target", (side) => {
    const { kernel } = side;
    if (side.hasNoLinks === true) {
      const { failure } = collectLinks(kernel, side.init).tables[0].sample();
      return assertEquals(failure?.unsupported, true);
    }
    const known = programs(side);
    const [programId, program] = known.born(() =>
      makeProgram(kernel, RAW_TRACEPOINT)
    );
    using fd = program;
    const table = links(side);
    const before = new Set(table.sample());
    const target = cString(kernel, "sys_enter");
    const link = new Fd(
      kernel,
      bpfWords(kernel, RAW_TRACEPOINT_OPEN, [
        target.addressLow,
        target.addressHigh,
        fd.number,
      ]),
    );
    const id = table.sample().find((one) =>
      !before.has(one) && table.told(one).programId === programId
    );
    assert(id !== undefined, "the link is not there");
    const { type, target: told, detached } = table.told(id);
    assertEquals([type, told, detached], [
      "raw_tracepoint",
      "sys_enter",
      undefined,
    ]);
    link[Symbol.dispose]();
    assert(!table.sample().includes(id));
  });

  register("BTF objects have the kernel's among them", (side) => {
    const table = programs(side, 1);
    const kernels = table.sample().map((id) => table.told(id))
      .filter((one) => one.name === "vmlinux");
    // Before 5.11 it has no id.
    if (!hasSince(side.kernel, "5.11")) return assertEquals(kernels, []);
    assertEquals(kernels.length, 1);
    assertEquals(kernels[0].kernel, true);
    assertGreater(Number(kernels[0].sizeBytes), 0);
  });

  register(
    "rows ascend, each object once, while others come and go",
    (side) => {
      const table = maps(side);
      const made = Array.from({ length: 40 }, () => makeMap(side.kernel));
      try {
        for (let i = 0; i < made.length; i += 3) {
          const ids = table.sample();
          assertEquals(ids, [...new Set(ids)].sort((a, b) => a - b));
          made[i][Symbol.dispose]();
        }
      } finally {
        for (const map of made) map[Symbol.dispose]();
      }
    },
  );

  register("nothing is told twice while nothing changes", (side) => {
    using _map = makeMap(side.kernel);
    const table = maps(side);
    const first = table.sample();
    const again = new Set(table.sample());
    // Maps of others may come, and no own one is told again.
    assert(first.length > 0 && table.births <= again.size);
    if (side.fake !== undefined) assertEquals(table.births, 0);
  });

  register("an object that is left out has no row", (side) => {
    const [id, map] = maps(side).born(() => makeMap(side.kernel));
    using _map = map;
    const leaveOut = { ...side.init.leaveOut, map: [id] };
    const table = maps({ ...side, init: { ...side.init, leaveOut } });
    assert(!table.sample().includes(id));
  });

  // Kernels hand ids out in a cycle that no test lives through.
  register("a later object with the same id is another one", (side) => {
    const { fake } = side;
    if (fake === undefined) return;
    const [map, program] = [maps(side), programs(side)];
    fake.addMap({ id: 70, maxEntries: 1 });
    fake.addProgram({ id: 71, loadTimeNs: 1 });
    map.sample();
    program.sample();
    const before = [map.told(70).identity, program.told(71).identity];
    fake.remove("map", 70);
    fake.remove("program", 71);
    fake.addMap({ id: 70, maxEntries: 2 });
    fake.addProgram({ id: 71, loadTimeNs: 2 });
    map.sample();
    program.sample();
    assertEquals([map.births, program.births], [1, 1]);
    assert(map.told(70).identity !== before[0]);
    assert(program.told(71).identity !== before[1]);
    assertEquals(map.told(70).maxEntries, 2);
  });

  register(
    "an object that vanishes within a pass leaves the others",
    (side) => {
      const { fake } = side;
      if (fake === undefined) return;
      for (const id of [80, 81, 82]) fake.addMap({ id });
      fake.vanishAfterList("map", 81);
      const ids = maps(side).sample().filter((id) => id >= 80 && id <= 82);
      assertEquals(ids, [80, 82]);
    },
  );
}
