/**
 * main.ts as a process that counts operations: what is attached in each mode, with no capability left, and that nothing of it stays
 * behind whatever ends the agent.
 */
import { assert, assertEquals } from "@std/assert";
import { ENOENT, openLibc, openObject } from "../../ffi/mod.ts";
import { Agent, pause } from "../agent.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { threadFields } from "../kernel/process.ts";
import { kernelTest } from "../kernel/skip.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

/** Ids of programs that the agent has attached to functions or tracepoints. */
function attachedBy({ pid }: Agent): number[] {
  const folder = `/proc/${pid}/fdinfo`;
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    const text = textOf(`${folder}/${name}`);
    const [, id] = text.match(
      /^link_type:\t(?:tracing|raw_tracepoint)$[^]*^prog_id:\t(\d+)$/m,
    ) ?? [];
    return id === undefined ? [] : [Number(id)];
  });
}

/** Other kinds of objects may be out of reach on an older kernel. */
function complaints(agent: Agent): unknown[] {
  return agent.complaints.filter(({ message }) => /count/.test(`${message}`));
}

/** Empty for a descriptor that was closed meanwhile. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

kernelTest(
  "agent attaches nothing to system calls unless it is asked to",
  async () => {
    await using agent = await Agent.start();
    await agent.ready();
    assertEquals(attachedBy(agent), []);
  },
);

kernelTest(
  "agent --operations on counts without a capability, and SIGKILL leaves nothing attached",
  async () => {
    const kernel = openLibc();
    await using agent = await Agent.start(["--operations", "on"]);
    await agent.ready();
    const programs = attachedBy(agent);
    assertEquals(programs.length, 2);
    assertEquals(threadFields(agent.pid, ["CapEff"]).CapEff, [
      "0000000000000000",
    ]);
    assertEquals(complaints(agent), []);
    agent.kill("SIGKILL");
    await agent.ended();
    const isGone = (id: number) => {
      const fd = openObject(kernel, "program", id);
      if (fd >= 0) kernel.close(fd);
      return fd === -ENOENT;
    };
    // The kernel frees them a moment after their last descriptor.
    for (let i = 0; i < 1_000 && !programs.every(isGone); i++) await pause(5);
    assert(programs.every(isGone), "programs are still there");
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
    for (const count of [2, 0, 2, 0]) {
      await agent.eventually(`${count} attached programs`, async () => {
        const now = attachedBy(agent);
        for (const id of now) own.add(id);
        // What the agent attaches is among its own objects, also while it is attached.
        const links = (await agent.page())
          .by("odigos_ebpf_link_info", "prog_id");
        for (const id of own) assert(!links.has(String(id)), `link of ${id}`);
        return now.length === count && seen.push(count) > 0;
      });
    }
    assertEquals(seen, [2, 0, 2, 0]);
    assertEquals(complaints(agent), []);
  },
  noBtf,
);
