/**
 * The perf buffers of Debian's bpftrace, which tells its user `Lost N events`: what is read from outside is the same N.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { kernelBtf } from "../kernel/btf.ts";
import { PerfWatch, rowsOf } from "../kernel/perf_buffers.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const NAME = "PerfCollector says as many lost events as bpftrace does";
const PROGRAM = 'software:page-faults:1 { printf("%d %s\\n", nsecs, comm); }';
const MEMORY_BYTES = 64 << 20;
const DEADLINE_MS = 30_000;

function whyNoBpftrace(): string | undefined {
  try {
    new Deno.Command("bpftrace", { args: ["--version"] }).outputSync();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no bpftrace";
    throw error;
  }
}

/** Every page of some new memory is written to. */
function fault(): void {
  new Uint8Array(MEMORY_BYTES).fill(1);
}

/** Adds up what bpftrace says that it lost. */
class Told {
  lost = 0;
  #rest = "";

  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.lost += Number(line.match(/^Lost (\d+) events$/)?.[1] ?? 0);
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

kernelTest(
  NAME,
  async () => {
    using watch = new PerfWatch();
    const child = new Deno.Command("bpftrace", {
      args: ["-B", "line", "-e", PROGRAM],
      env: { BPFTRACE_PERF_RB_PAGES: "1" },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let hasEnded = false;
    const ended = child.status.then(() => hasEnded = true);
    const told = new Told();
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    const rows = () => {
      watch.collector.look();
      return rowsOf(watch.collector.rows).filter(({ pid }) =>
        pid === child.pid
      );
    };
    const deadline = performance.now() + DEADLINE_MS;
    try {
      while (rows().length === 0) {
        if (hasEnded) return skip(NAME, "this bpftrace has no perf buffers");
        assert(performance.now() < deadline, "bpftrace opens no perf buffer");
        await pause();
      }
      // Nobody reads what it prints, so it has to wait, and loses events.
      for (let i = 0; i < 4; i++) fault();
      const reading = (async () => {
        for (;;) {
          const { value, done } = await lines.read();
          if (done) return;
          told.take(value);
        }
      })();
      let lost = 0;
      // It is told of what was lost by the next event on the same CPU.
      while (lost === 0 || lost !== told.lost) {
        assert(
          performance.now() < deadline,
          `it told ${told.lost}, and ${lost} were found`,
        );
        await pause();
        const all = rows();
        lost = all.reduce((sum, { lostSamples }) => sum + lostSamples, 0);
        assertEquals(
          new Set(all.map(({ isLostExact }) => isLostExact)).size,
          1,
        );
      }
      assertGreater(lost, 0);
      child.kill("SIGINT");
      await Promise.all([reading, ended]);
    } finally {
      if (!hasEnded) child.kill("SIGKILL");
      await ended;
      await lines.cancel();
    }
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoBpftrace(),
);
