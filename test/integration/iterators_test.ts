/**
 * The iterators on the real kernel beside the walk: the same objects, described alike; the agent's own left out; nothing left behind
 * after an orderly end and after SIGKILL.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { listDirectory, nextObjectId, openLibc } from "../../ffi/mod.ts";
import type { KernelPort, ObjectKind } from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { collectLinks } from "../../workers/links/collect.ts";
import { collectMaps } from "../../workers/maps/collect.ts";
import { collectBtf, listBtf } from "../../workers/programs/btf.ts";
import { collectPrograms } from "../../workers/programs/collect.ts";
import type { BtfDescription } from "../../workers/programs/model.ts";
import type { CollectInit } from "../../workers/protocol.ts";
import { Agent, pause } from "../agent.ts";
import { bothTell } from "../kernel/both_tell.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { kernelTest, makeEverything } from "../kernel/make.ts";
import { heldLinks } from "../kernel/process.ts";
import { hasSince } from "../kernel/since.ts";

const KINDS = ["map", "program", "link"] as const;
const COLLECT = {
  map: collectMaps,
  program: collectPrograms,
  link: collectLinks,
} as const;
/**
 * Programs, each with a link: two a table, two that follow to BTF, five that find holders, one that looks at ring buffers, one at perf
 * buffers, and since 6.4 one that looks at known rings.
 */
const OWN = 3 * 2 + 2 + 5 + 2 + (hasSince(openLibc(), "6.4") ? 1 : 0);
const PATIENCE_MS = 5_000;
const LEAVE_OUT = { map: [], program: [], link: [], btf: [] };
const noLinkIterator = hasSince(openLibc(), "5.19")
  ? undefined
  : "this kernel has no iterator over links";
const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

/** Descriptions by id, as text: whole, with identity. */
function told(
  kernel: KernelPort,
  kind: typeof KINDS[number],
  init: CollectInit,
): Map<number, string> {
  const [table] = COLLECT[kind](kernel, init).tables;
  assertEquals(table.sample(), { table: kind, skipped: {} });
  const births = table.rows.takeBirths()?.descriptions ?? [];
  return new Map(births.map((one) => {
    // The walk of a test does not ask for it; memory_test.ts has it.
    const known = { ...one, memlock: undefined, memlockBytes: undefined };
    return [one.id, Deno.inspect(bothTell(kernel, known), { sorted: true })];
  }));
}

function idsOf(kernel: KernelPort, kind: ObjectKind): Set<number> {
  const ids = new Set<number>();
  for (
    let id = nextObjectId(kernel, kind, 0);
    id > 0;
    id = nextObjectId(kernel, kind, id)
  ) ids.add(id);
  return ids;
}

kernelTest(
  "collectors by iterator describe every type of object as the walk does, with the same identity",
  () => {
    using workshop = makeEverything();
    const { kernel } = workshop;
    using opened = openIterators(kernel, false);
    const { iterators } = opened;
    for (const kind of KINDS) {
      if (kind === "link" && noLinkIterator) continue;
      const walked = told(kernel, kind, { leaveOut: LEAVE_OUT });
      const iterated = told(kernel, kind, { leaveOut: LEAVE_OUT, iterators });
      for (const { id, what } of workshop.made) {
        if (!workshop.ids(kind).includes(id)) continue;
        assertEquals(iterated.get(id), walked.get(id), what);
      }
    }
  },
  noBtf,
);

kernelTest(
  "collectBtf() that follows programs and maps describes BTF objects as the walk does",
  () => {
    using workshop = makeEverything();
    const { kernel } = workshop;
    using opened = openIterators(kernel, false);
    const { iterators } = opened;
    const walked = new Map(
      (listBtf(kernel) ?? []).map((one) => [one.id, one] as const),
    );
    assertGreater(walked.size, 0);
    const follow = (btfAtStart: readonly BtfDescription[]) => {
      const init = { leaveOut: LEAVE_OUT, iterators, btfAtStart };
      const table = collectBtf(kernel, init);
      assertEquals(table.sample(), { table: "btf", skipped: {} });
      return table.rows.takeBirths()?.descriptions ?? [];
    };
    const followed = follow([...walked.values()]);
    for (const one of followed) assertEquals(one, walked.get(one.id));
    const ids = new Set(followed.map(({ id }) => id));
    for (const one of walked.values()) {
      if (one.kernel === true) assert(ids.has(one.id), `kernel BTF ${one.id}`);
    }
    const referred = new Set(follow([]).map(({ id }) => id));
    for (const kind of ["map", "program"] as const) {
      const [table] = COLLECT[kind](kernel, { leaveOut: LEAVE_OUT }).tables;
      table.sample();
      for (const one of table.rows.takeBirths()?.descriptions ?? []) {
        if (!("btfId" in one) || !workshop.ids(kind).includes(one.id)) continue;
        assert(referred.has(one.btfId ?? 0), `BTF of ${kind} ${one.id}`);
      }
    }
  },
  noBtf,
);

kernelTest(
  "openIterators() knows its own objects and leaves none behind",
  () => {
    const kernel = openLibc();
    const fds = listDirectory(kernel, "/proc/self/fd");
    const own = {
      program: new Set<number>(),
      link: new Set<number>(),
      map: new Set<number>(),
    };
    {
      using opened = openIterators(kernel, false);
      const { iterators, ownIds } = opened;
      for (const kind of ["program", "link"] as const) {
        // Two of links, and one that finds what they refer to.
        assertEquals(ownIds[kind].length, noLinkIterator ? OWN - 3 : OWN);
        const all = idsOf(kernel, kind);
        for (const id of ownIds[kind]) {
          assert(all.has(id), `${kind} ${id}`);
          own[kind].add(id);
        }
        if (kind === "link" && noLinkIterator) continue;
        const init = { leaveOut: ownIds, iterators };
        const seen = told(kernel, kind, init);
        assertEquals([...seen.keys()].filter((id) => own[kind].has(id)), []);
      }
      const maps = idsOf(kernel, "map");
      for (const id of ownIds.map) {
        assert(maps.has(id), `map ${id}`);
        own.map.add(id);
      }
      // What is remembered of ring and perf buffers.
      assert(own.map.size >= 4, `${own.map.size} maps`);
    }
    assertEquals(listDirectory(kernel, "/proc/self/fd"), fds);
    // What was pinned goes a moment after its last descriptor.
    const until = kernel.monotonicMs() + PATIENCE_MS;
    for (const kind of ["program", "link", "map"] as const) {
      let left = own[kind];
      while (left.size > 0 && kernel.monotonicMs() < until) {
        left = idsOf(kernel, kind).intersection(own[kind]);
      }
      assertEquals([...left], [], kind);
    }
  },
  noBtf,
);

kernelTest(
  "agent by iterator serves no object of its own, and SIGKILL leaves none",
  async () => {
    const kernel = openLibc();
    await using agent = await Agent.start(["--backend", "iterator"]);
    await agent.ready();
    const page = await agent.page();
    const backends = page.samples("odigos_ebpf_collector_backend_info")
      .map(({ labels }) => labels.backend);
    assertEquals(backends, ["iterator", "iterator", "iterator"]);
    // Of this agent alone: others may run beside it.
    const own = new Set(heldLinks(agent.pid).programs);
    assertEquals(own.size, OWN);
    const shown = new Set(
      page.samples("odigos_ebpf_program_info")
        .map(({ labels }) => Number(labels.prog_id)),
    );
    assertEquals([...shown.intersection(own)], []);

    agent.kill("SIGKILL");
    await agent.ended();
    // Programs are freed a moment after whoever held them is gone.
    const until = kernel.monotonicMs() + PATIENCE_MS;
    let left = own;
    while (left.size > 0 && kernel.monotonicMs() < until) {
      await pause(5);
      left = idsOf(kernel, "program").intersection(own);
    }
    assertEquals([...left], []);
  },
  noBtf,
  noLinkIterator,
);
