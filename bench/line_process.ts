/**
 * Owns a child process that is asked by a line and answers by a line. In: a program and its arguments. Out: answers, in
 * order; its stderr is this process's. Closing its stdin ends it.
 * @module
 */

export class LineProcess implements AsyncDisposable {
  /** Its program. */
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #encoder = new TextEncoder();
  #end: Deno.CommandStatus | undefined;
  #pending = "";

  constructor(program: string, args: readonly string[]) {
    this.name = program;
    this.#child = new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#child.status.then((status) => this.#end = status);
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** How it ended, once that was noticed: whatever it held is gone. */
  get end(): Deno.CommandStatus | undefined {
    return this.#end;
  }

  /** The next line of its stdout. @throws {Error} when it ends first. */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#pending.indexOf("\n");
      if (end >= 0) {
        const line = this.#pending.slice(0, end);
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#output.read();
      if (done) {
        throw new Error(`Cannot read a line of ${this.name}: it ended`);
      }
      this.#pending += value;
    }
  }

  async ask(question: string): Promise<string> {
    await this.#input.write(this.#encoder.encode(`${question}\n`));
    return await this.readLine();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#output.cancel();
    await this.#child.status;
  }
}
