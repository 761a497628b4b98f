/** main.ts as a process that counts operations: its page against what a program counted itself, by map and by manager. */
import { assertEquals } from "@std/assert";
import { Agent, pause } from "../agent.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { operate } from "../kernel/operate.ts";
import { kernelTest } from "../kernel/skip.ts";

kernelTest(
  "agent --operations on tells operations by manager as the program counted them",
  async () => {
    await using agent = await Agent.start([
      "--operations",
      "on",
      "--manager",
      "tried=comm:^operate",
    ]);
    await agent.ready();
    const { counts } = await operate(1_000, 4);
    const sumOf = (what: RegExp) =>
      Object.entries(counts).reduce(
        (sum, [key, count]) => what.test(key) ? sum + count : sum,
        0,
      );
    // What was tried on a descriptor that was none is no operation on a map.
    const lookups = sumOf(/^\d+ lookup\w* (?!9$)/);
    const updates = sumOf(/^\d+ update\w* (?!9$)/);
    const valueOf = async (name: string) => {
      const { text } = await agent.get("/metrics");
      const line = text.split("\n").find((one) =>
        one.startsWith(`odigos_ebpf_instrumentation_manager_${name}`)
      );
      return Number(line?.split(" ").at(-1) ?? NaN);
    };
    // Counts wait ten seconds for the container of a process that holds nothing any more.
    for (let i = 0; i < 300; i++) {
      if (await valueOf("map_lookups_total") === lookups) break;
      await pause(50);
    }
    assertEquals(await valueOf("map_lookups_total"), lookups);
    assertEquals(await valueOf("map_updates_total"), updates);
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
);
