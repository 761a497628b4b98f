/**
 * Entries by CPU, beside what a thread did on each CPU: on this machine's CPUs, and by the loop that is taken where there are many.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  Btf,
  CALIBRATION_STRUCTS,
  closeIterator,
  MAP_TICK,
  openCpuEntries,
  openLibc,
  perCpuBases,
  PerCpuTable,
  PinPlace,
  PROGRAM_TICK,
  readBtf,
  structsOf,
} from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { CpuEntriesCollector } from "../../workers/maps/cpu_entries.ts";
import { kernelBtf } from "../kernel/btf.ts";
import {
  COUNTED_MAPS,
  fill,
  HAS_CPU_ENTRIES,
  hashMap,
} from "../kernel/cpu_entries.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;
const noCounters = HAS_CPU_ENTRIES
  ? undefined
  : "this kernel counts no entries by CPU";

kernelTest(
  "CpuEntriesCollector tells what each CPU counted of every kind of hash map, or why this kernel cannot",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const truths = new Map(COUNTED_MAPS.map(([type, flags]) => {
      const map = hashMap(workshop, type, flags);
      return [map.id, fill(workshop, map)];
    }));
    using opened = openIterators(kernel, false, { mapCpuEntries: true });
    const { cpuEntries = "" } = opened.iterators;
    const collector = new CpuEntriesCollector(kernel, cpuEntries, [], 500);
    const message = collector.run()?.message;
    assert(message?.kind === "cpu_entries");
    const { rows, cpus, reason } = message.pass;
    if (!HAS_CPU_ENTRIES) {
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
  "openCpuEntries() loops over hundreds of CPUs as it goes over a few",
  () => {
    using workshop = new Workshop();
    const kernel = openLibc();
    const map = hashMap(workshop, "hash");
    const truth = fill(workshop, map);
    const bytes = readBtf(kernel);
    assert(typeof bytes !== "number");
    using btf = Btf.scan(bytes, {
      structs: [
        ...[MAP_TICK, PROGRAM_TICK].flatMap(structsOf),
        ...CALIBRATION_STRUCTS,
      ],
      functions: [
        "bpf_iter_bpf_map",
        "bpf_rdonly_cast",
        "bpf_map_sum_elem_count",
      ],
    });
    const here = perCpuBases(kernel, btf);
    assert(typeof here !== "string", String(here));
    for (const times of [1, 100]) {
      const bases = Array.from({ length: times }, () => here).flat();
      using perCpu = new PerCpuTable(kernel, bases, 0);
      assert(perCpu.mapFd !== undefined);
      using pins = new PinPlace(kernel);
      const opened = openCpuEntries(kernel, btf, perCpu, pins);
      assert(typeof opened !== "string", String(opened));
      const collector = new CpuEntriesCollector(kernel, opened, [], 500);
      const message = collector.run()?.message;
      closeIterator(kernel, opened);
      assert(message?.kind === "cpu_entries");
      const { rows } = message.pass;
      const width = 1 + bases.length;
      const at = rows.findIndex((id, i) => i % width === 0 && id === map.id);
      assertEquals(
        [...rows.subarray(at + 1, at + width)],
        bases.map((_, i) => truth.get(i % here.length) ?? 0),
      );
    }
  },
  noBtf,
  noCounters,
);
