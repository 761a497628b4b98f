/**
 * Owns the fake kernel's file descriptors. In: what is opened. Out: the lowest free number from 3 on, as Linux gives it,
 * and what a number refers to. An object that nothing refers to any more is told to its owner.
 * @module
 */
import { EBADF, EMFILE } from "../../ffi/errno.ts";
import type { Opened } from "./fake_files.ts";
import type { FakeObject } from "./fake_objects.ts";
import type { Pin } from "./fake_pins.ts";

/** What a descriptor refers to. */
export type Handle =
  | { kind: "object"; object: FakeObject }
  | { kind: "stats" }
  | { kind: "mount" }
  | { kind: "pin"; pin: Pin }
  | { kind: "iteration"; read(into: Uint8Array): number }
  | Opened;

/** 0, 1 and 2 are taken, as in every process. */
const FIRST = 3;

/** The descriptors of one process. */
export class FakeFds {
  readonly #handles = new Map<number, Handle>();
  readonly #released: (object: FakeObject) => void;
  #lowestFree = FIRST;

  /** @param released is called with an object whose last reference went */
  constructor(public limit: number, released: (object: FakeObject) => void) {
    this.#released = released;
  }

  get size(): number {
    return this.#handles.size;
  }

  get numbers(): number[] {
    return [...this.#handles.keys()].sort((a, b) => a - b);
  }

  /** Whether a descriptor keeps run-time statistics on. */
  get holdsStats(): boolean {
    for (const handle of this.#handles.values()) {
      if (handle.kind === "stats") return true;
    }
    return false;
  }

  get isFull(): boolean {
    return this.#lowestFree >= this.limit;
  }

  get(fd: number): Handle | undefined {
    return this.#handles.get(fd);
  }

  /** @returns the descriptor, or -EMFILE */
  open(handle: Handle): number {
    if (this.isFull) return -EMFILE;
    const fd = this.#lowestFree;
    this.#handles.set(fd, handle);
    while (this.#handles.has(this.#lowestFree)) this.#lowestFree++;
    const object = held(handle);
    if (object !== undefined) object.references++;
    return fd;
  }

  /** @returns 0, or -EBADF */
  close(fd: number): number {
    const handle = this.#handles.get(fd);
    if (!handle) return -EBADF;
    this.#handles.delete(fd);
    this.#lowestFree = Math.min(this.#lowestFree, fd);
    const object = held(handle);
    if (object !== undefined) this.release(object);
    return 0;
  }

  /** Takes one reference from an object. */
  release(object: FakeObject): void {
    object.references--;
    if (object.references === 0 && !object.owned) this.#released(object);
  }
}

function held(handle: Handle): FakeObject | undefined {
  if (handle.kind === "object") return handle.object;
  return handle.kind === "pin" ? handle.pin.object : undefined;
}
