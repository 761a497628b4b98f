/**
 * main.ts as a process that counts operations: its page equals what programs counted themselves, by map, type, operation, manager and
 * errno, also beside its other modes, another agent, and programs that end at once.
 */
import { assert, assertEquals } from "@std/assert";
import { Agent } from "../agent.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { compile, whyNoTool } from "../kernel/compile.ts";
import { assertLoads, operate, type Operated } from "../kernel/operate.ts";
import {
  ownManagerCounts,
  ownMapCounts,
  toldLoads,
  toldManagerCounts,
  toldMapCounts,
} from "../kernel/operated_page.ts";
import { whyNoBpftool } from "../kernel/reference.ts";
import { kernelTest } from "../kernel/skip.ts";

const NO_AGENT = kernelBtf() === undefined
  ? "the kernel has no BTF"
  : undefined;
const ON = ["--operations", "on", "--manager", "tried=comm:^operate"];
/** The agent looks for the container of a process that it does not know for ten seconds. */
const PATIENCE_MS = 30_000;

/** Waits until the agent has told as many operations as there were, and compares everything. */
async function assertTold(agent: Agent, operated: Operated): Promise<void> {
  const maps = ownMapCounts([operated]);
  const manager = ownManagerCounts([operated]);
  const ids = Object.keys(operated.types);
  let page = await agent.page();
  await agent.eventually(
    "counts of everything that was done",
    async () => {
      page = await agent.page();
      return sum(toldMapCounts(page, ids)) >= sum(maps) &&
        toldManagerCounts(page, "tried").loads >= manager.loads;
    },
    PATIENCE_MS,
  );
  assertEquals(toldMapCounts(page, ids), maps);
  assertEquals(toldManagerCounts(page, "tried"), manager);
  assertLoads(toldLoads(page, "tried"), operated.loads);
  assertEquals(page.value("odigos_ebpf_collector_operations_lost_total"), 0);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

for (
  const [what, args, count, threads] of [
    ["10,000 of each operation", ["--run-stats", "off"], 10_000, 1],
    [
      "eight threads at once, beside every other mode at its shortest interval",
      [
        ...["--run-stats", "on", "--interval", "20ms"],
        ...["--interval-holders", "1s", "--include-self"],
      ],
      1_250,
      8,
    ],
  ] as const
) {
  kernelTest(
    `agent --operations on tells by map, type, operation, manager and errno what a program did: ${what}`,
    async () => {
      await using agent = await Agent.start([...ON, ...args]);
      await agent.ready();
      await operate(count, threads, {
        afterwards: (operated) => assertTold(agent, operated),
      });
    },
    NO_AGENT,
    whyNoTool("operate"),
  );
}

kernelTest(
  "agent --operations on counts what bpftool does, as its manager's",
  async () => {
    const UPDATES = 20;
    await using agent = await Agent.start(["--operations", "on"]);
    await agent.ready();
    await operate(1, 1, {
      async afterwards({ types, counts }) {
        const [id] = Object.entries(types).find(([, type]) =>
          type === "hash"
        ) ?? [""];
        for (let i = 0; i < UPDATES; i++) {
          const { success } = await new Deno.Command("bpftool", {
            args: [
              ...["map", "update", "id", id, "key", `${i}`, "0", "0", "0"],
              ...["value", "1", "0", "0", "0", "0", "0", "0", "0"],
            ],
          }).output();
          assert(success, "bpftool failed");
        }
        const own = ownMapCounts([{ types, counts }])[`${id} hash update`];
        await agent.eventually("updates by bpftool", async () => {
          const page = await agent.page();
          return toldManagerCounts(page, "bpftool").updates >= UPDATES;
        }, PATIENCE_MS);
        const page = await agent.page();
        assertEquals(toldManagerCounts(page, "bpftool").updates, UPDATES);
        const told = toldMapCounts(page, [id])[`${id} hash update`];
        assertEquals(told, own + UPDATES);
      },
    });
  },
  NO_AGENT,
  whyNoTool("operate"),
  whyNoBpftool(),
);

kernelTest(
  "agent --operations on counts the loads of programs that end at once, as their manager's",
  async () => {
    const RUNS = 10;
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/shortlived`;
      await Deno.copyFile(compile("operate"), path);
      await using agent = await Agent.start(["--operations", "on"]);
      await agent.ready();
      const operated: Operated[] = [];
      for (let i = 0; i < RUNS; i++) {
        operated.push(await operate(1, 1, { path }));
      }
      const own = ownManagerCounts(operated);
      await agent.eventually("their loads", async () => {
        const told = toldManagerCounts(await agent.page(), "shortlived");
        return told.loads >= own.loads && told.lookups >= own.lookups;
      }, PATIENCE_MS);
      const told = toldManagerCounts(await agent.page(), "shortlived");
      assertEquals(told, own);
      assertEquals(told.loads, 4 * RUNS);
      // Most of their maps no sample has seen, which the next one tells.
      await agent.eventually("operations on all their maps", async () => {
        const counted = (await agent.page())
          .samples("odigos_ebpf_map_operations_total")
          .filter(({ labels: { map_id, map_name } }) =>
            map_id === "unseen" || map_name === "operated"
          ).reduce((count, { value }) => count + value, 0);
        return counted >= sum(ownMapCounts(operated));
      }, PATIENCE_MS);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  NO_AGENT,
  whyNoTool("operate"),
);

kernelTest(
  "two agents that count operations tell the same, and nothing of what the other one reads",
  async () => {
    await using one = await Agent.start([...ON, "--interval", "50ms"]);
    await one.ready();
    await using two = await Agent.start([
      ...[...ON, "--manager", `one=pid:${one.pid}`],
      ...["--interval", "50ms"],
    ]);
    await two.ready();
    const samples = async () => {
      const page = await two.page();
      return page.samples("odigos_ebpf_collector_samples_total")
        .reduce((all, { value }) => all + value, 0);
    };
    const before = await samples();
    await operate(1_000, 4, {
      async afterwards(operated) {
        await assertTold(one, operated);
        await assertTold(two, operated);
        // Both have read on meanwhile, also each other's maps.
        await two.eventually(
          "a hundred samples",
          async () => await samples() > before + 100,
        );
      },
    });
    const nothing = { lookups: 0, updates: 0, errors: {}, loads: 0 };
    assertEquals(toldManagerCounts(await two.page(), "one"), nothing);
  },
  NO_AGENT,
  whyNoTool("operate"),
);
