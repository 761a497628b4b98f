/**
 * Tools that this project did not make, as owners: what bpftrace and bcc's tools hold carries their name on the API and on /metrics, and
 * nothing that goes away with a tool that was killed is called an orphan meanwhile.
 */
import { assert, assertEquals } from "@std/assert";
import { Agent } from "../agent.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { type ObjectKey, viewAfter } from "../kernel/owner_view.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const PATIENCE_MS = 60_000;
const LOOKS_AFTER = 4;

interface Tool {
  readonly command: readonly [string, ...string[]];
  /** At most 15 letters. */
  readonly comm: string;
}

const TOOLS: readonly Tool[] = [
  {
    command: ["bpftrace", "-e", "interval:ms:100 { @x = count(); }"],
    comm: "bpftrace",
  },
  { command: ["syscount-bpfcc", "-i", "60"], comm: "syscount-bpfcc" },
];

/** A tool that runs; why it does not after its end. */
class Running implements AsyncDisposable {
  readonly pid: number;
  end: string | undefined;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<void>;

  constructor({ command: [command, ...args] }: Tool) {
    this.#child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#ended = this.#child.output().then(({ stderr }) => {
      const lines = new TextDecoder().decode(stderr).trim().split("\n");
      this.end = lines.at(-1) ?? "";
    });
  }

  /** When this returns, its descriptors are closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.end === undefined) this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

function started(tool: Tool): Running | string {
  try {
    return new Running(tool);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return `there is no ${tool.command[0]} here`;
    }
    throw error;
  }
}

async function objectsOf(agent: Agent, owner: number): Promise<ObjectKey[]> {
  const found = await Promise.all(
    (["map", "program", "link"] as const).map(async (type) => {
      const path = `/api/v1/objects/${type}?owner=${owner}&limit=1000`;
      const { status, text } = await agent.get(path);
      if (status !== 200) return [];
      return JSON.parse(text).objects.map(({ id }: ObjectKey) => ({
        type,
        id,
      }));
    }),
  );
  return found.flat();
}

for (const tool of TOOLS) {
  kernelTest(
    `agent says what ${tool.comm} owns, and calls nothing of it an orphan after SIGKILL`,
    async (t) => {
      await using agent = await Agent.start([
        ...["--interval-holders", "1s", "--max-series", "100000"],
      ]);
      await agent.ready();
      const running = started(tool);
      if (typeof running === "string") return skip(t.name, running);
      await using _ = running;
      let keys: ObjectKey[] = [];
      await agent.eventually(
        `a map and a program of ${tool.comm}`,
        async () => {
          keys = await objectsOf(agent, running.pid);
          return running.end !== undefined ||
            ["map", "program"].every((wanted) =>
              keys.some(({ type }) => type === wanted)
            );
        },
        PATIENCE_MS,
      );
      if (running.end !== undefined) return skip(t.name, running.end);

      // It may not have made all of them yet.
      await viewAfter(agent, Date.now(), 1, keys);
      keys = await objectsOf(agent, running.pid);
      const held = await viewAfter(agent, Date.now(), 1, keys);
      for (const [i, { owner, metric, gone, orphan }] of held.entries()) {
        const is = `${running.pid} ${tool.comm}`;
        assertEquals(
          [keys[i].type, owner, metric, gone, orphan],
          [keys[i].type, is, is, false, ""],
        );
      }

      await running[Symbol.asyncDispose]();
      const killedAtMs = Date.now();
      const said: string[] = [];
      const looks = new Set<string>();
      await agent.eventually("looks after the end", async () => {
        const { text } = await agent.get("/api/v1/snapshot");
        const { holders, objects } = JSON.parse(text);
        for (const { type, id } of keys) {
          const left = objects[type].find((one: ObjectKey) => one.id === id);
          if (left?.orphan === true) said.push(`${type} ${id}`);
        }
        if (Date.parse(holders.taken_at) > killedAtMs) {
          looks.add(holders.taken_at);
        }
        return looks.size >= LOOKS_AFTER;
      }, PATIENCE_MS);
      assertEquals(said, []);
      assertEquals(await objectsOf(agent, running.pid), []);
      assert(keys.length >= 2);
      assertEquals(agent.complaints, []);
    },
    kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  );
}
