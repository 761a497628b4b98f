/**
 * Owns a process that holds many kernel objects beside an agent under test. In: how many. Out: their ids, and its end.
 * @module
 */
import { compile } from "./compile.ts";

/** Ids of what a holder holds. */
export type HeldIds = Readonly<Record<"map" | "program" | "link", number[]>>;

/** A process that holds objects until it is told to end. */
export class Holder implements AsyncDisposable {
  readonly ids: HeldIds;
  readonly #child: Deno.ChildProcess;
  #ended = false;

  private constructor(child: Deno.ChildProcess, ids: HeldIds) {
    this.#child = child;
    this.ids = ids;
  }

  /** Starts one, and waits until it has everything. @throws {Error} when it cannot */
  static async start(
    maps: number,
    programs: number,
    links: number,
  ): Promise<Holder> {
    const child = new Deno.Command(compile("hold"), {
      args: [maps, programs, links].map(String),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    let text = "";
    for await (
      const part of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      text += part;
      if (text.endsWith("ready\n")) {
        return new Holder(child, JSON.parse(text.split("\n")[0]));
      }
    }
    await child.stdin.close();
    const { code } = await child.status;
    throw new Error(`Cannot hold objects: the holder ended with ${code}`);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it; when this returns, it and its descriptors are gone. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#child.stdin.close();
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.end();
  }
}
