/**
 * Owns a process that holds one kernel object in one way, beside an agent under test. In: the way. Out: the object's id, the process
 * that holds it, and its end.
 * @module
 */
import { compile } from "./compile.ts";

/** As own.c has them. */
export type Owning =
  | "fd"
  | "forked"
  | "exec"
  | "passed"
  | "perf"
  | "btf"
  | "link"
  | "inner"
  | "tail"
  | "pin"
  | "pinned-link";

export class Owner implements AsyncDisposable {
  readonly id: number;
  /** Of the process that says that it holds the object. */
  readonly pid: number;
  /** Of the process that was started. */
  readonly startedPid: number;
  readonly #child: Deno.ChildProcess;
  #ended = false;

  private constructor(child: Deno.ChildProcess, id: number, pid: number) {
    this.id = id;
    this.pid = pid;
    this.startedPid = child.pid;
    this.#child = child;
  }

  /** Starts one, and waits until it has the object. @param path of the pin, in a bpffs @throws {Error} when it cannot */
  static async start(way: Owning, path?: string): Promise<Owner> {
    const child = new Deno.Command(compile("own"), {
      args: path === undefined ? [way] : [way, path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    const [id, pid] = new TextDecoder().decode(value).trim().split(" ")
      .map(Number);
    if (!Number.isInteger(pid)) {
      await child.stdin.close();
      throw new Error(`Cannot own an object: the owner (${way}) said nothing`);
    }
    return new Owner(child, id, pid);
  }

  /** Ends it; when this returns, it and its descriptors are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#child.stdin.close();
    await this.#child.status;
  }
}
