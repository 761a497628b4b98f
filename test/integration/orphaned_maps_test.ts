/**
 * A kernel may leak a prog_array that somebody opens by its id while it ends (workers/maps/walk.ts says how). The agent must
 * not be that somebody.
 */
import { Agent } from "../agent.ts";
import { Holder } from "../kernel/holder.ts";
import { whyNoCompiler } from "../kernel/compile.ts";
import { kernelTest } from "../kernel/skip.ts";

const ROUNDS = 4;
const MAPS = 1000;

/** How many of these maps are on the page. */
async function shown(ids: readonly number[], agent: Agent): Promise<number> {
  const page = await agent.page();
  const alive = new Set(
    page.samples("odigos_ebpf_map_info").map(({ labels }) => labels.map_id),
  );
  return ids.filter((id) => alive.has(String(id))).length;
}

kernelTest(
  "agent leaves no map behind that ends while it is sampled",
  async () => {
    await using agent = await Agent.start(["--interval", "20ms"]);
    await agent.ready();
    for (let round = 0; round < ROUNDS; round++) {
      const holder = await Holder.start(MAPS, 0, 0);
      const ids = holder.ids.map;
      await agent.eventually(
        "page with every held map",
        async () => await shown(ids, agent) === MAPS,
      );
      await holder[Symbol.asyncDispose]();
      await agent.eventually(
        "page without a map that was held: the kernel leaks them",
        async () => await shown(ids, agent) === 0,
      );
    }
  },
  whyNoCompiler(),
);
