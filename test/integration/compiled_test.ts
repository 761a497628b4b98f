/**
 * dist/bpfpulse, made anew by .ci/compile, where nothing else is: an empty folder, an empty environment. Where what it is
 * made of cannot be downloaded these tests skip.
 */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { AGENT_BINARY, freePort, pause } from "../agent.ts";
import { makeMap } from "../kernel/maps.ts";
import { Page } from "../kernel/page.ts";
import { stringsOf, threadFields } from "../kernel/process.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Exit code of .ci/compile where a download fails. */
const UNAVAILABLE = 69;
/** The target is 300 ms, which bench/compiled.ts measures; a machine that is busy with other tests takes longer. */
const FIRST_PAGE_MS = 5000;
/** The runtime is some 90 MB of it; a stray node_modules that gets embedded doubles that. */
const MOST_BYTES = 120_000_000;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
async function run(
  command: string,
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    ...options,
    args: [...args],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A copy of the binary, alone in a folder, beside an empty folder for temporary files. */
class Alone implements Disposable {
  readonly #root = Deno.makeTempDirSync({ prefix: "bpfpulse-compiled-" });
  readonly cwd = `${this.#root}/cwd`;
  readonly tmp = `${this.#root}/tmp`;

  constructor() {
    Deno.mkdirSync(this.cwd);
    Deno.mkdirSync(this.tmp);
    Deno.copyFileSync(`${ROOT}dist/bpfpulse`, this.binary);
    // Root may write all the same; the listing tells whether it did.
    Deno.chmodSync(this.cwd, 0o555);
  }

  get binary(): string {
    return `${this.cwd}/bpfpulse`;
  }

  /** For Deno.Command: no HOME, no PATH, nothing of Deno's. */
  get surroundings(): Deno.CommandOptions {
    return { cwd: this.cwd, clearEnv: true, env: { TMPDIR: this.tmp } };
  }

  /** Has everybody enter it. */
  open(): void {
    Deno.chmodSync(this.#root, 0o755);
  }

  files(): string[] {
    return [this.cwd, this.tmp].flatMap((folder) =>
      [...Deno.readDirSync(folder)].map(({ name }) => name)
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#root, { recursive: true });
  }
}

const compiled = await run(`${ROOT}.ci/compile`, []);
const whyNot = compiled.code === UNAVAILABLE
  ? compiled.stderr.trim().split("\n").at(-1)
  : undefined;
if (whyNot !== undefined) skip("dist/bpfpulse", whyNot);

/** A test of the binary; ignored where there is none. */
function binaryTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: whyNot !== undefined, fn });
}

binaryTest(
  "compile makes one file and leaves nothing else in dist/",
  async () => {
    assertEquals([compiled.code, compiled.stderr], [0, ""]);
    assertMatch(compiled.stdout, /^dist\/bpfpulse: \d+ bytes, runtime from /);
    const names = await Array.fromAsync(Deno.readDir(`${ROOT}dist`));
    assertEquals(names.filter(({ name }) => name.startsWith(".")), []);
    const { size, mode } = await Deno.stat(`${ROOT}dist/bpfpulse`);
    assertLess(size, MOST_BYTES);
    assertEquals((mode ?? 0) & 0o777, 0o755);
  },
);

binaryTest(
  "bpfpulse --version names its runtime, from an empty folder without environment",
  async () => {
    using alone = new Alone();
    const ran = await run(alone.binary, ["--version"], {
      cwd: alone.cwd,
      clearEnv: true,
    });
    assertEquals([ran.code, ran.stderr], [0, ""]);
    assertMatch(
      ran.stdout,
      /^bpfpulse \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+, v8 \S+, [a-z0-9_]+-unknown-linux-gnu\)\n$/,
    );
    assertEquals(alone.files(), ["bpfpulse"]);
  },
);

binaryTest(
  "bpfpulse ends with 2 and one line at a flag that it does not know",
  async () => {
    using alone = new Alone();
    const ran = await run(alone.binary, ["--lisen", ":1"], alone.surroundings);
    assertEquals([ran.code, ran.stdout], [2, ""]);
    assertMatch(ran.stderr, /^Cannot [^\n]*"--lisen"[^\n]*--listen[^\n]*\n$/);
  },
);

kernelTest(
  "bpfpulse serves a page of all four types, writes no file and ends with 0 on SIGTERM",
  async () => {
    using alone = new Alone();
    const address = `127.0.0.1:${freePort()}`;
    const startedAt = performance.now();
    const child = new Deno.Command(alone.binary, {
      ...alone.surroundings,
      args: ["--listen", address],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new Response(child.stderr).text();
    try {
      const page = await firstPage(`http://${address}/metrics`);
      assertLess(performance.now() - startedAt, FIRST_PAGE_MS);
      // The page is parsed as a whole: each line is a sample, a help, a type.
      assertEquals(objectTypes(page), ["btf", "link", "map", "program"]);
      const io = await Deno.readTextFile(`/proc/${child.pid}/io`);
      assertMatch(io, /^write_bytes: 0$/m);
    } finally {
      child.kill("SIGTERM");
      const { code } = await child.status;
      assertEquals(code, 0, await log);
    }
    assertEquals(alone.files(), ["bpfpulse"]);
  },
  whyNot,
);

kernelTest(
  "bpfpulse --user nobody is nobody without a capability in every thread, and sees what is made afterwards",
  async () => {
    using alone = new Alone();
    alone.open();
    const address = `127.0.0.1:${freePort()}`;
    const child = new Deno.Command(alone.binary, {
      ...alone.surroundings,
      args: ["--listen", address, "--user", "nobody", "--interval", "50ms"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new Response(child.stderr).text();
    try {
      await firstPage(`http://${address}/metrics`);
      const fields = ["CapPrm", "CapEff", "NoNewPrivs", "Uid", "Gid"];
      assertEquals(threadFields(child.pid, fields), {
        CapPrm: ["0000000000000000"],
        CapEff: ["0000000000000000"],
        NoNewPrivs: ["1"],
        Uid: ["65534\t65534\t65534\t65534"],
        Gid: ["65534\t65534\t65534\t65534"],
      });
      assertEquals(stringsOf(child.pid, "cmdline").slice(1, 5), [
        ...["--listen", address, "--user", "nobody"],
      ]);
      using workshop = new Workshop();
      const map = makeMap(workshop, {
        type: "array",
        key: 4,
        value: 8,
        max: 1,
      });
      await firstPage(
        `http://${address}/metrics`,
        (page) => page.by("odigos_ebpf_map_info", "map_id").has(`${map?.id}`),
      );
      const ready = await fetch(`http://${address}/readyz`);
      const { privileges } = await ready.json();
      assertEquals([ready.status, privileges.held], [200, []]);
    } finally {
      child.kill("SIGTERM");
      const { code } = await child.status;
      assertEquals(code, 0, await log);
    }
    assertEquals(alone.files(), ["bpfpulse"]);
  },
  whyNot,
);

for (const file of ["agent_page", "agent_signals", "agent_stats"]) {
  binaryTest(
    `bpfpulse passes ${file}_test.ts in the source's place`,
    async () => {
      const ran = await run(Deno.execPath(), [
        "test",
        "--no-check",
        "-A",
        `${ROOT}test/integration/${file}_test.ts`,
      ], {
        env: { [AGENT_BINARY]: `${ROOT}dist/bpfpulse`, NO_COLOR: "1" },
      });
      assertEquals(ran.code, 0, ran.stdout + ran.stderr);
    },
  );
}

/** Types of objects that are counted. */
function objectTypes(page: Page): string[] {
  return page.samples("odigos_ebpf_objects_total").map(({ labels }) =>
    labels.type
  ).toSorted();
}

/** Asks until there is a page on which every type is counted, and which `has` what is waited for. */
async function firstPage(
  url: string,
  has: (page: Page) => boolean = () => true,
): Promise<Page> {
  const until = performance.now() + FIRST_PAGE_MS;
  for (;;) {
    try {
      const page = new Page(await (await fetch(url)).text());
      if (objectTypes(page).length === 4 && has(page)) return page;
    } catch (error) {
      // It does not listen yet.
      if (!(error instanceof TypeError)) throw error;
    }
    if (performance.now() > until) throw new Error(`No whole page at ${url}`);
    await pause(5);
  }
}
