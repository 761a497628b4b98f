/**
 * Owns which connections a listener has, and which of them makes room for a new one. In: sockets as they come, and when they
 * are in use. Out: never more of them than `limit`, as long as not every one of them waits for an answer.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

export class Connections {
  readonly #limit: number;
  /** Answers under way by socket; the one that was silent for longest comes first. */
  readonly #open = new Map<Socket, Set<ServerResponse>>();

  /** @param limit at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes a new connection. Where there are too many the one that was silent for longest is closed; where every one waits
   * for its answer it is the new one, and the answer is false.
   */
  admit(socket: Socket): boolean {
    if (this.#open.size >= this.#limit) {
      const silent = this.#longestSilent();
      if (silent === undefined) {
        socket.destroy();
        return false;
      }
      this.#drop(silent);
    }
    const answers = new Set<ServerResponse>();
    this.#open.set(socket, answers);
    socket.once("close", () => {
      this.#open.delete(socket);
      answers.forEach(end);
    });
    return true;
  }

  /** `answer` begins on it. Answers how many are under way there now; 0 where it is not one of these. */
  begins(socket: Socket, answer: ServerResponse): number {
    return this.#touch(socket)?.add(answer).size ?? 0;
  }

  /** `answer` on it has ended. */
  ends(socket: Socket, answer: ServerResponse): void {
    this.#touch(socket)?.delete(answer);
  }

  /** Closes every one that waits for no answer. */
  dropSilent(): void {
    for (const [socket, answers] of this.#open) {
      if (answers.size === 0) this.#drop(socket);
    }
  }

  dropAll(): void {
    for (const socket of this.#open.keys()) this.#drop(socket);
  }

  /** Makes it the last one that would be closed. */
  #touch(socket: Socket): Set<ServerResponse> | undefined {
    const answers = this.#open.get(socket);
    if (answers === undefined) return undefined;
    this.#open.delete(socket);
    this.#open.set(socket, answers);
    return answers;
  }

  #longestSilent(): Socket | undefined {
    for (const [socket, answers] of this.#open) {
      if (answers.size === 0) return socket;
    }
    return undefined;
  }

  #drop(socket: Socket): void {
    this.#open.delete(socket);
    socket.destroy();
  }
}

/** The runtime tells only the first of several answers on a connection that it is closed; the others would wait for ever. */
function end(answer: ServerResponse): void {
  if (answer.closed) return;
  answer.destroy();
  answer.emit("close");
}
