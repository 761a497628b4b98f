import { assertEquals, assertNotEquals } from "@std/assert";
import { register } from "prom-client";
import { catalog } from "../../../../src/metrics/catalog.ts";
import {
  aLink,
  aMap,
  aProgram,
  aSnapshot,
  aState,
} from "../../../state_builders.ts";
import { aPass, withHolders } from "../../../pass_builders.ts";
import { anExposition, pageOf, sampleLines } from "./pages.ts";

const hostile = 'q"uote\\n\n,{}\t\ud800é😀';
const state = aState(withHolders(
  aSnapshot({
    map: {
      descriptions: [
        aMap({ id: 1, name: hostile }),
        aMap({ id: 2, name: hostile }),
        aMap({ id: 3 }),
      ],
      ownSeries: [1, 1, 0],
    },
    program: {
      descriptions: [
        aProgram({ id: 1, fullName: hostile }),
        aProgram({ id: 2 }),
      ],
      columns: { runTimeNs: [2 ** 63, NaN], runCount: [1, 2], cpuRatio: [0.1] },
      rest: { runTimeNs: 9 },
    },
    link: { descriptions: [aLink({ target: hostile })] },
  }),
  ...[1_000, 2_000].map((takenAtMs) =>
    aPass({
      takenAtMs,
      processes: [{ comm: hostile, holds: ["map 1", "map 3", "link 1"] }],
    })
  ),
));

Deno.test("registry holds every metric of the catalog, and the global one none", () => {
  const { registry } = anExposition();
  for (const { name } of catalog) {
    assertNotEquals(registry.getSingleMetric(name), undefined, name);
  }
  assertEquals(register.getMetricsAsArray(), []);
});

Deno.test("registry's own writer gives the same samples as a page, line for line", async () => {
  for (const systemStats of [true, false]) {
    const exposition = anExposition({ state, systemStats });
    exposition.observeSample("maps", 1);
    exposition.observeSample("links", 2);
    const theirs = sampleLines(await exposition.registry.metrics());
    assertEquals(sampleLines(await pageOf(exposition)), theirs);
    assertEquals(
      sampleLines(await pageOf(exposition, "openmetrics")),
      theirs,
    );
  }
});

Deno.test("registry's names are not changed by a page in either format", async () => {
  const exposition = anExposition({ state });
  const before = sampleLines(await exposition.registry.metrics());
  await pageOf(exposition, "openmetrics");
  assertEquals(sampleLines(await exposition.registry.metrics()), before);
});

Deno.test("registry's metrics that are collected at once see one snapshot", async () => {
  let freezes = 0;
  const exposition = anExposition({
    state: {
      freeze: () => {
        freezes++;
        return state.freeze();
      },
    },
  });
  await exposition.registry.metrics();
  assertEquals(freezes, 1);
  await exposition.registry.getMetricsAsJSON();
  assertEquals(freezes, 2);
});
