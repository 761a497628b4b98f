/**
 * Owns how many pages exist at once, so that a storm of scrapes costs neither memory nor CPU beyond a bound. In: keys and
 * how to make their pages. Out: pages, shared by those who asked for the same one while it was being made; or BusyError.
 * @module
 */

/** A rendered body, shared: nobody writes to its slices. */
export interface Page {
  readonly slices: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly encoding?: "gzip";
}

export interface PageBounds {
  /** Pages being rendered or compressed. */
  readonly inFlight: number;
  /** Of all pages that are on their way to a client. */
  readonly heldBytes: number;
}

/** As many pages exist already as may. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

export class Pages {
  readonly #bounds: PageBounds;
  readonly #inFlight = new Map<string, Promise<Page>>();
  readonly #holders = new Map<Page, number>();
  #heldBytes = 0;

  constructor(bounds: PageBounds) {
    this.#bounds = bounds;
  }

  /** Bytes of the pages that somebody holds. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * The page that is being made for `key`, or else a new one. Who joins late gets a page of an instant shortly before the
   * request: never older than one rendering.
   * @throws {BusyError} at the bounds.
   */
  share(key: string, make: () => Promise<Page>): Promise<Page> {
    const shared = this.#inFlight.get(key);
    if (shared !== undefined) return shared;
    if (this.#inFlight.size >= this.#bounds.inFlight) {
      throw new BusyError(
        `Cannot render: ${this.#bounds.inFlight} other pages are being rendered`,
      );
    }
    if (this.#heldBytes >= this.#bounds.heldBytes) {
      throw new BusyError(
        `Cannot render: ${this.#heldBytes} bytes of pages are still being sent`,
      );
    }
    const page = make().finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, page);
    return page;
  }

  /** Counts `page` until the returned function is called; calling that twice changes nothing. */
  hold(page: Page): () => void {
    const holders = this.#holders.get(page) ?? 0;
    if (holders === 0) this.#heldBytes += page.sizeBytes;
    this.#holders.set(page, holders + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#release(page);
    };
  }

  #release(page: Page): void {
    const holders = this.#holders.get(page) ?? 0;
    if (holders > 1) {
      this.#holders.set(page, holders - 1);
      return;
    }
    this.#holders.delete(page);
    this.#heldBytes -= page.sizeBytes;
  }
}
