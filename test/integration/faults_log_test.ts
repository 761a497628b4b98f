/**
 * The agent of main.ts, whose log cannot be written: standard error is a full disk, a closed pipe, or a pipe that nobody
 * reads. It serves all the same, and ends when it is told to.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DENO_ARGS, freePort, pause } from "../agent.ts";
import { kernelTest } from "../kernel/skip.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const PATIENCE_MS = 20_000;

/** An agent whose standard error is what `redirection` says, as a shell does it; `$FIFO` names a pipe. */
class Unheard implements AsyncDisposable {
  readonly url: string;
  readonly fifo: string;
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;

  constructor(shell: string) {
    const address = `127.0.0.1:${freePort()}`;
    this.url = `http://${address}`;
    this.#folder = Deno.makeTempDirSync({ prefix: "bpfpulse-log-" });
    this.fifo = `${this.#folder}/fifo`;
    this.#child = new Deno.Command("sh", {
      args: [
        "-c",
        shell,
        Deno.execPath(),
        ...DENO_ARGS,
        MAIN,
        ...["--listen", address, "--interval", "50ms", "--log-level", "debug"],
        ...["--log-format", "text"],
      ],
      env: { FIFO: this.fifo },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Waits for a page with samples of everything. */
  async serves(): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        const response = await fetch(`${this.url}/readyz`);
        await response.body?.cancel();
        if (response.status === 200) return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      assert(performance.now() < until, "the agent does not come up");
      await pause(10);
    }
  }

  async page(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    });
    return await response.text();
  }

  async stop(): Promise<{ code: number; tookMs: number }> {
    const from = performance.now();
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    return { code, tookMs: performance.now() - from };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Linux gives a pipe 64 KiB. */
const FILL = "mkfifo $FIFO && exec 3<>$FIFO && head -c 65536 /dev/zero >&3";

for (
  const [what, shell] of [
    ["a full disk", 'exec "$0" "$@" 2>/dev/full'],
    [
      "a pipe whose reader is gone",
      'mkfifo $FIFO; sleep 0 <$FIFO & exec 2>$FIFO; wait; exec "$0" "$@"',
    ],
    ["nothing at all", 'exec "$0" "$@" 2>&-'],
    ["a full pipe that nobody reads", `${FILL}; exec "$0" "$@" 2>&3 3>&-`],
  ] as const
) {
  kernelTest(
    `agent serves and ends in time while its log goes to ${what}`,
    async () => {
      await using agent = new Unheard(shell);
      await agent.serves();
      assertMatch(await agent.page(), /^odigos_ebpf_objects_total\{/m);
      const { code, tookMs } = await agent.stop();
      assertEquals(code, 0);
      assert(tookMs < 1_000, `expected an end within 1 s, found ${tookMs} ms`);
    },
  );
}

kernelTest(
  "agent writes the lines that waited once its pipe is read again",
  async () => {
    await using agent = new Unheard(`${FILL}; exec "$0" "$@" 2>&3 3>&-`);
    await agent.serves();
    const pipe = await Deno.open(agent.fifo, { read: true });
    let text = "";
    let stopped: Promise<unknown> | undefined;
    for await (
      const part of pipe.readable.pipeThrough(new TextDecoderStream())
    ) {
      text += part.replaceAll("\0", "");
      // The pipe ends with its only writer.
      if (text.includes("Listening on ")) stopped ??= agent.stop();
    }
    await stopped;
    const lines = text.trimEnd().split("\n");
    assertMatch(lines[0], / INFO bpfpulse .* starts pid=\d+$/);
    for (const line of lines) assertMatch(line, /^\d{4}-\S+Z [A-Z]+ \S/);
    assertMatch(lines.at(-1) ?? "", / INFO SIGTERM: stopping$/);
  },
);
