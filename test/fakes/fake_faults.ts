/**
 * Owns what goes wrong in the fake kernel on a test's order. In: a command, an errno, how often and for which object. Out:
 * the errno that a call gets, 0 for none.
 * @module
 */
import type { ObjectKind } from "../../ffi/bpf.ts";
import { EINTR } from "../../ffi/errno.ts";
import type { FakeObject } from "./fake_objects.ts";

/** Which calls of a command fail: all of them, unless this says less. */
export interface FaultScope {
  /**
   * The id in the attribute, or for BPF_OBJ_GET_INFO_BY_FD that of the descriptor's object; for *_GET_NEXT_ID it is the id
   * that the search starts after.
   */
  readonly id?: number;
  /** For BPF_OBJ_GET_INFO_BY_FD, which serves every kind. */
  readonly kind?: ObjectKind;
  /** How many calls; without it, all to come. */
  readonly times?: number;
}

interface Fault {
  readonly command: number;
  readonly errno: number;
  readonly id: number | undefined;
  readonly kind: ObjectKind | undefined;
  left: number;
}

/** The faults that were ordered, in that order. */
export class Faults {
  #faults: Fault[] = [];
  #interruptions = 0;

  fail(command: number, errno: number, scope: FaultScope): void {
    const { id, kind, times = Infinity } = scope;
    this.#faults.push({ command, errno, id, kind, left: times });
  }

  interrupt(times: number): void {
    this.#interruptions = times;
  }

  clear(): void {
    this.#faults = [];
    this.#interruptions = 0;
  }

  /** @param object what the first word is a descriptor of, if it is one */
  take(
    command: number,
    firstWord: number,
    object: FakeObject | undefined,
  ): number {
    if (this.#interruptions > 0) {
      this.#interruptions--;
      return EINTR;
    }
    for (const fault of this.#faults) {
      if (fault.command !== command || fault.left <= 0) continue;
      if (fault.id !== undefined && fault.id !== (object?.id ?? firstWord)) {
        continue;
      }
      if (fault.kind !== undefined && fault.kind !== object?.kind) continue;
      fault.left--;
      return fault.errno;
    }
    return 0;
  }
}
