/**
 * Owns a bpftrace that loses events: Debian's, with perf buffers that are too small. In: nothing. Out: what it tells its user that it lost.
 * @module
 */

const PROGRAM = 'software:page-faults:1 { printf("%d %s\\n", nsecs, comm); }';
const MEMORY_BYTES = 64 << 20;

/** Why there is none, or undefined where there is one. */
export function whyNoBpftrace(): string | undefined {
  try {
    new Deno.Command("bpftrace", { args: ["--version"] }).outputSync();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no bpftrace";
    throw error;
  }
}

/** Makes events: every page of some new memory is written to. */
export function fault(): void {
  new Uint8Array(MEMORY_BYTES).fill(1);
}

/** It begins to read what it prints, and with it to tell, when read() is called: until then it has to wait, and loses events. */
export class Bpftrace implements AsyncDisposable {
  readonly pid: number;
  /** Events that it told its user of as lost. */
  lost = 0;
  hasEnded = false;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";
  #reading: Promise<void> | undefined;

  constructor() {
    this.#child = new Deno.Command("bpftrace", {
      args: ["-B", "line", "-e", PROGRAM],
      env: { BPFTRACE_PERF_RB_PAGES: "1" },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.pid = this.#child.pid;
    this.#ended = this.#child.status.then(() => this.hasEnded = true);
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  read(): void {
    this.#reading = (async () => {
      for (;;) {
        const { value, done } = await this.#lines.read();
        if (done) return;
        this.#take(value);
      }
    })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGKILL");
    await this.#ended;
    await this.#reading;
    await this.#lines.cancel();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.lost += Number(line.match(/^Lost (\d+) events$/)?.[1] ?? 0);
    }
  }
}
