/**
 * The whole agent beside maps of which it is known what each CPU counted of their entries: with --map-cpu-entries and without.
 */
import { assert, assertEquals } from "@std/assert";
import { Agent, runAgent } from "../agent.ts";
import { allowedCpus } from "../kernel/affinity.ts";
import { kernelBtf } from "../kernel/btf.ts";
import {
  COUNTED_MAPS,
  fill,
  HAS_CPU_ENTRIES,
  hashMap,
  MOST_ENTRIES,
} from "../kernel/cpu_entries.ts";
import type { Page } from "../kernel/page.ts";
import { kernelTest } from "../kernel/skip.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";

const CPU_ENTRIES = "odigos_ebpf_map_cpu_entries";
const ENTRIES = "odigos_ebpf_map_entries";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;
const noCounters = HAS_CPU_ENTRIES
  ? undefined
  : "this kernel counts no entries by CPU";

/** By CPU, but those that counted nothing. */
function toldOf(page: Page, { id }: Made): Map<number, number> {
  return new Map(
    page.samples(CPU_ENTRIES)
      .filter(({ labels, value }) => labels.map_id === `${id}` && value !== 0)
      .map(({ labels, value }) => [Number(labels.cpu), value]),
  );
}

kernelTest(
  "agent --map-cpu-entries tells what each CPU counted of every kind of hash map, and all together are its entries",
  async () => {
    using workshop = new Workshop();
    const made = COUNTED_MAPS.map(([type, flags]) => {
      const map = hashMap(workshop, type, flags);
      return [map, fill(workshop, map)] as const;
    });
    await using agent = await Agent.start([
      ...["--interval", "100ms", "--map-cpu-entries"],
    ]);
    await agent.ready();
    for (const [map, truth] of made) {
      let page = await agent.page();
      await agent.eventually("page with entries by CPU", async () => {
        page = await agent.page();
        return toldOf(page, map).size > 0;
      });
      assertEquals(toldOf(page, map), truth);
      const sum = truth.values().reduce((all, count) => all + count, 0);
      assertEquals(page.value(ENTRIES, { map_id: `${map.id}` }), sum);
    }
    const [[map, truth]] = made;
    assert([...truth.values()].some((count) => count < 0) || truth.size < 2);
    // What is told follows, and goes with the map.
    workshop[Symbol.dispose]();
    await agent.eventually("page without the map", async () => {
      const page = await agent.page();
      return toldOf(page, map).size === 0 &&
        page.value(ENTRIES, { map_id: `${map.id}` }) === undefined;
    });
    assertEquals(agent.complaints, []);
  },
  noBtf,
  noCounters,
);

kernelTest(
  "agent tells no entries by CPU unless it is asked to, and says why it cannot where it walks",
  async () => {
    using workshop = new Workshop();
    fill(workshop, hashMap(workshop, "hash"));
    await using agent = await Agent.start(["--interval", "100ms"]);
    await agent.ready();
    assertEquals((await agent.page()).samples(CPU_ENTRIES), []);
    await using walking = await Agent.start([
      ...["--backend", "walk", "--map-cpu-entries"],
    ]);
    await walking.ready();
    const page = await walking.page();
    assertEquals(page.samples(CPU_ENTRIES), []);
    const { stdout } = await runAgent([
      ...["check", "--format", "json"],
      ...["--backend", "walk", "--map-cpu-entries"],
    ]);
    const { checks } = JSON.parse(stdout);
    const row = checks.find((one: { name: string }) =>
      one.name === "map-cpu-entries"
    );
    assertEquals(
      [row.ok, row.reason],
      [false, "the walk reads no CPU's counters"],
    );
  },
);

kernelTest(
  "agent --map-cpu-entries --max-series keeps the maps with most entries, and all of their CPUs",
  async () => {
    using workshop = new Workshop();
    for (const some of [1, 2]) fill(workshop, hashMap(workshop, "hash"), some);
    const map = hashMap(workshop, "hash");
    const cpus = allowedCpus().length;
    const truth = fill(workshop, map, Math.floor(MOST_ENTRIES / cpus / 2));
    await using agent = await Agent.start([
      ...["--interval", "100ms", "--map-cpu-entries"],
      ...["--max-series", `${2 * cpus}`],
    ]);
    await agent.ready();
    let page = await agent.page();
    await agent.eventually("page with entries by CPU", async () => {
      page = await agent.page();
      return page.samples(CPU_ENTRIES).length > 0;
    });
    const own = page.samples(CPU_ENTRIES)
      .filter(({ labels }) => labels.map_id !== "other");
    assert(own.length <= 2 * cpus, `${own.length} series`);
    assertEquals(toldOf(page, map), truth);
    const family = { family: CPU_ENTRIES };
    const dropped = page.value("odigos_ebpf_collector_dropped_series", family);
    assertEquals(
      (dropped ?? 0) > 0,
      page.value(CPU_ENTRIES, { map_id: "other", cpu: "other" }) !== undefined,
    );
    assert((dropped ?? 0) > 0, "nothing was left out");
  },
  noBtf,
  noCounters,
);
