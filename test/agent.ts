/**
 * Owns a whole agent as a process of its own, from its start to its end, however a test ends. In: its flags. Out: what it
 * serves, what it logs, how it exits.
 * @module
 */
import { Page } from "./kernel/page.ts";

const ROOT = new URL("../", import.meta.url).pathname;
/** A machine that is busy with other tests may take long; a test that waits this long has failed. */
const PATIENCE_MS = Number(Deno.env.get("TEST_PATIENCE_MS") ?? 20_000);

/** As `deno task start`, with the runtime that runs the tests. */
export const DENO_ARGS = [
  "run",
  "-A",
  "--v8-flags=--optimize-for-size,--max-semi-space-size=1",
];

/** The path of a compiled agent, which is tested in the source's place where this is set. */
export const AGENT_BINARY = "AGENT_BINARY";

/** What an agent is started by, before its own flags. */
function commandOf(runtime: string, root: string): [string, ...string[]] {
  const binary = Deno.env.get(AGENT_BINARY);
  return binary === undefined
    ? [runtime, ...DENO_ARGS, `${root}main.ts`]
    : [binary];
}

/** One line of the agent's log in JSON. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the agent is started with, beside its own flags. */
export interface StartOptions {
  /** Put before the runtime: `["setpriv", "--reuid", "65534"]`. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Path of the checkout, with a slash at its end. */
  readonly root?: string;
  /** Path of the runtime. */
  readonly runtime?: string;
}

/** Runs the agent's main with `args` to its end: for what ends by itself. */
export async function runAgent(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { prefix = [], root = ROOT, runtime = Deno.execPath() }: StartOptions = {},
): Promise<Ended> {
  const [command, ...rest] = [...prefix, ...commandOf(runtime, root)];
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...rest, ...args],
    env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** A running agent. */
export class Agent implements AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Every line on standard error so far. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #ended: Deno.CommandStatus | undefined;

  private constructor(child: Deno.ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    this.pid = child.pid;
    child.status.then((status) => this.#ended = status);
    this.#reading = this.#read(child.stderr);
  }

  /** Starts one on a port of its own, and waits for the line that says where it listens. @throws {Error} with its log */
  static async start(
    args: readonly string[] = [],
    options: StartOptions = {},
  ): Promise<Agent> {
    const { prefix = [], env = {}, root = ROOT } = options;
    const { runtime = Deno.execPath() } = options;
    const address = `127.0.0.1:${freePort()}`;
    const [command, ...rest] = [
      ...prefix,
      ...commandOf(runtime, root),
      ...["--listen", address, "--log-format", "json"],
      ...args,
    ];
    const child = new Deno.Command(command, {
      args: rest,
      env,
      cwd: root,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const agent = new Agent(child, `http://${address}`);
    try {
      await agent.eventually(
        "a log line that says where it listens",
        () => agent.lines.some((line) => line.includes(address)),
      );
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
    return agent;
  }

  /** The log so far; a line that is not JSON is given as `{ text }`. */
  get log(): LogLine[] {
    return this.lines.map((line) => {
      try {
        return JSON.parse(line);
      } catch {
        return { text: line };
      }
    });
  }

  /** Lines that are neither debug nor info. */
  get complaints(): LogLine[] {
    return this.log.filter(({ level }) =>
      level !== "info" && level !== "debug"
    );
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.url}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Scrapes /metrics. @throws {Error} unless the answer is 200 and a page */
  async page(): Promise<Page> {
    const { status, text } = await this.get("/metrics");
    if (status !== 200) throw new Error(`/metrics answered ${status}: ${text}`);
    return new Page(text);
  }

  /** Waits for the first sample of everything. */
  async ready(): Promise<void> {
    await this.eventually(
      "/readyz with 200",
      async () => (await this.get("/readyz")).status === 200,
    );
  }

  /** Asks again and again until `probe` says true. @throws {Error} with the log when it ends, or after `patienceMs` */
  async eventually(
    what: string,
    probe: () => boolean | Promise<boolean>,
    patienceMs = PATIENCE_MS,
  ): Promise<void> {
    const until = performance.now() + patienceMs;
    for (;;) {
      if (await probe()) return;
      const ended = this.#ended !== undefined;
      if (ended || performance.now() > until) {
        if (ended) await this.#reading;
        throw new Error(
          `No ${what} ${
            ended ? `before its end (${this.#ended?.code})` : ""
          }:\n${this.lines.join("\n")}`,
        );
      }
      await pause(5);
    }
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended. */
  async ended(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#reading;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === undefined) {
      try {
        this.#child.kill("SIGKILL");
      } catch (error) {
        // It ended by itself in this moment.
        if (!(error instanceof TypeError)) throw error;
      }
    }
    await this.ended();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
    }
    if (rest !== "") this.lines.push(rest);
  }
}

/** Polls need a pause; nothing is concluded from its length. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A port that nobody listens on; another process may still take it. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
