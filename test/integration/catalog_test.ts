/** What `catalog` says of each metric on this machine, beside what an agent serves here, with all privileges and with none. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  objectInfo,
  openLibc,
  PROG_INFO,
  testRunProgram,
} from "../../ffi/mod.ts";
import { catalog } from "../../src/metrics/catalog.ts";
import { acquire } from "../../workers/acquire.ts";
import { Agent, type Ended, runAgent } from "../agent.ts";
import { returns } from "../kernel/instructions.ts";
import { makeMap } from "../kernel/maps.ts";
import { makeProgram } from "../kernel/programs.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { unprivileged } from "../kernel/unprivileged.ts";
import { Workshop } from "../kernel/workshop.ts";

interface Entry {
  readonly name: string;
  readonly here: { readonly quality: string; readonly reason?: string };
}

function entriesOf({ code, stdout, stderr }: Ended): Entry[] {
  assertEquals([code, stderr], [0, ""]);
  const entries: Entry[] = JSON.parse(stdout);
  assertEquals(
    entries.map(({ name }) => name),
    catalog.map(({ name }) => name),
  );
  return entries;
}

/** Names of what is unavailable, each with a reason. */
function unavailableOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ name, here: { quality, reason } }) => {
    if (quality !== "unavailable") return [];
    assertMatch(reason ?? "", /\w/, name);
    return [name];
  });
}

kernelTest(
  "catalog calls nothing unavailable that an agent serves here, and nothing else available",
  async () => {
    // Where there is no object of a type there are no series of it.
    using workshop = new Workshop();
    makeMap(workshop, { type: "hash", key: 4, value: 8, max: 1 });
    makeProgram(workshop, { type: "socket_filter", code: returns(0) });
    await using agent = await Agent.start(["--interval", "100ms"]);
    await agent.ready();
    const unavailable = unavailableOf(
      entriesOf(await runAgent(["catalog", "--format", "json"])),
    );
    // Series of these are there for what there is on the node alone.
    const dependent =
      /_(errors|skipped_objects)_total$|_info$|_map_entries$|_stats_cost_/;
    const wanted = catalog.filter(({ name, group }) =>
      !unavailable.includes(name) && !dependent.test(name) &&
      group !== "buffers" && group !== "managers"
    ).map(({ name }) => name);
    let missing = wanted;
    await agent.eventually("page with all that is available", async () => {
      const { types } = await agent.page();
      missing = wanted.filter((name) => !types.has(name));
      return missing.length === 0;
    }).catch(() => assertEquals(missing, []));
    const { types } = await agent.page();
    assertEquals(unavailable.filter((name) => types.has(name)), []);
  },
);

Deno.test("catalog without privilege prints every metric, says why each is unavailable, and exits with 0", async () => {
  const options = unprivileged();
  if ("why" in options) return skip("catalog without privilege", options.why);
  using _folder = options;
  const entries = entriesOf(
    await runAgent(["catalog", "--format", "json"], options.env, options),
  );
  const unavailable = unavailableOf(entries);
  const own = entries.filter(({ here }) => here.quality !== "unavailable");
  assertEquals(
    own.filter(({ name }) =>
      !/^(odigos_ebpf_(agent|collector)_|process_)|_stats_enabled$/.test(name)
    ),
    [],
  );
  assertEquals(unavailable.includes("odigos_ebpf_map_memory_bytes"), true);
  const table = await runAgent(["catalog"], options.env, options);
  assertEquals(table.code, 0);
  assertMatch(table.stdout, /odigos_ebpf_map_memory_bytes +unavailable/);
});

kernelTest(
  "acquire() in a dry run keeps no statistics on, attaches nothing, and says that it could",
  () => {
    using workshop = new Workshop();
    const kernel = openLibc();
    const asked = {
      runStats: "on",
      operations: "on",
      backend: "auto",
      keepPrivileges: true,
      isDryRun: true,
    } as const;
    using acquired = acquire(kernel, asked);
    const { runStats, operations } = acquired.facts;
    assertEquals([runStats.agent, runStats.reason], [true, undefined]);
    assertEquals([operations?.mode, operations?.hook], ["on", undefined]);
    assertEquals(acquired.operations, undefined);
    if (runStats.other !== false || runStats.sysctl === true) {
      return skip("statistics in a dry run", "somebody else keeps them on");
    }
    const program = makeProgram(workshop, {
      type: "socket_filter",
      code: returns(0),
      name: "dry_run",
    });
    if (program === undefined) throw new Error("Cannot load a socket filter");
    const packet = kernel.allocate(64);
    assertEquals(testRunProgram(kernel, program.fd, packet, 64, 10), 0);
    const info = kernel.allocate(PROG_INFO.size);
    objectInfo(kernel, program.fd, info, PROG_INFO.size);
    assertEquals(PROG_INFO.run_cnt.get(info.view, PROG_INFO.run_cnt.offset), 0);
  },
);
