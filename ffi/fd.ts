/**
 * Owns file descriptors whose life is longer than one expression. In: a port and a number that it answered. Out: an Fd
 * that closes itself once, at the end of the `using` block that holds it.
 * @module
 */
import type { KernelPort } from "./port.ts";

/** A file descriptor that is closed exactly once. */
export class Fd implements Disposable {
  readonly #kernel: KernelPort;
  #number: number;

  /** @param number an open descriptor, not negative, that nobody else closes */
  constructor(kernel: KernelPort, number: number) {
    if (!Number.isInteger(number) || number < 0) {
      throw new RangeError(
        `Cannot own a file descriptor: expected 0 or more, found ${number}`,
      );
    }
    this.#kernel = kernel;
    this.#number = number;
  }

  /** The number, for a call. @throws {Error} once it is closed: the number may be somebody else's by then. */
  get number(): number {
    if (this.#number < 0) {
      throw new Error("Cannot use a file descriptor after it was closed");
    }
    return this.#number;
  }

  [Symbol.dispose](): void {
    if (this.#number < 0) return;
    this.#kernel.close(this.#number);
    this.#number = -1;
  }
}
