import { assert, assertEquals, assertGreater } from "@std/assert";
import { setImmediate } from "node:timers";
import { catalog } from "../../../../src/metrics/catalog.ts";
import type { Format } from "../../../../src/metrics/exposition.ts";
import {
  aLink,
  aMap,
  aProgram,
  aSnapshot,
  aState,
  someFacts,
  stillClock,
} from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf, sampleLines } from "./pages.ts";

const formats: readonly Format[] = ["prometheus", "openmetrics"];

const node = aState(aSnapshot({
  map: { descriptions: [aMap({ id: 12, name: "conns" })] },
  program: {
    descriptions: [aProgram({ id: 7 }), aProgram({ id: 8 })],
    columns: { runTimeNs: [100, NaN], runCount: [5, NaN], cpuRatio: [0.5] },
  },
  link: { descriptions: [aLink()] },
}));

Deno.test("render() writes one series for each object of a family", async () => {
  const page = await pageOf(anExposition({ state: node }));
  assertEquals(linesOf(page, "odigos_ebpf_map_memory_bytes"), [
    'odigos_ebpf_map_memory_bytes{map_id="12",map_name="conns",map_type="hash"} 12288',
  ]);
  assertEquals(linesOf(page, "odigos_ebpf_program_instructions").length, 2);
  assertEquals(linesOf(page, "odigos_ebpf_link_info").length, 1);
});

Deno.test("render() leaves out a series whose value is absent", async () => {
  const page = await pageOf(anExposition({ state: node }));
  assertEquals(linesOf(page, "odigos_ebpf_program_runtime_ns_total"), [
    'odigos_ebpf_program_runtime_ns_total{prog_id="7",prog_name="on_switch",prog_type="raw_tracepoint"} 100',
  ]);
});

Deno.test("render() leaves out a family without samples whole, in both formats", async () => {
  for (const format of formats) {
    const page = await pageOf(anExposition({ state: node }), format);
    assertEquals(/^# .*(recursion_misses|sample_duration)/m.test(page), false);
    assertFamiliesHaveSamples(page);
  }
});

Deno.test("render() has nothing of objects while their tables are starting or unavailable", async () => {
  for (const status of ["starting", "unavailable"] as const) {
    const table = { status };
    const state = aState(
      aSnapshot({ map: table, program: table, link: table, btf: table }),
    );
    const page = await pageOf(anExposition({ state }));
    const families = [
      ...new Set(sampleLines(page).map((line) => line.split(/[{ ]/)[0])),
    ];
    assertEquals(
      families.filter((name) => !/_collector_|_agent_|^process_/.test(name)),
      ["odigos_ebpf_stats_enabled", "odigos_ebpf_stats_coverage_ratio"],
    );
  }
});

Deno.test("render() leaves out what statistics give where they are known to be off everywhere", async () => {
  const kept = { agent: false, sysctl: false, other: false };
  const shown = async (runStats: typeof kept): Promise<boolean> => {
    const facts = someFacts({ runStats });
    const page = await pageOf(anExposition({ state: node, facts }));
    assert(page.includes("odigos_ebpf_program_memory_bytes"));
    const names = ["runtime_ns_total", "runs_total", "cpu_ratio"]
      .map((name) => linesOf(page, `odigos_ebpf_program_${name}`).length);
    assertEquals(new Set(names).size, 1);
    return names[0] > 0;
  };
  assertEquals(await shown(kept), false);
  assertEquals(await shown({ ...kept, agent: true }), true);
  assertEquals(await shown({ ...kept, sysctl: true }), true);
  assertEquals(await shown({ ...kept, other: true }), true);
});

Deno.test("render() leaves out totals, resource usage and process metrics without systemStats", async () => {
  const page = await pageOf(anExposition({ state: node, systemStats: false }));
  assertEquals(/total_memory|resource_usage|process_/.test(page), false);
  assertEquals(linesOf(page, "odigos_ebpf_objects_total").length, 4);
});

Deno.test("render() narrows a page to the groups that it is given", async () => {
  const exposition = anExposition({ state: node });
  const groups = new Set(["links", "limits"]);
  const page = await pageOf(exposition, "prometheus", groups);
  const families = new Set(
    sampleLines(page).map((line) => line.split(/[{ ]/)[0]),
  );
  assertEquals(
    [...families],
    catalog.filter(({ group }) => groups.has(group)).map(({ name }) => name),
  );
  assertEquals(await pageOf(exposition, "openmetrics", new Set()), "# EOF\n");
});

Deno.test("render() counts objects beyond --max-series under other, where there is such a number", async () => {
  const state = aState(aSnapshot({
    program: {
      descriptions: [1, 2, 3].map((id) => aProgram({ id })),
      columns: {
        runTimeNs: [1, 2, 3],
        cpuRatio: [0.1, 0.2, 0.3],
      },
      ownSeries: [0, 1, 0],
      rest: { runTimeNs: 40 },
    },
  }));
  const page = await pageOf(anExposition({ state }));
  const other = 'prog_id="other",prog_name="other",prog_type="other"';
  const own = 'prog_id="2",prog_name="on_switch",prog_type="raw_tracepoint"';
  const name = "odigos_ebpf_program_";
  assertEquals(linesOf(page, `${name}memory_bytes`), [
    `${name}memory_bytes{${own}} 200`,
    `${name}memory_bytes{${other}} 400`,
  ]);
  assertEquals(linesOf(page, `${name}runtime_ns_total`), [
    `${name}runtime_ns_total{${own}} 2`,
    `${name}runtime_ns_total{${other}} 40`,
  ]);
  assertEquals(linesOf(page, `${name}cpu_ratio`), [
    `${name}cpu_ratio{${own}} 0.2`,
  ]);
  assertEquals(linesOf(page, `${name}info`).length, 1);
});

Deno.test("render() heads a family of which only other is left", async () => {
  const state = aState(aSnapshot({ program: { rest: { runTimeNs: 40 } } }));
  const page = await pageOf(anExposition({ state }));
  assertFamiliesHaveSamples(page);
  assertEquals(
    linesOf(page, "odigos_ebpf_program_runtime_ns_total").length,
    1,
  );
});

Deno.test("render() ends OpenMetrics with # EOF, and Prometheus text with a newline", async () => {
  const exposition = anExposition({ state: node });
  const page = await pageOf(exposition, "openmetrics");
  assert(page.endsWith("\n# EOF\n"));
  assertEquals(page.split("# EOF").length, 2);
  assert((await pageOf(exposition)).endsWith("\n"));
  assertEquals((await pageOf(exposition)).includes("# EOF"), false);
});

Deno.test("render() gives the event loop turns, between which the page stays of one instant", async () => {
  const rows = Array.from({ length: 5_000 }, (_, row) => row + 1);
  const snapshotOf = (size: number) =>
    aSnapshot({
      map: { descriptions: rows.slice(0, size).map((id) => aMap({ id })) },
    });
  let snapshot = snapshotOf(5_000);
  const state = { freeze: () => snapshot };
  // Every look at the clock finds it 1 ms later: a slice is at most two looks, of 256 rows each.
  const exposition = anExposition({ state, clock: stillClock(1) });
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns++;
    snapshot = snapshotOf(1);
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const page = await pageOf(exposition);
  done = true;
  assertGreater(turns, 5_000 * 3 / (2 * 256) - 1);
  for (const name of ["info", "memory_bytes", "max_entries"]) {
    assertEquals(linesOf(page, `odigos_ebpf_map_${name}`).length, 5_000);
  }
});

Deno.test("stream() gives the same bytes as render(), in chunks that stand until the next", async () => {
  const descriptions = Array.from(
    { length: 3_000 },
    (_, row) => aMap({ id: row }),
  );
  const exposition = anExposition({
    state: aState(aSnapshot({ map: { descriptions } })),
  });
  let chunks = 0;
  let text = "";
  for await (const chunk of exposition.stream("openmetrics")) {
    chunks++;
    text += new TextDecoder().decode(chunk);
  }
  assertGreater(chunks, 3);
  assertEquals(text, await pageOf(exposition, "openmetrics"));
});

Deno.test("stream() stops working when its reader goes away", async () => {
  const descriptions = Array.from(
    { length: 3_000 },
    (_, row) => aMap({ id: row }),
  );
  let looks = 0;
  const clock = {
    ...stillClock(),
    monotonicMs: () => {
      looks++;
      return 0;
    },
  };
  const exposition = anExposition({
    state: aState(aSnapshot({ map: { descriptions } })),
    clock,
  });
  for await (const _ of exposition.stream("prometheus")) break;
  const after = looks;
  await new Promise<void>((resolve) => setImmediate(() => resolve()));
  assertEquals(looks, after);
});

Deno.test("pages made at the same time do not mix", async () => {
  const exposition = anExposition({ state: node, clock: stillClock(3) });
  const [one, two, three] = await Promise.all([
    pageOf(exposition),
    pageOf(exposition, "openmetrics"),
    pageOf(exposition),
  ]);
  assertEquals(one, three);
  assertEquals(sampleLines(one), sampleLines(two));
});

/** Each family once, its lines together, at least one sample after what is above them. */
function assertFamiliesHaveSamples(page: string): void {
  const families = page.matchAll(/^# TYPE (\S+) /gm);
  const names = [...families].map(([, name]) => name);
  assertEquals(names.length, new Set(names).size);
  const withoutSamples = page.match(
    /^# (?:HELP|TYPE) .*\n(?:# UNIT .*\n)?# (?:HELP|TYPE) .*\n(?=#|$)/gm,
  );
  assertEquals(withoutSamples, null);
}
