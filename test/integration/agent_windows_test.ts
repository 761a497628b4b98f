/**
 * main.ts as a process that counts operations in windows, without a capability: what happened in them is counted, nothing else, and page,
 * metrics and /readyz say when it observes.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Agent } from "../agent.ts";
import { attachedBy, countingPrograms } from "../kernel/agent_objects.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { operate, type Operated } from "../kernel/operate.ts";
import { threadFields } from "../kernel/process.ts";
import { readBpftool, whyNoBpftool } from "../kernel/reference.ts";
import { kernelTest } from "../kernel/skip.ts";

/** Enough to be among the five busiest. */
const COUNT = 40_000;

interface Told {
  readonly mode: string;
  readonly isAttached: boolean;
  readonly isWindowed: boolean;
  readonly quality: string;
  readonly attachedRatio: number;
  readonly busiestMaps: readonly {
    readonly id: number;
    readonly perSecond: number;
    readonly counted: number;
    readonly by?: { readonly comm: string; readonly pid: number };
  }[];
}

/** The one that it used. */
function mapOf({ counts }: Operated): number {
  return Number(Object.keys(counts)[0].split(" ")[0]);
}

async function toldBy(agent: Agent): Promise<Told> {
  return JSON.parse((await agent.get("/readyz")).text).operations;
}

async function assertObserving(agent: Agent, isAttached: boolean) {
  const page = await agent.page();
  assertEquals(
    page.samples("odigos_ebpf_collector_operations_attached")
      .map(({ value }) => value),
    [isAttached ? 1 : 0],
  );
  // What was counted in windows is no total.
  for (
    const name of [
      "map_operations_total",
      "instrumentation_manager_map_lookups_total",
      "instrumentation_manager_program_load_duration_ms_count",
    ]
  ) {
    assertEquals(page.samples(`odigos_ebpf_${name}`), [], name);
  }
  const { text } = await agent.get("/");
  assertMatch(text, isAttached ? /observing/ : /between windows/);
}

kernelTest(
  "agent --operations window=4s/8s counts what happened in windows, and says when it observes",
  async () => {
    await using agent = await Agent.start(["--operations", "window=4s/8s"]);
    await agent.ready();
    const becomes = (isAttached: boolean) =>
      agent.eventually(
        isAttached ? "a window" : "the end of a window",
        async () => (await toldBy(agent)).isAttached === isAttached,
      );
    await becomes(true);
    const programs = attachedBy(agent.pid);
    assertEquals(programs.length, await countingPrograms(agent));
    assertEquals(
      threadFields(agent.pid, ["CapEff"]).CapEff,
      ["0000000000000000"],
    );
    await assertObserving(agent, true);
    await operate(COUNT, 1, {
      only: "lookup",
      async afterwards(inside) {
        assertEquals(attachedBy(agent.pid), programs, "the window has ended");
        await becomes(false);
        assertEquals(attachedBy(agent.pid), []);
        const links = [...readBpftool("link").values()];
        assert(!links.some((link) => programs.includes(Number(link.prog_id))));
        await assertObserving(agent, false);
        const of = async (id: number) =>
          (await toldBy(agent)).busiestMaps.find((map) => map.id === id);
        const insideId = mapOf(inside);
        await agent.eventually(
          "what was read of the window",
          async () => (await of(insideId))?.counted === COUNT,
        );
        const busy = await of(insideId);
        assert((busy?.perSecond ?? 0) > COUNT / 5, `${busy?.perSecond}`);
        assertEquals(busy?.by?.pid, inside.pid);
        await operate(2 * COUNT, 1, {
          only: "lookup",
          async afterwards(outside) {
            assertEquals(attachedBy(agent.pid), [], "a window has begun");
            await becomes(true);
            await becomes(false);
            assertEquals(await of(mapOf(outside)), undefined);
            // Maps that are used now may come before it.
            assertEquals((await of(insideId))?.counted ?? COUNT, COUNT);
            const told = await toldBy(agent);
            const { mode, isWindowed, quality, attachedRatio } = told;
            assertEquals([mode, isWindowed, quality], [
              "window",
              true,
              "estimated",
            ]);
            assert(attachedRatio > 0.4 && attachedRatio < 0.8);
          },
        });
      },
    });
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("operate"),
  whyNoBpftool(),
);
