import { assertEquals } from "@std/assert";
import { CpuEntries } from "../../../../src/state/cpu_entries.ts";

/** A pass on two CPUs. @param maps id and counts of each */
function pass(maps: readonly (readonly number[])[], takenAtMs = 0) {
  return { takenAtMs, cpus: 2, rows: Float64Array.from(maps.flat()) };
}

function own({ state }: CpuEntries): number[] {
  return (state?.maps ?? []).filter(({ hasOwnSeries }) => hasOwnSeries)
    .map(({ mapId }) => mapId);
}

Deno.test("CpuEntries is nothing before the first pass, and then what was counted", () => {
  const entries = new CpuEntries(100);
  assertEquals(entries.state, undefined);
  entries.take(pass([[7, 5, -2], [9, 0, 1]]));
  assertEquals(
    entries.state?.maps.map(({ mapId, counts }) => [mapId, ...counts]),
    [[7, 5, -2], [9, 0, 1]],
  );
  assertEquals(entries.state?.restSize, 0);
  entries.take({ ...pass([]), cpus: 0, reason: "no such counters" });
  assertEquals(
    [entries.state?.maps, entries.state?.reason],
    [[], "no such counters"],
  );
});

Deno.test("CpuEntries gives all series of a map or none, to those that most was counted of", () => {
  const entries = new CpuEntries(5);
  entries.take(pass([[1, 1, 0], [2, 90, -90], [3, 4, 4]]));
  assertEquals([own(entries), entries.state?.restSize], [[2, 3], 1]);
  // A map that came takes the place of one that went.
  entries.take(pass([[1, 1, 0], [2, 90, -90], [4, 0, 0]], 1_000));
  assertEquals(own(entries), [2, 4]);
  entries.take(pass([[1, 1, 0], [2, 90, -90], [4, 0, 0]], 61_000));
  assertEquals(own(entries), [1, 2]);
  entries.setMaxSeries(2);
  entries.take(pass([[1, 1, 0], [2, 90, -90]], 62_000));
  assertEquals([own(entries), entries.state?.restSize], [[2], 1]);
});
