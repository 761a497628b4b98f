/**
 * main.ts as a process that gives up its privileges: what its threads hold afterwards, that it sees, serves and renews everything all
 * the same, and that nobody sees a secret or a surprise in its arguments and environment.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { request } from "node:http";
import { testRunProgram } from "../../ffi/mod.ts";
import { Agent, DENO_ARGS, runAgent } from "../agent.ts";
import { returns } from "../kernel/instructions.ts";
import { createTracepointLink } from "../kernel/links.ts";
import { makeMap } from "../kernel/maps.ts";
import { stringsOf, threadFields } from "../kernel/process.ts";
import { makeProgram } from "../kernel/programs.ts";
import { readBpftool, whyNoBpftool } from "../kernel/reference.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { type Unprivileged, unprivileged } from "../kernel/unprivileged.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";
import { makeTls, whyNoOpenssl } from "../tls_files.ts";

const NONE = "0000000000000000";
const CAP_SYS_ADMIN = "0000000000200000";
const HANDLES = "BPFPULSE_HANDLES";
const FIELDS = ["CapPrm", "CapEff", "CapAmb", "NoNewPrivs"];
const FAST = ["--interval", "50ms"];
const CAN_BPF = "-all,+bpf,+perfmon";

/** Every thread has `set` and no way to more. */
function assertHolds({ pid }: Agent, set: string): void {
  const { CapPrm, CapEff, NoNewPrivs } = threadFields(pid, FIELDS);
  assertEquals({ CapPrm, CapEff, NoNewPrivs }, {
    CapPrm: [set],
    CapEff: [set],
    NoNewPrivs: ["1"],
  });
}

/** A folder of this test's, which everybody may use. */
class Folder implements Disposable {
  readonly #root = Deno.makeTempDirSync({ prefix: "bpfpulse-lives-" });

  constructor() {
    Deno.chmodSync(this.#root, 0o777);
  }

  path(name: string): string {
    return `${this.#root}/${name}`;
  }

  write(name: string, text: string): string {
    Deno.writeTextFileSync(this.path(name), text, { mode: 0o600 });
    return this.path(name);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#root, { recursive: true });
  }
}

/** A map, a program and a link, made just now. */
function makeOneOfEach(
  workshop: Workshop,
): Record<"map" | "prog" | "link", Made> {
  const map = makeMap(workshop, { type: "array", key: 4, value: 8, max: 1 });
  const prog = makeProgram(workshop, {
    type: "socket_filter",
    code: returns(0),
    name: "made_later",
  });
  const attached = makeProgram(workshop, {
    type: "raw_tracepoint",
    code: returns(0),
  });
  assert(map !== undefined && prog !== undefined && attached !== undefined);
  const link = workshop.need(
    "link",
    "link raw_tracepoint",
    createTracepointLink(workshop, attached.fd, "sched_process_exit"),
  );
  return { map, prog, link };
}

/** Waits until the page has all of them. */
async function onPage(
  agent: Agent,
  made: Record<"map" | "prog" | "link", Made>,
): Promise<void> {
  await agent.eventually("page with what was made later", async () => {
    const page = await agent.page();
    return Object.entries(made).every(([kind, { id }]) =>
      page.by(
        `odigos_ebpf_${kind === "prog" ? "program" : kind}_info`,
        `${kind}_id`,
      ).has(`${id}`)
    );
  });
}

kernelTest(
  "agent without a capability sees what is made afterwards, by bpftool's ids, and counts its runs",
  async () => {
    await using agent = await Agent.start(FAST);
    assertHolds(agent, NONE);
    await agent.ready();
    using workshop = new Workshop();
    const made = makeOneOfEach(workshop);
    await onPage(agent, made);
    if (whyNoBpftool() === undefined) {
      for (const { kind, id } of Object.values(made)) {
        assert(readBpftool(kind).has(id), `${kind} ${id}`);
      }
    } else {skip(
        "objects made after the drop beside bpftool",
        `${whyNoBpftool()}`,
      );}

    const packet = workshop.kernel.allocate(64);
    testRunProgram(workshop.kernel, made.prog.fd, packet, 64, 100);
    const prog = { prog_id: `${made.prog.id}` };
    await agent.eventually(
      "its 100 runs",
      async () =>
        (await agent.page()).value("odigos_ebpf_program_runs_total", prog) ===
          100,
    );
    const page = await agent.page();
    assertGreater(
      page.value("odigos_ebpf_program_runtime_ns_total", prog),
      0,
    );
    assertEquals(page.value("odigos_ebpf_agent_capabilities"), 0);
    assertEquals(page.samples("odigos_ebpf_agent_capability_info"), []);
    const { privileges } = JSON.parse((await agent.get("/readyz")).text);
    assertEquals([privileges.dropped, privileges.held], [true, []]);
    // Threads that have started since are as the others.
    assertHolds(agent, NONE);
    assertEquals(agent.complaints, []);
  },
);

kernelTest(
  "agent shows what was typed, no secret, and renews token and certificate without a capability",
  async () => {
    using files = new Folder();
    const before = makeTls();
    const secrets = { token: "tok-en-before-0123456789", ...before };
    const args = [
      ...[...FAST, "--auth-token-file", files.write("token", secrets.token)],
      ...["--tls-cert", files.write("cert", before.cert)],
      ...["--tls-key", files.write("key", before.key)],
    ];
    const env = { BPFPULSE_LOG_LEVEL: "info" };
    await using agent = await Agent.start(args, { env });
    assertHolds(agent, NONE);
    const address = agent.url.replace("http://", "");
    const typed = stringsOf(agent.pid, "cmdline");
    const own = ["--listen", address, "--log-format", "json", ...args];
    assertEquals(typed.slice(-own.length), own);
    if (Deno.env.get("AGENT_BINARY") === undefined) {
      assertEquals(typed.slice(0, -own.length - 1), [
        Deno.execPath(),
        ...DENO_ARGS,
      ]);
    }
    const environ = stringsOf(agent.pid, "environ");
    const here = Object.entries({
      ...Deno.env.toObject(),
      ...env,
    }).map(([name, value]) => `${name}=${value}`);
    const added = environ.filter((one) => !here.includes(one));
    assertMatch(added.join("\n"), new RegExp(`^${HANDLES}=\\d+$`));
    const visible = [...typed, ...environ].join("\n");
    for (const secret of [secrets.token, keyOf(before.key)]) {
      assertEquals(visible.includes(secret), false);
    }

    const after = makeTls();
    files.write("token", "tok-en-after-9876543210");
    files.write("cert", after.cert);
    files.write("key", after.key);
    agent.kill("SIGHUP");
    await agent.eventually(
      "reload",
      () => agent.lines.some((line) => line.includes('"Reloaded"')),
    );
    using client = Deno.createHttpClient({ caCerts: [after.cert] });
    const statusWith = async (token: string) => {
      const response = await fetch(`https://${address}/readyz`, {
        client,
        headers: { authorization: `Bearer ${token}` },
      });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await statusWith(secrets.token), 401);
    await agent.eventually(
      "200 with the new token",
      async () => await statusWith("tok-en-after-9876543210") === 200,
    );
    assertEquals(agent.complaints, []);
  },
  whyNoOpenssl(),
);

/** A line of the key itself. */
function keyOf(pem: string): string {
  return pem.split("\n")[1];
}

kernelTest(
  "agent with --backend walk keeps CAP_SYS_ADMIN alone and says why, as check does",
  async () => {
    const why = "--backend walk opens every object by its id";
    const checked = runAgent([
      "check",
      "--backend",
      "walk",
      "--format",
      "json",
    ]);
    await using agent = await Agent.start([...FAST, "--backend", "walk"]);
    assertHolds(agent, CAP_SYS_ADMIN);
    await agent.ready();
    const page = await agent.page();
    assertEquals(page.value("odigos_ebpf_agent_capabilities"), 1);
    assertEquals(
      page.samples("odigos_ebpf_agent_capability_info").map((
        { labels },
      ) => labels),
      [{ capability: "CAP_SYS_ADMIN", reason: why }],
    );
    const { privileges } = JSON.parse((await agent.get("/readyz")).text);
    assertEquals(privileges.held, [{ capability: "CAP_SYS_ADMIN", why }]);
    using workshop = new Workshop();
    await onPage(agent, makeOneOfEach(workshop));
    assertStringIncludes(
      (await checked).stdout,
      `keeps CAP_SYS_ADMIN (${why})`,
    );
    assertEquals(agent.complaints, []);
  },
);

kernelTest(
  "agent with --keep-privileges begins no second life",
  async () => {
    await using agent = await Agent.start([...FAST, "--keep-privileges"]);
    const here = threadFields(Deno.pid, FIELDS);
    assertEquals(threadFields(agent.pid, FIELDS), here);
    assertEquals(
      stringsOf(agent.pid, "environ").filter((one) => one.startsWith(HANDLES)),
      [],
    );
    await agent.ready();
    const page = await agent.page();
    assertGreater(page.value("odigos_ebpf_agent_capabilities"), 1);
    assertEquals(
      new Set(
        page.samples("odigos_ebpf_agent_capability_info").map(({ labels }) =>
          labels.reason
        ),
      ),
      new Set(["--keep-privileges"]),
    );
  },
);

kernelTest(
  "agent with CAP_BPF and CAP_PERFMON alone is ready, walks nothing and is refused nothing",
  async () => {
    const prefix = ["setpriv", "--inh-caps", CAN_BPF, "--bounding-set"];
    await using agent = await Agent.start(
      [...FAST, "--log-level", "debug"],
      { prefix: [...prefix, CAN_BPF] },
    );
    assertHolds(agent, NONE);
    await agent.ready();
    using workshop = new Workshop();
    await onPage(agent, makeOneOfEach(workshop));
    const page = await agent.page();
    const types = page.by("odigos_ebpf_objects_total", "type");
    for (const type of ["map", "program", "link"]) {
      assertGreater(types.get(type)?.value, 0, type);
    }
    assertEquals(
      page.samples("odigos_ebpf_collector_errors_total").filter(({ value }) =>
        value > 0
      ),
      [],
    );
    assertEquals(agent.lines.filter((line) => /EPERM/.test(line)), []);
    const { collectors } = JSON.parse((await agent.get("/readyz")).text);
    for (const { name, backend } of collectors) {
      assertEquals(backend, "iterator", name);
    }
  },
);

/** The highest port below 1024 that is free here. */
function freePrivilegedPort(): number {
  for (let port = 1023; port > 512; port--) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot find a free port below 1024");
}

/** The status of an answer over a unix socket. */
function statusOver(socketPath: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<
    number | undefined
  >();
  const asked = request({ socketPath, path: "/healthz" }, (answer) => {
    answer.resume();
    answer.on("end", () => resolve(answer.statusCode));
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

for (const user of [undefined, "65534"]) {
  kernelTest(
    `agent ${
      user ? "as another user " : ""
    }serves a port below 1024 and a unix socket, whose file it removes`,
    async () => {
      const place: Unprivileged = user === undefined
        ? { [Symbol.dispose]() {} }
        : unprivileged([]);
      if ("why" in place) return skip("agent as another user", place.why);
      using _place = place;
      using files = new Folder();
      const port = freePrivilegedPort();
      const path = files.path("socket");
      await using agent = await Agent.start([
        ...[...FAST, "--listen", `127.0.0.1:${port}`],
        ...["--listen", `unix:${path}`],
        ...(user === undefined ? [] : ["--user", user]),
      ], place);
      assertHolds(agent, NONE);
      const uid = Number(user ?? 0);
      const { Uid, Gid, Groups } = threadFields(agent.pid, [
        ...["Uid", "Gid", "Groups"],
      ]);
      if (user !== undefined) {
        assertEquals([Uid, Gid], [[ids(uid)], [ids(uid)]]);
        assertEquals(Groups, [""]);
      }
      assertEquals((await Deno.lstat(path)).uid, uid);
      const response = await fetch(`http://127.0.0.1:${port}/healthz`);
      await response.body?.cancel();
      assertEquals([response.status, await statusOver(path)], [200, 200]);
      await agent.ready();
      agent.kill("SIGTERM");
      assertEquals((await agent.ended()).code, 0);
      assertEquals(exists(path), false);
      assertEquals(agent.complaints, []);
    },
  );
}

/** Real, effective, saved and file system id. */
function ids(id: number): string {
  return Array(4).fill(id).join("\t");
}
