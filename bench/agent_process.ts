/**
 * Owns one whole agent as a process that is measured from outside. In: flags. Out: its pages, its CPU time and memory from
 * /proc, the times that it takes to come up and to stop.
 * @module
 */
import { V8_FLAGS } from "./figures.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
/** Nothing here takes this long; what does has failed. */
const GIVE_UP_MS = 15_000;

export class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #startedAt = performance.now();

  /** @param command by default the source, started as the task `start` does; otherwise nothing but `env` is its environment */
  constructor(
    readonly port: number,
    flags: readonly string[],
    command?: {
      readonly path: string;
      readonly env: Readonly<Record<string, string>>;
    },
  ) {
    this.#child = new Deno.Command(command?.path ?? Deno.execPath(), {
      args: [
        ...(command === undefined
          ? ["run", "-A", "--no-check", V8_FLAGS, MAIN]
          : []),
        "--listen",
        `127.0.0.1:${port}`,
        "--log-level",
        "warn",
        ...flags,
      ],
      env: command?.env ?? { MALLOC_ARENA_MAX: "1" },
      clearEnv: command !== undefined,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
  }

  /** Waits for a page on which every type of object is counted. Answers the ms from the process's start to it. */
  async firstPageMs(encoding?: string): Promise<number> {
    for (;;) {
      const elapsed = performance.now() - this.#startedAt;
      if (elapsed > GIVE_UP_MS) throw new Error("The agent does not come up");
      const page = await this.scrape(encoding).catch(() => "");
      const types = page.match(/^odigos_ebpf_objects_total\{type=/gm)?.length;
      if (types === 4) return performance.now() - this.#startedAt;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** @param encoding for Accept-Encoding; by default what the runtime asks for, gzip among it */
  async scrape(encoding?: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}/metrics`, {
      headers: encoding === undefined ? {} : { "accept-encoding": encoding },
    });
    return await response.text();
  }

  /** CPU time of all its threads since its start. */
  cpuMs(): number {
    const tasks = `/proc/${this.#child.pid}/task`;
    let ns = 0;
    for (const { name } of Deno.readDirSync(tasks)) {
      ns += Number(
        Deno.readTextFileSync(`${tasks}/${name}/schedstat`).split(" ")[0],
      );
    }
    return ns / 1e6;
  }

  rssAnonMb(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(status.match(/^RssAnon:\s+(\d+) kB/m)?.[1]) / 1024;
  }

  /** Has all its threads stand still, as if it were not there. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends it by SIGTERM. Answers the ms until it was gone. */
  async stopMs(): Promise<number> {
    const from = performance.now();
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    if (code !== 0) throw new Error(`The agent stopped with exit code ${code}`);
    return performance.now() - from;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
  }
}
