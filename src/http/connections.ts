/**
 * Owns which connections a listener has, and which of them makes room for a new one. In: sockets as they come, and when they
 * are in use. Out: never more of them than `limit`, as long as not every one of them waits for an answer.
 * @module
 */
import type { Socket } from "node:net";

export class Connections {
  readonly #limit: number;
  /** Answers under way by socket; the one that was silent for longest comes first. */
  readonly #open = new Map<Socket, number>();

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
    this.#open.set(socket, 0);
    socket.once("close", () => this.#open.delete(socket));
    return true;
  }

  /** An answer on it begins. Answers how many are under way on it now; 0 where it is not one of these. */
  begins(socket: Socket): number {
    this.#count(socket, 1);
    return this.#open.get(socket) ?? 0;
  }

  /** An answer on it has ended. */
  ends(socket: Socket): void {
    this.#count(socket, -1);
  }

  /** Closes every one that waits for no answer. */
  dropSilent(): void {
    for (const [socket, answers] of this.#open) {
      if (answers === 0) this.#drop(socket);
    }
  }

  dropAll(): void {
    for (const socket of this.#open.keys()) this.#drop(socket);
  }

  #count(socket: Socket, change: number): void {
    const answers = this.#open.get(socket);
    if (answers === undefined) return;
    // Set anew, it becomes the last one.
    this.#open.delete(socket);
    this.#open.set(socket, answers + change);
  }

  #longestSilent(): Socket | undefined {
    for (const [socket, answers] of this.#open) {
      if (answers === 0) return socket;
    }
    return undefined;
  }

  #drop(socket: Socket): void {
    this.#open.delete(socket);
    socket.destroy();
  }
}
