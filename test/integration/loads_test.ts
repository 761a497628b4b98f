/**
 * Programs that live shorter than the agent's interval: the kernel's own stream tells of each, where the agent's samples see nearly
 * none.
 */
import { assertEquals, assertGreater } from "@std/assert";
import {
  Fd,
  LoadEventReader,
  openLibc,
  openLoadEvents,
} from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import { returns } from "../kernel/instructions.ts";
import { makeProgram } from "../kernel/programs.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";

const PROGRAMS = 2_000;

/** Loads and unloads them one after the other. */
function churn(count: number): void {
  for (let i = 0; i < count; i++) {
    using workshop = new Workshop();
    const program = makeProgram(workshop, {
      type: "socket_filter",
      code: returns(i % 100),
    });
    if (program === undefined) throw new Error("no program could be loaded");
  }
}

kernelTest(
  "LoadEventReader counts programs that are loaded and unloaded at once, each of them",
  () => {
    const kernel = openLibc();
    const fds = openLoadEvents(kernel);
    if (typeof fds === "string") throw new Error(fds);
    using stack = new DisposableStack();
    for (const fd of fds) stack.use(new Fd(kernel, fd));
    const reader = LoadEventReader.over(kernel, fds);
    if (typeof reader === "string") throw new Error(reader);
    reader.read();
    churn(500);
    const counts = reader.read() ?? { loaded: 0, unloaded: 0, lost: 0 };
    // Other processes' programs are in it too.
    assertGreater(counts.loaded, 499);
    assertGreater(counts.unloaded, 499);
    assertEquals(counts.lost, 0);
  },
);

kernelTest(
  `agent counts ${PROGRAMS} programs that no sample sees, within 1 %`,
  async () => {
    await using agent = await Agent.start(["--interval", "250ms"]);
    await agent.ready();
    const created = async (what: string) =>
      (await agent.page()).value(`odigos_ebpf_objects_${what}_total`, {
        type: "program",
      }) ?? 0;
    const before = [await created("created"), await created("destroyed")];
    churn(PROGRAMS);
    let seen = [0, 0];
    await agent.eventually("all of them", async () => {
      seen = [
        await created("created") - before[0],
        await created("destroyed") - before[1],
      ];
      return seen.every((count) => count >= PROGRAMS);
    });
    // deno-lint-ignore no-console -- how close is part of the result
    console.log(`${PROGRAMS} loaded, ${seen} counted`);
    const { tables } = JSON.parse((await agent.get("/readyz")).text);
    assertEquals(tables.program.createdQuality, "exact");
    assertEquals(tables.map.createdQuality, "lower bound");
  },
);
