/**
 * main.ts as a process that counts operations: what is attached in each mode, with no capability left, and that nothing of it stays
 * behind whatever ends the agent.
 */
import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import {
  attachedBy,
  countingPrograms,
  leftOf,
  objectsOf,
} from "../kernel/agent_objects.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { threadFields } from "../kernel/process.ts";
import { whyNoBpftool } from "../kernel/reference.ts";
import { kernelTest } from "../kernel/skip.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

/** Other kinds of objects may be out of reach on an older kernel. */
function complaints(agent: Agent): unknown[] {
  return agent.complaints.filter(({ message }) => /count/.test(`${message}`));
}

kernelTest(
  "agent attaches nothing to system calls unless it is asked to",
  async () => {
    await using agent = await Agent.start();
    await agent.ready();
    assertEquals(attachedBy(agent.pid), []);
  },
);

kernelTest(
  "agent --operations on counts without a capability, and says what that costs",
  async () => {
    await using agent = await Agent.start(["--operations", "on"]);
    await agent.ready();
    const programs = attachedBy(agent.pid);
    assertEquals(programs.length, await countingPrograms(agent));
    assertEquals(threadFields(agent.pid, ["CapEff"]).CapEff, [
      "0000000000000000",
    ]);
    assertEquals(complaints(agent), []);
    const { operations } = JSON.parse((await agent.get("/readyz")).text);
    assertEquals(operations.isAttached, true);
    assertEquals(operations.mode, "on");
    assert(/ns longer/.test(operations.cost), operations.cost);
    assert(/observing/.test((await agent.get("/")).text));
  },
  noBtf,
);

kernelTest(
  "agent --operations window=1s/2s attaches for a second, detaches, and attaches again",
  async () => {
    await using agent = await Agent.start([
      "--operations",
      "window=1s/2s",
      "--interval",
      "50ms",
    ]);
    await agent.ready();
    const seen: number[] = [];
    const own = new Set<number>();
    const all = await countingPrograms(agent);
    for (const count of [all, 0, all, 0]) {
      await agent.eventually(`${count} attached programs`, async () => {
        const now = attachedBy(agent.pid);
        for (const id of now) own.add(id);
        // What the agent attaches is among its own objects, also while it is attached.
        const links = (await agent.page())
          .by("odigos_ebpf_link_info", "prog_id");
        for (const id of own) assert(!links.has(String(id)), `link of ${id}`);
        return now.length === count && seen.push(count) > 0;
      });
    }
    assertEquals(seen, [all, 0, all, 0]);
    assertEquals(complaints(agent), []);
  },
  noBtf,
);

for (
  const [mode, isAttached] of [
    ["off", false],
    ["on", true],
    // Within its first window, and behind it.
    ["window=1h/24h", true],
    ["window=1s/1h", false],
  ] as const
) {
  kernelTest(
    `agent --operations ${mode} leaves nothing behind after SIGKILL, while it ${
      isAttached ? "counts" : "does not count"
    }`,
    async () => {
      const sysctl = () =>
        Deno.readTextFileSync("/proc/sys/kernel/bpf_stats_enabled");
      const before = sysctl();
      await using agent = await Agent.start(["--operations", mode]);
      await agent.ready();
      const count = isAttached ? await countingPrograms(agent) : 0;
      await agent.eventually(`${count} attached programs`, async () => {
        const { text } = await agent.get("/readyz");
        const { attachedRatio = 0 } = JSON.parse(text).operations;
        // There was a window, where there are any.
        return attachedBy(agent.pid).length === count &&
          (mode === "off" || attachedRatio > 0);
      });
      const objects = objectsOf(agent.pid);
      // Where operations are counted: two programs, their three maps, the iterator over the counts.
      if (mode !== "off") assert(objects.map.size >= 3);
      assert(objects.program.size > 0 && objects.link.size > 0);
      agent.kill("SIGKILL");
      await agent.ended();
      assertEquals(await leftOf(openLibc(), objects), []);
      assertEquals(sysctl(), before);
    },
    noBtf,
    whyNoBpftool(),
  );
}
