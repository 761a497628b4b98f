/**
 * Who keeps objects alive, as the links worker finds it out on the real kernel: processes by their descriptors, pins, and references,
 * each made here in a known way; and bpftool's view of the same.
 */
import { pause } from "../agent.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  listDirectory,
  openLibc,
  pinObject,
  unlimitLockedMemory,
} from "../../ffi/mod.ts";
import type { KernelPort } from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import {
  HELD_TYPES,
  type HoldersPass,
} from "../../workers/links/holders_model.ts";
import { HoldersLook } from "../../workers/links/holders_pass.ts";
import { NO_IDS, type ObjectType } from "../../workers/protocol.ts";
import { bpffs } from "../kernel/bpffs.ts";
import { btfFunction, kernelBtf, smallBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { padded, returns, usesMap } from "../kernel/instructions.ts";
import { createTracepointLink } from "../kernel/links.ts";
import { createMap, loadBtf, updateMap } from "../kernel/maps.ts";
import { Owner, type Owning } from "../kernel/owner.ts";
import { loadSource } from "../kernel/programs.ts";
import { readBpftool, whyNoBpftool } from "../kernel/reference.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { makeStructOpsLink } from "../kernel/struct_ops.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

unlimitLockedMemory();

/** What looks, for a test; closed with it. */
function looking(kernel: KernelPort, leaveOut = NO_IDS) {
  const opened = openIterators(kernel, false);
  const { holders } = opened.iterators;
  assert(typeof holders === "object", String(holders));
  return {
    opened,
    look: new HoldersLook(kernel, holders, leaveOut),
    holders,
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

function take(look: HoldersLook): HoldersPass {
  const pass = look.take();
  assert(typeof pass !== "string", String(pass));
  return pass;
}

/** Processes that hold an object by descriptor. */
function holdersOf(pass: HoldersPass, type: ObjectType, id: number) {
  const number = HELD_TYPES.indexOf(type);
  const found = [];
  for (let at = 0; at < pass.holds.length; at += 3) {
    if (pass.holds[at + 1] !== number || pass.holds[at + 2] !== id) continue;
    found.push(pass.processes[pass.holds[at]]);
  }
  return found;
}

/** References, as `program 7 > map 3`. */
function references({ references }: HoldersPass): Set<string> {
  const found = new Set<string>();
  for (let at = 0; at < references.length; at += 4) {
    const [from, fromId, to, toId] = references.subarray(at, at + 4);
    found.add(`${HELD_TYPES[from]} ${fromId} > ${HELD_TYPES[to]} ${toId}`);
  }
  return found;
}

/** Ticks of /proc/PID/stat, in ms: a hundredth of a second is as much as it tells. */
function startedAtMs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]) * 10;
}

const WAYS: readonly (readonly [Owning, ObjectType, string[]])[] = [
  ["fd", "map", ["own"]],
  ["forked", "map", ["own", "own_child"]],
  ["exec", "map", ["exe"]],
  ["passed", "map", ["own_child"]],
  ["perf", "program", ["own"]],
  ["btf", "btf", ["own"]],
];

for (const [way, type, comms] of WAYS) {
  kernelTest(
    `HoldersLook.take() finds who holds an object: ${way}`,
    async () => {
      using looks = looking(openLibc());
      await using owner = await Owner.start(way);
      // What was exec'ed may not have its name yet.
      let found = holdersOf(take(looks.look), type, owner.id);
      for (let i = 0; i < 50 && found[0]?.comm !== comms[0]; i++) {
        await pause(20);
        found = holdersOf(take(looks.look), type, owner.id);
      }
      assertEquals(found.map(({ comm }) => comm), comms);
      const pids = comms.length === 2
        ? [owner.startedPid, owner.pid]
        : [owner.pid];
      assertEquals(found.map(({ pid }) => pid), pids);
      for (const { pid, startedAtMs: at, uid, cgroups } of found) {
        assertEquals(Math.floor(at / 10) * 10, startedAtMs(pid));
        assertEquals(uid, Deno.uid());
        const text = await Deno.readTextFile(`/proc/${pid}/cgroup`);
        assertEquals(cgroups, text.trimEnd());
      }
    },
    noBtf,
    whyNoTool("own"),
  );
}

kernelTest(
  "HoldersLook.take() lets go of a process that ended",
  async () => {
    using looks = looking(openLibc());
    const owner = await Owner.start("fd");
    assertEquals(holdersOf(take(looks.look), "map", owner.id).length, 1);
    await owner[Symbol.asyncDispose]();
    assertEquals(holdersOf(take(looks.look), "map", owner.id), []);
  },
  noBtf,
  whyNoTool("own"),
);

kernelTest(
  "HoldersLook.take() agrees with bpftool on who holds maps",
  async (t) => {
    using looks = looking(openLibc());
    await using _one = await Owner.start("fd");
    await using two = await Owner.start("forked");
    await using _three = await Owner.start("passed");
    const row = readBpftool("map").get(two.id);
    if (row?.pids === undefined) {
      return skip(t.name, "this bpftool tells no processes");
    }
    const pass = take(looks.look);
    for (const { id } of [_one, two, _three]) {
      const told = readBpftool("map").get(id)?.pids as { pid: number }[];
      assertEquals(
        holdersOf(pass, "map", id).map(({ pid }) => pid).sort(),
        told.map(({ pid }) => pid).sort(),
      );
    }
  },
  noBtf,
  whyNoTool("own"),
  whyNoBpftool(),
);

kernelTest(
  "HoldersLook.take() tells references between objects, of which no descriptor is left",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const expected: string[] = [];
    const refers = (from: Made | undefined, to: Made | undefined) => {
      if (from === undefined || to === undefined) return;
      expected.push(`${from.kind} ${from.id} > ${to.kind} ${to.id}`);
    };
    const map = (type: string, more: object = {}) =>
      workshop.need(
        "map",
        `map ${type}`,
        createMap(workshop, { type, key: 4, value: 4, max: 8, ...more }),
      );
    const program = (code: Uint8Array, more: object = {}) =>
      workshop.need(
        "program",
        "program",
        loadSource(workshop, { type: "socket_filter", code, ...more }),
      );
    const put = (outer: Made, index: number, fd: number) =>
      assertEquals(
        updateMap(
          workshop,
          outer.fd,
          new Uint8Array(Uint32Array.of(index).buffer),
          new Uint8Array(Uint32Array.of(fd).buffer),
        ),
        0,
      );
    const used = map("hash");
    refers(program(usesMap(used.fd, 0)), used);

    const inHash: string[] = [];
    const inner = [1, 2, 3].map(() => map("array"));
    const array = map("array_of_maps", { innerMapFd: inner[0].fd, max: 500 });
    const hash = map("hash_of_maps", { innerMapFd: inner[0].fd, max: 300 });
    inner.forEach((one, i) => {
      put(array, i * 240, one.fd);
      put(hash, i * 999, one.fd);
      refers(array, one);
      inHash.push(`map ${hash.id} > map ${one.id}`);
    });

    const calls = map("prog_array", { max: 500 });
    const called = [0, 7, 499].map((index) => {
      const one = program(padded(index % 5, index));
      put(calls, index, one.fd);
      return one;
    });
    for (const one of called) refers(calls, one);

    const small = workshop.need(
      "btf",
      "btf",
      loadBtf(workshop, smallBtf(["main"])),
    );
    refers(map("array", { btfFd: small.fd }), small);
    const typed = program(returns(0), {
      functions: { btfFd: small.fd, info: [[0, btfFunction(0)]] },
    });
    refers(typed, small);

    const traced = program(returns(0), { type: "raw_tracepoint" });
    const link = createTracepointLink(workshop, traced.fd, "task_rename");
    refers(workshop.keep("link", "link raw_tracepoint", link), traced);

    makeStructOpsLink(workshop);
    const struct = workshop.made.find(({ what }) =>
      what.startsWith("map struct_ops")
    );
    const members = workshop.made.filter(({ what }) =>
      what === "program struct_ops"
    );
    const ops = workshop.made.find(({ what }) => what === "link struct_ops");
    if (ops !== undefined) {
      refers(ops, struct);
      for (const one of members) refers(struct, one);
    }

    using looks = looking(kernel);
    const pass = take(looks.look);
    const found = references(pass);
    const { map: maps } = looks.holders.references;
    assert(typeof maps !== "string", String(maps));
    if (maps.fields.includes("hash_of_maps")) expected.push(...inHash);
    else assert(pass.unknown?.map !== undefined);
    const seesLinks = typeof looks.holders.references.link !== "string";
    assertEquals(
      expected.filter((one) =>
        !found.has(one) && (seesLinks || !one.startsWith("link"))
      ),
      [],
    );
    assert(expected.length > 9, `only ${expected.length} were made`);
    const madeUp = [...found].filter((one) =>
      inner.some(({ id }) => one.endsWith(`> map ${id}`)) &&
      !expected.includes(one)
    );
    assertEquals(madeUp, []);
  },
  noBtf,
);

kernelTest(
  "HoldersLook.take() says where an object refers to more than can be followed",
  () => {
    using workshop = new Workshop();
    const one = workshop.need(
      "program",
      "program",
      loadSource(workshop, { type: "socket_filter", code: returns(0) }),
    );
    const calls = workshop.need(
      "map",
      "map prog_array",
      createMap(workshop, { type: "prog_array", key: 4, value: 4, max: 4_000 }),
    );
    using looks = looking(workshop.kernel);
    const value = new Uint8Array(Uint32Array.of(one.fd).buffer);
    for (let i = 0; i < 4_000; i++) {
      const key = new Uint8Array(Uint32Array.of(i).buffer);
      assertEquals(updateMap(workshop, calls.fd, key, value), 0);
    }
    const pass = take(looks.look);
    // There may be another map like it.
    const isSole = typeof looks.holders.references.link !== "string";
    assertMatch(
      pass.unknown?.program ?? "",
      isSole ? /^map \d+ refers to more than can be followed$/ : /./,
    );
  },
  noBtf,
);

kernelTest(
  "HoldersLook.take() finds pins in every bpffs, opens each once, and keeps nothing alive",
  (t) => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const place = bpffs();
    if ("why" in place) return skip(t.name, place.why);
    using _ = place;
    const { path } = place;
    Deno.mkdirSync(`${path}/a/b`, { recursive: true });
    const pinned: { type: ObjectType; id: number; path: string }[] = [];
    const pin = (made: Made, name: string) => {
      assertEquals(pinObject(kernel, made.fd, `${path}/${name}`), 0);
      pinned.push({ type: made.kind, id: made.id, path: `${path}/${name}` });
    };
    const spec = { type: "array", key: 4, value: 4, max: 1 };
    pin(workshop.need("map", "map", createMap(workshop, spec)), "map");
    const program = workshop.need(
      "program",
      "program",
      loadSource(workshop, { type: "raw_tracepoint", code: returns(0) }),
    );
    pin(program, "a/b/program");
    const made = createTracepointLink(workshop, program.fd, "task_rename");
    pin(workshop.need("link", "link", made), "a/link");
    pin(program, "again");

    const opened: string[] = [];
    const port: KernelPort = {
      ...kernel,
      open(at, flags) {
        if (at.startsWith(path)) opened.push(at);
        return kernel.open(at, flags);
      },
    };
    using looks = looking(port);
    const before = listDirectory(kernel, "/proc/self/fd")?.length;
    const byPath = (one: { path: string }, other: { path: string }) =>
      one.path < other.path ? -1 : 1;
    for (let i = 0; i < 2; i++) {
      const { pins, unknown } = take(looks.look);
      assert(typeof pins !== "string", String(pins));
      assertEquals(
        // The kernel's own iterators are in every bpffs.
        pins.filter((one) =>
          one.path.startsWith(path) && !one.path.endsWith(".debug")
        ).sort(byPath),
        pinned.sort(byPath),
      );
      for (const why of Object.values(unknown ?? {})) {
        assert(!why.includes("bpffs") && !why.includes(path), why);
      }
    }
    for (const one of pinned) {
      assertEquals(opened.filter((at) => at === one.path).length, 1, one.path);
    }
    assertEquals(listDirectory(kernel, "/proc/self/fd")?.length, before);
    Deno.removeSync(`${path}/map`);
    const { pins } = take(looks.look);
    assert(typeof pins !== "string", String(pins));
    assertEquals(pins.some((one) => one.path === `${path}/map`), false);
  },
  noBtf,
);

kernelTest(
  "HoldersLook.take() leaves out the agent's own objects and descriptors",
  () => {
    const kernel = openLibc();
    using opened = openIterators(kernel, false);
    const { holders } = opened.iterators;
    assert(typeof holders === "object", String(holders));
    const pass = take(new HoldersLook(kernel, holders, opened.ownIds));
    assertEquals(pass.processes.some(({ pid }) => pid === Deno.pid), false);
    const own = new Set(opened.ownIds.link.map((id) => `link ${id} >`));
    const told = [...references(pass)].filter((one) =>
      own.has(one.slice(0, one.indexOf(">") + 1))
    );
    assertEquals(told, []);
    assert(pass.complete);
  },
  noBtf,
);
