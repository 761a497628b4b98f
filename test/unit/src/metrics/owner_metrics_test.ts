/** Owns the tests of src/metrics/owner_metrics.ts. @module */
import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { aPass, withHolders } from "../../../pass_builders.ts";
import {
  aMap,
  aSnapshot,
  aState,
  stillClock,
} from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf } from "./pages.ts";

const INFO = "odigos_ebpf_object_owner_info";
const ORPHANS = "odigos_ebpf_orphan_objects";

const MAPS = aSnapshot({
  map: {
    descriptions: [aMap({ id: 1 }), aMap({ id: 2 }), aMap({ id: 3 })],
    ownSeries: [1, 1, 0],
  },
});
const PROCESSES = [{
  pid: 7,
  comm: 'a\n"b\u202e',
  holds: ["map 1", "map 3"],
}] as const;

Deno.test("object_owner_info has a series for each object with an owner, and with series of its own", async () => {
  const node = withHolders(MAPS, aPass({ processes: PROCESSES }));
  const page = await pageOf(anExposition({ state: aState(node) }));
  assertEquals(linesOf(page, INFO), [
    `${INFO}{type="map",id="1",pid="7",comm="a\\n\\"b\ufffd",container_id="",pod_uid=""} 1`,
  ]);
  assertEquals(
    linesOf(page, "odigos_ebpf_collector_dropped_series").at(-1),
    `odigos_ebpf_collector_dropped_series{family="${INFO}"} 1`,
  );
});

Deno.test("orphan_objects is absent until it is known, and for a table that is not", async () => {
  async function orphans(...takenAtMs: number[]): Promise<string[]> {
    const node = withHolders(
      aSnapshot({
        ...MAPS.tables,
        btf: { status: "unavailable" },
      } as never),
      ...takenAtMs.map((atMs) =>
        aPass({ takenAtMs: atMs, processes: PROCESSES })
      ),
    );
    const page = await pageOf(anExposition({ state: aState(node) }));
    return linesOf(page, ORPHANS);
  }
  assertEquals(await orphans(), []);
  assertEquals(await orphans(1_000), []);
  assertEquals(await orphans(1_000, 2_000), [
    `${ORPHANS}{type="map"} 1`,
    `${ORPHANS}{type="program"} 0`,
    `${ORPHANS}{type="link"} 0`,
  ]);
});

Deno.test("what a look costs is absent before the first, then of the last", async () => {
  const names = ["duration_seconds", "age_seconds", "descriptors"].map(
    (name) => `odigos_ebpf_collector_holders_${name}`,
  );
  const before = await pageOf(anExposition({ state: aState(MAPS) }));
  assertEquals(names.flatMap((name) => linesOf(before, name)), []);
  const node = withHolders(
    MAPS,
    aPass({ takenAtMs: 8_500, durationMs: 4, descriptors: 0 }),
  );
  const after = await pageOf(anExposition({ state: aState(node) }));
  assertEquals(names.flatMap((name) => linesOf(after, name)), [
    `${names[0]} 0.004`,
    `${names[1]} 1.5`,
    `${names[2]} 0`,
  ]);
});

Deno.test("object_owner_info of many objects goes out in slices, with turns between", async () => {
  const descriptions = Array.from(
    { length: 5_000 },
    (_, i) => aMap({ id: i + 1 }),
  );
  const node = withHolders(
    aSnapshot({ map: { descriptions } }),
    aPass({
      processes: [{
        holds: descriptions.map(({ id }) => `map ${id}` as const),
      }],
    }),
  );
  const exposition = anExposition({
    state: aState(node),
    // Every look at the clock takes a slice's whole time.
    clock: stillClock(2),
  });
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const page = await pageOf(exposition, "prometheus", new Set(["objects"]));
  done = true;
  assertEquals(linesOf(page, INFO).length, 5_000);
  assertEquals(turns > 1_000, true);
});
