import { assertEquals } from "@std/assert";
import { CreatedCount } from "../../../../src/state/created_count.ts";

function counts(count: CreatedCount): [number, number, boolean] {
  return [count.created, count.destroyed, count.isExact];
}

Deno.test("CreatedCount counts the ids that a new object leaves out, for they were given to objects that are gone", () => {
  const count = new CreatedCount(20);
  count.begin(Uint32Array.of(3, 9), 2);
  assertEquals(counts(count), [0, 0, false]);
  count.born(24);
  count.born(25);
  count.resize(4);
  assertEquals(counts(count), [5, 3, false]);
});

Deno.test("CreatedCount does not take ids for objects that were given out before the agent, where it cannot know", () => {
  const count = new CreatedCount(undefined);
  count.begin(Uint32Array.of(), 0);
  count.born(5_000);
  count.resize(1);
  assertEquals(counts(count), [1, 0, false]);
  count.born(5_002);
  count.resize(2);
  assertEquals(counts(count), [3, 1, false]);
});

Deno.test("CreatedCount counts one object an id where ids have come round", () => {
  const count = new CreatedCount(0x7fff_ffff);
  count.begin(Uint32Array.of(0x7fff_fff0), 1);
  count.born(1);
  count.born(2);
  count.resize(2);
  assertEquals(counts(count), [2, 1, false]);
});

Deno.test("CreatedCount believes the kernel's stream alone while that lost nothing", () => {
  const count = new CreatedCount(10);
  count.begin(Uint32Array.of(10), 1);
  count.streamed({ loaded: 0, unloaded: 0, lost: 0 });
  // A load that failed has used an id up.
  count.born(13);
  count.streamed({ loaded: 2, unloaded: 1, lost: 0 });
  count.resize(2);
  assertEquals(counts(count), [2, 1, true]);
});

Deno.test("CreatedCount takes the higher of two lower bounds once the stream has lost records", () => {
  const count = new CreatedCount(10);
  count.begin(Uint32Array.of(10), 1);
  count.streamed({ loaded: 2, unloaded: 2, lost: 4 });
  count.born(16);
  count.resize(1);
  assertEquals(counts(count), [6, 6, false]);
});
