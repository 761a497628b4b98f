/**
 * Owns what is asked of the agent on every kernel: it serves with the best backend there is, shows what is made after its start,
 * holds no privilege, complains of nothing but what the kernel lacks, ends well. In: a kernel (root). Out: assertions, and one line
 * `KERNEL {…}` of JSON, of which the table in README is made.
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { Agent } from "../agent.ts";
import { returns } from "../kernel/instructions.ts";
import { createTracepointLink } from "../kernel/links.ts";
import { makeMap } from "../kernel/maps.ts";
import type { Page } from "../kernel/page.ts";
import { loadSource, makeProgram } from "../kernel/programs.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";
import type { KernelRow, TableRow } from "./table.ts";

const TYPES = ["map", "program", "link"] as const;
/** The usual limit of locked memory where the kernel charges objects to it, in KiB. */
const WITH_USUAL_LIMITS = ["sh", "-c", 'ulimit -l 64 && exec "$@"', "sh"];
const NO_CAPABILITY = "0000000000000000";
const NO_LINKS = "Cannot sample links on this machine: ";

/** By type of object, what the iterators here cannot tell. */
function absentFields(): KernelRow["absent"] {
  using opened = openIterators(openLibc(), false);
  return Object.fromEntries(TYPES.map((type) => {
    const iterators = opened.iterators[type];
    if (typeof iterators === "string") return [type, []];
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

/** How each table is read, as /readyz tells it. @throws {Error} unless that answers 200 */
async function tablesOf(agent: Agent): Promise<Record<string, TableRow>> {
  const { status, text } = await agent.get("/readyz");
  if (status !== 200) throw new Error(`/readyz answered ${status}: ${text}`);
  const tables: Record<string, TableRow> = JSON.parse(text).tables;
  return Object.fromEntries(
    Object.entries(tables).map((
      [type, { backend, quality }],
    ) => [type, { backend, quality }]),
  );
}

/** Which kinds of buffer are looked at, as /readyz tells it. */
async function bufferKindsOf(agent: Agent): Promise<Record<string, boolean>> {
  const { buffers } = JSON.parse((await agent.get("/readyz")).text);
  return { ring: buffers.ring.available, perf: buffers.perf.available };
}

/** One object of each type, made now. */
function makeOneOfEach(workshop: Workshop): (page: Page) => string[] {
  const sizes = { key: 4, value: 8, max: 16, name: "born_later" };
  const map = makeMap(workshop, { type: "hash", ...sizes });
  const code = returns(0);
  const program = makeProgram(workshop, { type: "socket_filter", code });
  const traced = loadSource(workshop, { type: "raw_tracepoint", code });
  const link = workshop.need(
    "link",
    "link raw_tracepoint",
    createTracepointLink(workshop, traced, "bpf_test_finish"),
  );
  assert(map !== undefined && program !== undefined);
  return (page) =>
    [
      ["map", "map_id", map.id],
      ["program", "prog_id", program.id],
      ["link", "link_id", link.id],
    ].flatMap(([type, label, id]) =>
      page.by(`odigos_ebpf_${type}_info`, `${label}`).has(`${id}`)
        ? [`${type}`]
        : []
    );
}

/** Starts one, makes objects, and waits until it shows `types` of them. */
async function startAndShow(
  workshop: Workshop,
  args: readonly string[],
  types: readonly string[],
): Promise<Agent> {
  const agent = await Agent.start(args, { prefix: WITH_USUAL_LIMITS });
  try {
    await agent.ready();
    const shownBy = makeOneOfEach(workshop);
    let shown: readonly string[] = [];
    await agent.eventually(
      `objects made after its start (${types.join(", ")})`,
      async () => {
        shown = shownBy(await agent.page());
        return types.every((type) => shown.includes(type));
      },
    );
    assertEquals(shown, types);
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw error;
  }
  return agent;
}

async function endWell(agent: Agent): Promise<void> {
  agent.kill("SIGTERM");
  assertEquals((await agent.ended()).code, 0);
}

kernelTest(
  "agent serves this kernel with the best backend it has, and no privilege",
  async () => {
    const absent = absentFields();
    using workshop = new Workshop();
    const hasLinkIterator = hasSince(workshop.kernel, "5.19");
    const shown = TYPES.filter((type) => type !== "link" || hasLinkIterator);
    await using agent = await startAndShow(workshop, [], shown);
    const row: KernelRow = {
      release: Deno.osRelease(),
      tables: await tablesOf(agent),
      absent,
      capabilities: effectiveCapabilities(agent.pid),
    };
    // deno-lint-ignore no-console -- run.ts reads this line
    console.log(`KERNEL ${JSON.stringify(row)}`);
    const exact = { backend: "iterator", quality: "exact" };
    assertEquals(row.tables, {
      map: exact,
      program: exact,
      link: hasLinkIterator ? exact : { ...exact, quality: "unavailable" },
      btf: { ...exact, quality: "lower bound" },
    });
    assertEquals(row.capabilities, [NO_CAPABILITY]);
    assertEquals(await bufferKindsOf(agent), { ring: true, perf: true });

    await endWell(agent);
    const complaints = agent.complaints.map((line) =>
      `${line.message ?? line.text}`
    );
    assertEquals(complaints.length, hasLinkIterator ? 0 : 1, `${complaints}`);
    for (const line of complaints) assertStringIncludes(line, NO_LINKS);
  },
);

kernelTest(
  "agent that keeps its privileges walks what this kernel has no iterator over",
  async () => {
    using workshop = new Workshop();
    const hasLinkIterator = hasSince(workshop.kernel, "5.19");
    await using agent = await startAndShow(
      workshop,
      ["--keep-privileges"],
      TYPES,
    );
    const { link } = await tablesOf(agent);
    const backend = hasLinkIterator ? "iterator" : "walk";
    assertEquals(link, { backend, quality: "exact" });
    await endWell(agent);
    assertEquals(agent.complaints, []);
  },
);
