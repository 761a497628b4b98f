import { assertEquals } from "@std/assert";
import {
  aBtf,
  aLink,
  aMap,
  aProgram,
  aSnapshot,
  aState,
  someFacts,
} from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf, sampleLines } from "./pages.ts";

Deno.test("objects_total, created and destroyed leave out tables that are not known", async () => {
  const state = aState(aSnapshot({
    map: { descriptions: [aMap({ id: 1 }), aMap({ id: 2 })], created: 5 },
    program: { status: "unavailable", reason: "EPERM" },
    link: { status: "starting" },
    btf: { status: "stale", descriptions: [aBtf()], destroyed: 4 },
  }));
  const page = await pageOf(
    anExposition({ state }),
    "prometheus",
    new Set(["objects"]),
  );
  assertEquals(sampleLines(page), [
    'odigos_ebpf_objects_total{type="map"} 2',
    'odigos_ebpf_objects_total{type="btf"} 1',
    'odigos_ebpf_objects_created_total{type="map"} 5',
    'odigos_ebpf_objects_created_total{type="btf"} 0',
    'odigos_ebpf_objects_destroyed_total{type="map"} 0',
    'odigos_ebpf_objects_destroyed_total{type="btf"} 4',
  ]);
});

Deno.test("total_memory_bytes sums both formulas, rows without series of their own included", async () => {
  const state = aState(aSnapshot({
    map: { descriptions: [aMap(), aMap({ id: 2 })], ownSeries: [1, 0] },
    program: { descriptions: [aProgram()] },
  }));
  assertEquals(
    linesOf(await pageOf(anExposition({ state })), TOTAL_MEMORY),
    [`${TOTAL_MEMORY} ${2 * 12 * 1024 + 200}`],
  );
});

Deno.test("total_memory_bytes is absent while one of its tables is not known", async () => {
  for (const table of ["map", "program"] as const) {
    const state = aState(aSnapshot({ [table]: { status: "starting" } }));
    const page = await pageOf(anExposition({ state }));
    assertEquals(page.includes(TOTAL_MEMORY), false, table);
  }
});

Deno.test("system_resource_usage_percent counts JITed bytes of the kernel's limit, objects of the configured ones", async () => {
  const state = aState(aSnapshot({
    map: { descriptions: [aMap()] },
    program: { descriptions: [aProgram({ jitedBytes: 5_000 })] },
    link: { descriptions: [aLink(), aLink({ id: 2 })] },
  }));
  const limits = { maps: 10, programs: 4, links: 1 };
  assertEquals(
    linesOf(await pageOf(anExposition({ state, limits })), USAGE),
    [
      `${USAGE}{resource="jit"} 0.5`,
      `${USAGE}{resource="maps"} 10`,
      `${USAGE}{resource="programs"} 25`,
      `${USAGE}{resource="links"} 200`,
    ],
  );
});

Deno.test("system_resource_usage_percent leaves out what has no known limit or table", async () => {
  const { jitLimitBytes: _, memoryBytes: __, ...facts } = someFacts();
  const state = aState(aSnapshot({ link: { status: "unavailable" } }));
  assertEquals(
    linesOf(await pageOf(anExposition({ state, facts })), USAGE),
    [`${USAGE}{resource="maps"} 0`, `${USAGE}{resource="programs"} 0`],
  );
});

Deno.test("total_memlock_bytes sums what is known of each type, and is absent where nothing is", async () => {
  const state = aState(aSnapshot({
    map: {
      descriptions: [
        aMap({ memlock: { fixedBytes: 100, entryBytes: 10 } }),
        aMap({ id: 2, memlock: { fixedBytes: 7, entryBytes: 0 } }),
        aMap({ id: 3, memlock: { fixedBytes: 1000, entryBytes: 1 } }),
        aMap({ id: 4 }),
      ],
      // Of the third, how many it has is not known.
      columns: { entries: [3, NaN, NaN, 5] },
    },
    program: { descriptions: [aProgram()] },
  }));
  assertEquals(
    linesOf(await pageOf(anExposition({ state })), TOTAL_MEMLOCK),
    [`${TOTAL_MEMLOCK}{type="map"} 137`],
  );
});

Deno.test("system_resource_usage_percent tells memlock of all memory, and the fullest map", async () => {
  const facts = someFacts({ memoryBytes: 10_000 });
  const state = aState(aSnapshot({
    map: {
      descriptions: [
        aMap({ maxEntries: 8, memlock: { fixedBytes: 90, entryBytes: 5 } }),
        aMap({ id: 2, maxEntries: 1000 }),
        // Nothing can be put into it.
        aMap({ id: 3, maxEntries: 0 }),
      ],
      columns: { entries: [2, 200, 0] },
    },
    program: { descriptions: [aProgram({ memlockBytes: 100 })] },
  }));
  const lines = linesOf(await pageOf(anExposition({ state, facts })), USAGE);
  assertEquals(
    lines.filter((line) => /memory|entries/.test(line)),
    [
      `${USAGE}{resource="memory"} 2`,
      `${USAGE}{resource="map_entries"} 25`,
    ],
  );
});

const TOTAL_MEMORY = "odigos_ebpf_total_memory_bytes";
const TOTAL_MEMLOCK = "odigos_ebpf_total_memlock_bytes";
const USAGE = "odigos_ebpf_system_resource_usage_percent";
