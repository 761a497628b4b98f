/**
 * Owns what is asked of the agent on every kernel: it serves with the best backend there is, shows what is made after its start,
 * holds no privilege, complains of nothing, ends well. In: a kernel (root). Out: assertions, and one line `KERNEL {…}` of JSON, of
 * which the table in README is made.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { Agent } from "../agent.ts";
import { createTracepointLink } from "../kernel/links.ts";
import { returns } from "../kernel/instructions.ts";
import { makeMap } from "../kernel/maps.ts";
import { loadSource, makeProgram } from "../kernel/programs.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";
import type { KernelRow } from "./table.ts";

const TYPES = ["map", "program", "link"] as const;
/** The usual limit of locked memory where the kernel charges objects to it, in KiB. */
const WITH_USUAL_LIMITS = ["sh", "-c", 'ulimit -l 64 && exec "$@"', "sh"];

/** By type of object, what the iterators here cannot tell. */
function absentFields(): KernelRow["absent"] {
  using opened = openIterators(openLibc(), false);
  return Object.fromEntries(TYPES.map((type) => {
    const iterators = opened.iterators[type];
    if (typeof iterators === "string") return [type, iterators];
    const { tick, birth } = iterators;
    return [type, Object.keys({ ...tick.absent, ...birth.absent })];
  }));
}

/** The effective capabilities of every thread, as /proc writes them, each once. */
function effectiveCapabilities(pid: number): string[] {
  const found = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) =>
    Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`)
      .match(/^CapEff:\s*(\S+)$/m)?.[1] ?? "?"
  );
  return [...new Set(found)].sort();
}

kernelTest(
  "agent serves this kernel with the best backend it has",
  async () => {
    const absent = absentFields();
    using workshop = new Workshop();
    const { kernel } = workshop;
    await using agent = await Agent.start([], { prefix: WITH_USUAL_LIMITS });
    await agent.ready();

    const map = makeMap(workshop, {
      type: "hash",
      key: 4,
      value: 8,
      max: 16,
      name: "born_later",
    });
    const code = returns(0);
    const program = makeProgram(workshop, { type: "socket_filter", code });
    const traced = loadSource(workshop, { type: "raw_tracepoint", code });
    const link = workshop.need(
      "link",
      "link raw_tracepoint",
      createTracepointLink(workshop, traced, "bpf_test_finish"),
    );
    assert(map !== undefined && program !== undefined);
    let page = await agent.page();
    const sees = (name: string, label: string, id: number) =>
      page.by(`odigos_ebpf_${name}_info`, label).has(`${id}`);
    const hasLinkIterator = hasSince(kernel, "5.19");
    await agent.eventually("objects made after its start", async () => {
      page = await agent.page();
      return sees("map", "map_id", map.id) &&
        sees("program", "prog_id", program.id) &&
        (sees("link", "link_id", link.id) || !hasLinkIterator);
    });

    const backends = Object.fromEntries(
      page.samples("odigos_ebpf_collector_backend_info")
        .map(({ labels }) => [labels.collector, labels.backend]),
    );
    const row: KernelRow = {
      release: Deno.osRelease(),
      backends,
      linksSeen: sees("link", "link_id", link.id),
      absent,
      capabilities: effectiveCapabilities(agent.pid),
    };
    // deno-lint-ignore no-console -- run.ts reads this line
    console.log(`KERNEL ${JSON.stringify(row)}`);
    assertEquals(backends.maps, "iterator");
    assertEquals(backends.programs, "iterator");
    assertEquals(backends.links, hasLinkIterator ? "iterator" : "walk");

    agent.kill("SIGTERM");
    assertEquals((await agent.ended()).code, 0);
    assertEquals(
      agent.complaints.filter(({ level }) => level !== "warn"),
      [],
    );
  },
);
