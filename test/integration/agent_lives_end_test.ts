/**
 * main.ts between its two lives and at its ends: a worker that fails is handed the same iterators, what is no estate is refused, and
 * nothing of it outlives it, whenever and however it ends.
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { nextObjectId, openLibc } from "../../ffi/mod.ts";
import { Agent, DENO_ARGS, freePort, pause, runAgent } from "../agent.ts";
import { heldLinks, stringsOf, threadFields } from "../kernel/process.ts";
import { kernelTest } from "../kernel/skip.ts";

const KERNEL = openLibc();
const ROOT = new URL("../../", import.meta.url).pathname;
const FAULTY = new URL("../fixtures/agents/", import.meta.url).pathname;
const NONE = "0000000000000000";
const HANDLES = "BPFPULSE_HANDLES";
const PATIENCE_MS = 20_000;
const MAPS = { collector: "maps" };

async function eventually(
  what: string,
  probe: () => boolean | Promise<boolean>,
): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!await probe()) {
    if (performance.now() > until) throw new Error(`No ${what}`);
    await pause(1);
  }
}

type Held = ReturnType<typeof heldLinks>;

/** What the kernel still has of it. */
function stillThere({ links, programs }: Held): string[] {
  const listed = (kind: "link" | "program", ids: readonly number[]) =>
    ids.filter((id) => nextObjectId(KERNEL, kind, id - 1) === id).map((id) =>
      `${kind} ${id}`
    );
  return [...listed("link", links), ...listed("program", programs)];
}

/** Pins and mounts of bpffs that this machine shows. */
function pinsAndMounts(): string[] {
  const mounts = Deno.readTextFileSync("/proc/self/mountinfo").split("\n")
    .filter((line) => / - bpf /.test(line));
  const pins = [...Deno.readDirSync("/sys/fs/bpf")].map(({ name }) => name);
  return [...mounts, ...pins.sort()];
}

kernelTest(
  "agent hands a worker that starts anew the same iterators, and holds no capability then",
  async () => {
    await using agent = await Agent.start(["--interval", "50ms"], {
      root: FAULTY,
      env: { FIXTURE_FAULT: "throws" },
    });
    const before = heldLinks(agent.pid);
    assertGreater(before.links.length, 5);
    await agent.eventually("samples of the next life", async () => {
      const page = await agent.page();
      return page.value("odigos_ebpf_collector_restarts_total", MAPS) === 1 &&
        (page.value("odigos_ebpf_collector_samples_total", MAPS) ?? 0) > 8;
    });
    assertEquals(heldLinks(agent.pid), before);
    assertEquals(threadFields(agent.pid, ["CapEff", "NoNewPrivs"]), {
      CapEff: [NONE],
      NoNewPrivs: ["1"],
    });
    const { collectors } = JSON.parse((await agent.get("/readyz")).text);
    const { backend, status, errors } = collectors.find((
      { name }: { name: string },
    ) => name === "maps");
    assertEquals({ backend, status, errors }, {
      backend: "iterator",
      status: "sampling",
      errors: { worker: 1 },
    });
  },
);

for (const value of ["", "garbage", "0", "999", "-1", "3\x1b[31m"]) {
  kernelTest(
    `agent ends with 2 and one sentence for ${HANDLES}=${
      JSON.stringify(value)
    }`,
    async () => {
      const { code, stdout, stderr } = await runAgent([], { [HANDLES]: value });
      assertEquals([code, stdout], [2, ""]);
      assertMatch(
        stderr,
        /^Cannot take over what an earlier life left: [ -~]+; unset BPFPULSE_HANDLES, which bpfpulse sets for itself\n$/,
      );
    },
  );
}

/** An agent that no test waits for, which listens on a unix socket too. */
function spawnAgent(socket: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...[...DENO_ARGS, `${ROOT}main.ts`, "--listen", `unix:${socket}`],
      ...["--listen", `127.0.0.1:${freePort()}`],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function isSecondLife(pid: number): boolean {
  try {
    return stringsOf(pid, "environ").some((one) => one.startsWith(HANDLES));
  } catch {
    // It is between both.
    return false;
  }
}

/** Moments of a start, from the first to the last. */
const MOMENTS: Readonly<
  Record<string, (pid: number, socket: string) => boolean>
> = {
  "at once": () => true,
  "once it holds iterators": (pid) => heldLinks(pid).links.length > 0,
  "once its socket is there": (_, socket) => exists(socket),
  "in its second life": isSecondLife,
};

kernelTest(
  "agent that SIGTERM ends during its start leaves no object, pin or mount, and the next one starts",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "bpfpulse-start-" });
    const socket = `${folder}/socket`;
    const before = pinsAndMounts();
    try {
      for (const [moment, isThere] of Object.entries(MOMENTS)) {
        const child = spawnAgent(socket);
        await eventually(moment, () => isThere(child.pid, socket));
        const held = heldLinks(child.pid);
        child.kill("SIGTERM");
        const { code, signal } = await child.status;
        assert(
          signal === "SIGTERM" || code === 0,
          `${moment}: expected 0 or the signal, found ${code}`,
        );
        await eventually(
          `end of all objects, ${moment}`,
          () => stillThere(held).length === 0,
        );
        // Who is ended before anything listens may leave the file; then nobody answers there.
        if (signal === null) assertEquals(exists(socket), false, moment);
      }
      await using agent = await Agent.start(["--listen", `unix:${socket}`]);
      assertEquals(agent.complaints, []);
      agent.kill("SIGTERM");
      assertEquals((await agent.ended()).code, 0);
      assertEquals(exists(socket), false);
      assertEquals(pinsAndMounts(), before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

kernelTest(
  "agent that cannot listen leaves no socket, in whichever life it finds out",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "bpfpulse-start-" });
    const path = `${folder}/socket`;
    try {
      using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      using privileged = listenBelow1024();
      for (const { port } of [free.addr, privileged.addr]) {
        const addresses = [`127.0.0.1:${port}`, `unix:${path}`];
        for (const order of [addresses, addresses.toReversed()]) {
          const { code, stderr } = await runAgent(
            order.flatMap((address) => ["--listen", address]),
          );
          assertMatch(stderr, /the port is in use/);
          assertEquals([code, exists(path)], [1, false], order.join(" "));
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

function listenBelow1024(): Deno.TcpListener {
  for (let port = 1023; port > 512; port--) {
    try {
      return Deno.listen({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot find a free port below 1024");
}

kernelTest(
  "agent that SIGKILL ends leaves no object, no pin and no mount",
  async () => {
    const before = pinsAndMounts();
    await using agent = await Agent.start(["--interval", "50ms"]);
    await agent.ready();
    const held = heldLinks(agent.pid);
    assertGreater(held.links.length, 5);
    assertEquals(stillThere(held).length, held.links.length * 2);
    assertEquals(pinsAndMounts(), before);
    agent.kill("SIGKILL");
    await agent.ended();
    await eventually("end of all objects", () => stillThere(held).length === 0);
    assertEquals(pinsAndMounts(), before);
  },
);
