import { assertEquals } from "@std/assert";
import { BPF, EMFILE, ENOMEM, EPERM } from "../../../../ffi/mod.ts";
import { collectMaps } from "../../../../workers/maps/collect.ts";
import type { OwnIds } from "../../../../workers/protocol.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const NONE: OwnIds = { map: [], program: [], link: [], btf: [] };

function collector(kernel: FakeKernel, leaveOut = NONE) {
  const [table] = collectMaps(kernel, { leaveOut }).tables;
  return {
    sample: () => table.sample(),
    ids: () => [...table.rows.columns.ids.slice(0, table.rows.columns.count)],
    births: () => table.rows.takeBirths()?.descriptions ?? [],
  };
}

Deno.test("collectMaps() describes each map once, with every field the kernel told", () => {
  const kernel = new FakeKernel();
  kernel.addMap({
    id: 7,
    type: "percpu_hash",
    name: "counts",
    keySize: 4,
    valueSize: 16,
    maxEntries: 100,
    flags: 1,
    btfId: 9,
    ifindex: 3,
    extra: 2n ** 60n,
  });
  const maps = collector(kernel);
  assertEquals(maps.sample(), { table: "map", skipped: {} });
  assertEquals(maps.births(), [{
    id: 7,
    identity: `7:percpu_hash:4:16:100:1:3:9:${2n ** 60n}:counts`,
    name: "counts",
    type: "percpu_hash",
    keySizeBytes: 4,
    valueSizeBytes: 16,
    maxEntries: 100,
    flags: 1,
    ifindex: 3,
    btfId: 9,
    mapExtra: 2n ** 60n,
  }]);
  maps.sample();
  assertEquals(maps.births(), []);
  assertEquals(kernel.openFds, 0);
});

Deno.test("collectMaps() leaves a field absent that an older kernel does not fill", () => {
  const kernel = new FakeKernel({ infoBytes: { map: 24 } });
  kernel.addMap({ id: 7, name: "unseen", btfId: 5 });
  const maps = collector(kernel);
  maps.sample();
  const [map] = maps.births();
  assertEquals("btfId" in map, false);
  assertEquals("mapExtra" in map, false);
  assertEquals("name" in map && map.name, "");
});

Deno.test("collectMaps() names a type that it does not know by its number", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 7, type: 99 });
  const maps = collector(kernel);
  maps.sample();
  const [map] = maps.births();
  assertEquals("type" in map && map.type, "type_99");
});

Deno.test("collectMaps() skips a map that vanished between listing and opening", () => {
  const kernel = new FakeKernel();
  for (const id of [1, 2, 3]) kernel.addMap({ id });
  kernel.vanishAfterList("map", 2);
  const maps = collector(kernel);
  assertEquals(maps.sample(), { table: "map", skipped: {} });
  assertEquals(maps.ids(), [1, 3]);
});

Deno.test("collectMaps() counts a map that cannot be opened and keeps its last row", () => {
  const kernel = new FakeKernel();
  for (const id of [1, 2, 3]) kernel.addMap({ id });
  const maps = collector(kernel);
  maps.sample();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EPERM, { id: 2 });
  assertEquals(maps.sample(), { table: "map", skipped: { EPERM: 1 } });
  assertEquals(maps.ids(), [1, 2, 3]);
});

for (
  const errno of [{ number: EMFILE, name: "EMFILE" }, {
    number: ENOMEM,
    name: "ENOMEM",
  }]
) {
  Deno.test(`collectMaps() keeps the whole last pass when opening fails with ${errno.name}`, () => {
    const kernel = new FakeKernel();
    for (const id of [1, 2, 3]) kernel.addMap({ id });
    const maps = collector(kernel);
    maps.sample();
    maps.births();
    kernel.addMap({ id: 4 });
    kernel.fail(BPF.MAP_GET_FD_BY_ID, errno.number, { id: 2 });
    assertEquals(maps.sample(), {
      table: "map",
      skipped: {},
      failure: {
        call: "BPF_MAP_GET_FD_BY_ID",
        errno: errno.name,
        unavailable: false,
      },
    });
    assertEquals(maps.ids(), [1, 2, 3]);
    kernel.clearFaults();
    maps.sample();
    assertEquals(maps.ids(), [1, 2, 3, 4]);
    assertEquals(maps.births().map(({ id }) => id), [4]);
    assertEquals(kernel.openFds, 0);
  });
}

Deno.test("collectMaps() says that maps are unavailable without privilege", () => {
  const kernel = new FakeKernel({ privileged: false });
  kernel.addMap();
  assertEquals(collector(kernel).sample().failure, {
    call: "BPF_MAP_GET_NEXT_ID",
    errno: "EPERM",
    unavailable: true,
  });
});

Deno.test("collectMaps() says that maps are unavailable in a kernel without the command", () => {
  const kernel = new FakeKernel({ lacks: [BPF.MAP_GET_NEXT_ID] });
  assertEquals(collector(kernel).sample().failure, {
    call: "BPF_MAP_GET_NEXT_ID",
    errno: "EINVAL",
    unavailable: true,
    unsupported: true,
  });
});

Deno.test("collectMaps() goes on when calls are interrupted", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 5 });
  kernel.interrupt(3);
  const maps = collector(kernel);
  assertEquals(maps.sample(), { table: "map", skipped: {} });
  assertEquals(maps.ids(), [5]);
});

Deno.test("collectMaps() never opens the agent's own maps", () => {
  const kernel = new FakeKernel();
  for (const id of [1, 2, 3]) kernel.addMap({ id });
  const maps = collector(kernel, { ...NONE, map: [2] });
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EPERM, { id: 2 });
  assertEquals(maps.sample(), { table: "map", skipped: {} });
  assertEquals(maps.ids(), [1, 3]);
});

Deno.test("collectMaps() takes a map with a used id and other fields for a new one", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 5, maxEntries: 10 });
  const maps = collector(kernel);
  maps.sample();
  maps.births();
  kernel.remove("map", 5);
  kernel.addMap({ id: 5, maxEntries: 20 });
  maps.sample();
  assertEquals(maps.births().length, 1);
});

Deno.test("collectMaps() makes four calls a map and two at the end", () => {
  const kernel = new FakeKernel();
  for (let id = 1; id <= 100; id++) kernel.addMap({ id });
  const [table] = collectMaps(kernel, { leaveOut: NONE }).tables;
  table.sample();
  assertEquals(table.syscalls, 402);
});

Deno.test("collectMaps() opens a prog_array once in its life, for opening one that ends would have the kernel leak it", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 5, type: "prog_array" });
  kernel.addMap({ id: 6 });
  const maps = collector(kernel);
  maps.sample();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EPERM, { id: 5 });
  assertEquals(maps.sample(), { table: "map", skipped: {} });
  assertEquals(maps.ids(), [5, 6]);
  kernel.remove("map", 5);
  maps.sample();
  assertEquals(maps.ids(), [6]);
  assertEquals(maps.births().map(({ id }) => id), [5, 6]);
});
