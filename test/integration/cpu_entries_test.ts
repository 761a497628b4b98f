/**
 * Entries by CPU, beside what a thread did on each CPU: it adds and deletes while it is kept on one, so that the truth of each is known.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createMap, MAP_TYPES, updateElement } from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { CpuEntriesCollector } from "../../workers/maps/cpu_entries.ts";
import { Agent, runAgent } from "../agent.ts";
import { bpfWords } from "../builders.ts";
import { allowedCpus, OnCpu } from "../kernel/affinity.ts";
import { kernelBtf } from "../kernel/btf.ts";
import type { Page } from "../kernel/page.ts";
import { isSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";

const CPU_ENTRIES = "odigos_ebpf_map_cpu_entries";
const ENTRIES = "odigos_ebpf_map_entries";
const DELETE_ELEM = 3;
const NO_PREALLOC = 1;

const HAS_COUNTERS = isSince(Deno.osRelease(), "6.6");
const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

const MOST_ENTRIES = 5_000;

function hashMap(workshop: Workshop, type: string, flags = 0): Made {
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
function fill(
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

/** By CPU, but those that counted nothing. */
function toldOf(page: Page, { id }: Made): Map<number, number> {
  return new Map(
    page.samples(CPU_ENTRIES)
      .filter(({ labels, value }) => labels.map_id === `${id}` && value !== 0)
      .map(({ labels, value }) => [Number(labels.cpu), value]),
  );
}

const MADE = [
  ["hash", 0],
  ["hash", NO_PREALLOC],
  ["percpu_hash", 0],
  ["lru_hash", 0],
] as const;

kernelTest(
  "CpuEntriesCollector tells what each CPU counted of every kind of hash map, or why this kernel cannot",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const truths = new Map(MADE.map(([type, flags]) => {
      const map = hashMap(workshop, type, flags);
      return [map.id, fill(workshop, map)];
    }));
    using opened = openIterators(kernel, false, { mapCpuEntries: true });
    const { cpuEntries = "" } = opened.iterators;
    const collector = new CpuEntriesCollector(kernel, cpuEntries, [], 500);
    const message = collector.run()?.message;
    assert(message?.kind === "cpu_entries");
    const { rows, cpus, reason } = message.pass;
    if (!HAS_COUNTERS) {
      assertMatch(`${reason}`, /elem_count|iterator/);
      return assertEquals(rows.length, 0);
    }
    assertEquals(reason, undefined);
    const told = new Map<number, Map<number, number>>();
    for (let at = 0; at < rows.length; at += 1 + cpus) {
      const counts = [...rows.subarray(at + 1, at + 1 + cpus)].entries();
      if (truths.has(rows[at])) {
        told.set(rows[at], new Map(counts.filter(([, count]) => count !== 0)));
      }
    }
    assertEquals(told, truths);
  },
  noBtf,
);

kernelTest(
  "agent --map-cpu-entries tells what each CPU counted of every kind of hash map, and all together are its entries",
  async () => {
    using workshop = new Workshop();
    const made = MADE.map(([type, flags]) => {
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
  HAS_COUNTERS ? undefined : "this kernel counts no entries by CPU",
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
  HAS_COUNTERS ? undefined : "this kernel counts no entries by CPU",
);
