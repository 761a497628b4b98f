/**
 * Owns descriptors that are opened one after the other and are of use together alone. In: what each call answered. Out: the same; or
 * all of them closed, where one is missing.
 * @module
 */
import type { KernelPort } from "./port.ts";

export class OpenTogether {
  readonly #kernel: KernelPort;
  readonly #fds: number[] = [];

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
  }

  /** @param fd or -errno, which is answered as it is */
  keep(fd: number): number {
    if (fd >= 0) this.#fds.push(fd);
    return fd;
  }

  /** Closes all. Answers `reason`. */
  giveUp(reason: string): string {
    for (const fd of this.#fds) this.#kernel.close(fd);
    return reason;
  }
}
