/**
 * Whatever objects are called and whatever their numbers are, a page is read back as what was meant, by parsers that are
 * not ours. Needs Python with prometheus_client (Debian: python3-prometheus-client); without it these tests are skipped.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineProcess } from "../../bench/line_process.ts";
import type { Exposition, Format } from "../../src/metrics/exposition.ts";
import { cleaned } from "../../src/metrics/labels.ts";
import { buffersOf } from "../../src/state/buffer_readings.ts";
import type { NodeSnapshot } from "../../src/state/node_state.ts";
import { aBuffersPass, withBuffers } from "../buffer_builders.ts";
import { aLink, aMap, aProgram, aSnapshot, aState } from "../state_builders.ts";
import { anExposition, pageOf } from "../unit/src/metrics/pages.ts";

interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

interface Parsed {
  readonly families: readonly {
    readonly name: string;
    readonly type: string;
    readonly samples: readonly ParsedSample[];
  }[];
  readonly error?: string;
}

const FORMATS: readonly Format[] = ["prometheus", "openmetrics"];

/** A Python that has the parsers: Debian's own may stand behind another one in the path. */
function findPython(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => {
    try {
      return new Deno.Command(python, {
        args: ["-c", "import prometheus_client.openmetrics.parser"],
        stderr: "null",
      }).outputSync().success;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

const python = findPython();
if (python === undefined) {
  // deno-lint-ignore no-console -- a skipped test says why
  console.log(
    "SKIP exposition_test.ts: no Python with prometheus_client (apt-get install python3-prometheus-client)",
  );
}

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 15 }),
  fc.array(
    // deno-fmt-ignore -- one kind of trouble a line
    fc.constantFrom(
      '"', "\\", "\\n", "\n", "\r", ",", "{", "}", "=", "#", " ", "# EOF", '",map_id="1',
      "\0", "\t", "\x7f", "\x85", "\u2028", "\u202e", "\ud800", "\udc00", "\uFEFF",
      "é", "😀", "a", "other",
    ),
    { maxLength: 8 },
  ).map((parts) => parts.join("")),
);

const number = fc.oneof(
  fc.constantFrom(NaN, 0, 1, 2 ** 53, 2 ** 53 + 2, 2 ** 64, 1e20, 1e21, 5e-324),
  fc.double({ min: 0, noDefaultInfinity: true }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(Number),
);

const U32_MAX = 2 ** 32 - 1;
const u32 = fc.nat(U32_MAX);
/** In one of three programs, a shared name: objects of one name are common. */
const name = fc.oneof(hostile, hostile, fc.constant("twin"));
const ids = fc.uniqueArray(u32, { maxLength: 6 }).map((all) =>
  all.toSorted((a, b) => a - b)
);

function table<T>(
  describe: (id: number) => fc.Arbitrary<T>,
): fc.Arbitrary<{ descriptions: T[]; ownSeries: number[] }> {
  return ids.chain((all) =>
    fc.record({
      descriptions: fc.tuple(...all.map(describe)),
      ownSeries: fc.array(fc.constantFrom(0, 1, 1), {
        minLength: all.length,
        maxLength: all.length,
      }),
    })
  );
}

const columns = fc.record({
  runTimeNs: fc.array(number),
  runCount: fc.array(number),
  recursionMisses: fc.array(number),
  cpuRatio: fc.array(number),
  cpuRatioMax: fc.array(number),
});
const known = number.filter((value) => !Number.isNaN(value));

const snapshots: fc.Arbitrary<NodeSnapshot> = fc.record({
  map: table((id) =>
    fc.record({
      name,
      maxEntries: u32,
      keySizeBytes: u32,
      valueSizeBytes: u32,
      type: fc.constantFrom("hash", "ringbuf", "perf_event_array"),
    })
      .map((given) => aMap({ id, ...given }))
  ),
  program: fc.tuple(
    table((id) =>
      fc.record({ name, fullName: name, jitedBytes: u32, xlatedBytes: u32 })
        .map((given) => aProgram({ id, ...given }))
    ),
    columns,
    fc.record({ runTimeNs: known, runCount: known }),
  ).map(([rows, columns, rest]) => ({ ...rows, columns, rest })),
  link: table((id) =>
    fc.record({ target: name }).map((given) => aLink({ id, ...given }))
  ),
}).chain((tables) => withNumbers(aSnapshot(tables)));

/** Every map of the right type has buffers, of which some have no series of their own. */
function withNumbers(snapshot: NodeSnapshot): fc.Arbitrary<NodeSnapshot> {
  const { descriptions } = snapshot.tables.map;
  const of = (given: string) =>
    descriptions.filter(({ type }) => type === given);
  const counters = fc.record({
    writtenBytes: number,
    pendingBytes: number,
    events: number,
    samples: number,
    lostSamples: number,
    lossEpisodes: number,
    coverage: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  return fc.tuple(fc.infiniteStream(counters), fc.nat(4)).map(
    ([numbers, maxSeries]) => {
      const rings = of("ringbuf").map(({ id: mapId }) => ({
        mapId,
        ...numbers.next().value,
      }));
      const perf = of("perf_event_array").flatMap(({ id: mapId }) =>
        [0, 3].map((cpu) => ({ mapId, cpu, ...numbers.next().value }))
      );
      const passes = [1_000, 2_000].map((takenAtMs) =>
        aBuffersPass({ takenAtMs, rings, perf })
      );
      return withBuffers(snapshot, passes, maxSeries);
    },
  );
}

/** A page read back, its samples by name. */
class ReadPage {
  readonly samples: readonly ParsedSample[];

  constructor(readonly families: Parsed["families"]) {
    this.samples = families.flatMap(({ samples }) => samples);
  }

  of(name: string): readonly ParsedSample[] {
    return this.samples.filter((sample) => sample.name === name);
  }
}

async function parse(
  parser: LineProcess,
  exposition: Exposition,
  format: Format,
): Promise<ReadPage> {
  const page = await pageOf(exposition, format);
  const { families, error }: Parsed = JSON.parse(
    await parser.ask(JSON.stringify({ format, page })),
  );
  assertEquals(error, undefined, page);
  return new ReadPage(families);
}

/** Samples in an order of their own, so that two writers can be compared. */
function sorted(samples: readonly ParsedSample[]): string[] {
  return samples.map(({ name, labels, value }) =>
    JSON.stringify([name, Object.entries(labels).sort(), Number(value)])
  ).sort();
}

/** What prom-client collects, as parsed samples. */
async function collected(exposition: Exposition): Promise<ParsedSample[]> {
  const metrics = await exposition.registry.getMetricsAsJSON();
  return metrics.flatMap(({ name, values }) =>
    values.map((sample) => ({
      name: "metricName" in sample ? String(sample.metricName) : name,
      labels: Object.fromEntries(
        Object.entries(sample.labels).map(([key, value]) => [key, `${value}`]),
      ),
      value: `${sample.value}`,
    }))
  );
}

function assertObjects(page: ReadPage, snapshot: NodeSnapshot): void {
  const { map, program, link } = snapshot.tables;
  const maps = page.of("odigos_ebpf_map_memory_bytes");
  map.descriptions.forEach((given, row) => {
    if (map.ownSeries[row] === 0) return;
    const labels = {
      map_id: `${given.id}`,
      map_name: cleaned(given.name),
      map_type: given.type,
    };
    const found = maps.filter(({ labels }) => labels.map_id === `${given.id}`);
    assertEquals(found.map(({ labels }) => labels), [labels]);
    assertEquals(
      Number(found[0].value),
      (given.keySizeBytes + given.valueSizeBytes) * given.maxEntries,
    );
  });
  const events = page.of("odigos_ebpf_ring_buffer_events_total");
  for (const ring of buffersOf(snapshot).rings) {
    const { id } = ring.map;
    const value = ring.readings.events.value;
    const isShown = ring.hasOwnSeries && !Number.isNaN(value);
    const found = events.filter(({ labels }) => labels.map_id === `${id}`);
    assertEquals(
      found.map(({ labels, value }) => [labels.map_name, Number(value)]),
      isShown ? [[cleaned(ring.map.name), value]] : [],
    );
  }
  const runtimes = page.of("odigos_ebpf_program_runtime_ns_total");
  program.descriptions.forEach(({ id }, row) => {
    const found = runtimes.filter(({ labels }) => labels.prog_id === `${id}`);
    const value = program.columns.runTimeNs[row];
    const shown = program.ownSeries[row] === 1 && !Number.isNaN(value);
    assertEquals(
      found.map(({ value }) => Number(value)),
      shown ? [value] : [],
    );
  });
  assertEquals(
    page.of("odigos_ebpf_link_info").map(({ labels }) => labels.target),
    link.descriptions.filter((_, row) => link.ownSeries[row] === 1)
      .map(({ target }) => cleaned(target ?? "")),
  );
}

Deno.test({
  name:
    "a page is read back as what was meant, in both formats, by parsers that are not ours",
  ignore: python === undefined,
  fn: async () => {
    const script = new URL("parse_page.py", import.meta.url).pathname;
    await using parser = new LineProcess(python ?? "", [script]);
    assertEquals(await parser.readLine(), "ready");
    await fc.assert(
      fc.asyncProperty(snapshots, async (snapshot) => {
        const exposition = anExposition({ state: aState(snapshot) });
        exposition.observeSample("maps", 1.5);
        const expected = sorted(await collected(exposition));
        for (const format of FORMATS) {
          const page = await parse(parser, exposition, format);
          assertObjects(page, snapshot);
          assertEquals(sorted(page.samples), expected);
          const names = page.families.map(({ name }) => name);
          assertEquals(names.length, new Set(names).size);
          for (const { type, samples } of page.families) {
            assert(["gauge", "counter", "histogram"].includes(type), type);
            assert(samples.length > 0);
          }
        }
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test("a name is shown unchanged where nothing in it is harmful", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      assertEquals(cleaned(text), text);
    }),
  );
});
