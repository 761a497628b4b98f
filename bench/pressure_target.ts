/**
 * Owns a server under pressure as a process of its own. In: a script, its arguments and how its port is known. Out: scrapes with their
 * times, its memory and open files from /proc.
 * @module
 */
import { V8_FLAGS } from "./figures.ts";

const GIVE_UP_MS = 15_000;

export class PressureTarget implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, readonly port: number) {
    this.#child = child;
  }

  /** The agent itself; ready once it shows every type of object. */
  static async agent(port: number): Promise<PressureTarget> {
    const flags = ["--listen", `127.0.0.1:${port}`, "--log-level", "error"];
    const child = spawn(["main.ts", ...flags], "null");
    const target = new PressureTarget(child, port);
    const until = performance.now() + GIVE_UP_MS;
    while (performance.now() < until) {
      const page = await target.scrape().catch(() => undefined);
      if (
        (page?.text.match(/^odigos_ebpf_objects_total\{/gm) ?? []).length > 3
      ) {
        return target;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await target[Symbol.asyncDispose]();
    throw new Error("The agent does not come up");
  }

  /** bench/pressure_server.ts. */
  static async server(
    listener: "node" | "serve",
    pageBytes: number,
  ): Promise<PressureTarget> {
    const script = "bench/pressure_server.ts";
    const child = spawn([script, listener, String(pageBytes)], "piped");
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    void reader.cancel();
    return new PressureTarget(
      child,
      Number(new TextDecoder().decode(value).trim()),
    );
  }

  /** /metrics over a kept connection, as Prometheus does. */
  async scrape(): Promise<{ ms: number; text: string }> {
    const from = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.port}/metrics`);
    const text = await response.text();
    if (response.status !== 200) {
      throw new Error(`/metrics: ${response.status}`);
    }
    return { ms: performance.now() - from, text };
  }

  rssAnonMb(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(status.match(/^RssAnon:\s+(\d+) kB/m)?.[1]) / 1024;
  }

  openFiles(): number {
    return [...Deno.readDirSync(`/proc/${this.#child.pid}/fd`)].length;
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

function spawn(
  args: readonly string[],
  stdout: "null" | "piped",
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", V8_FLAGS, ...args],
    cwd: new URL("../", import.meta.url).pathname,
    // As the task `start` does.
    env: { MALLOC_ARENA_MAX: "1" },
    stdin: "piped",
    stdout,
    stderr: "inherit",
  }).spawn();
}
