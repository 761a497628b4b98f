/**
 * Owns the walk: list, open, ask, close, for every object of one kind. In: a port, a kind, a visitor. Out: each object's
 * info in ascending id, and how the pass ended. No descriptor outlives the visit of its object, and a pass allocates
 * nothing. Needs CAP_SYS_ADMIN. Source: kernel/bpf/syscall.c bpf_obj_get_next_id(), bpf_prog_get_fd_by_id() and its peers.
 * @module
 */
import {
  nextIdCall,
  nextObjectId,
  objectInfo,
  type ObjectKind,
  openObject,
} from "./bpf.ts";
import {
  E2BIG,
  EAGAIN,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOENT,
  ENOMEM,
  ENOSYS,
} from "./errno.ts";
import type { KernelBuffer, KernelPort } from "./port.ts";

/** A call that ended a pass early; what was visited before it stands, but the pass is not complete. */
export interface WalkFailure {
  /** as `BPF_MAP_GET_NEXT_ID` */
  readonly call: string;
  /** positive */
  readonly errno: number;
  /** this kernel has no such command */
  readonly unsupported: boolean;
}

/** What a walk tells its caller, object by object. */
export interface WalkVisitor {
  /** Objects that are passed over before they are opened. */
  leaveOut(id: number): boolean;
  /** Input that the kind needs in its (zeroed) info before the kernel fills it. */
  prepare?(info: KernelBuffer): void;
  /** `filled` bytes of `info` describe object `id`; `fd` is open until this returns. */
  visit(id: number, info: KernelBuffer, filled: number, fd: number): void;
  /** The object is there, but could not be opened or asked. */
  skip(id: number, errno: number): void;
}

/** Walks the objects of one kind, pass after pass, with one buffer. */
export class ObjectWalk {
  readonly #kernel: KernelPort;
  readonly #kind: ObjectKind;
  readonly #info: KernelBuffer;
  readonly #infoSize: number;
  #calls = 0;
  /** This kernel's info has no place for what visitors prepare. */
  #takesNoInput = false;

  /** @param infoSize bytes of the kind's `struct bpf_*_info` that are asked for */
  constructor(kernel: KernelPort, kind: ObjectKind, infoSize: number) {
    this.#kernel = kernel;
    this.#kind = kind;
    this.#info = kernel.allocate(infoSize);
    this.#infoSize = infoSize;
  }

  /** System calls since the walk was made. */
  get calls(): number {
    return this.#calls;
  }

  /** One pass. Undefined when it reached the end of the list. */
  run(visitor: WalkVisitor): WalkFailure | undefined {
    let id = 0;
    for (;;) {
      const next = this.#next(id);
      if (next === -ENOENT) return undefined;
      if (next < 0) return this.#failure(nextIdCall(this.#kind), -next, id);
      id = next;
      if (visitor.leaveOut(id)) continue;
      const fd = this.#open(id);
      // Gone since it was listed; or a link that is still being made, which the next pass will find.
      if (fd === -ENOENT || fd === -EAGAIN) continue;
      if (fd === -EMFILE || fd === -ENFILE || fd === -ENOMEM) {
        // Every later object would fail alike: a pass full of holes says less than the last good one.
        return this.#failure(
          nextIdCall(this.#kind).replace("NEXT_ID", "FD_BY_ID"),
          -fd,
          id,
        );
      }
      if (fd < 0) {
        visitor.skip(id, -fd);
        continue;
      }
      let filled: number;
      try {
        filled = this.#ask(fd, visitor);
        if (filled >= 0) visitor.visit(id, this.#info, filled, fd);
      } finally {
        this.#calls++;
        this.#kernel.close(fd);
      }
      if (filled < 0) visitor.skip(id, -filled);
    }
  }

  /** errno may be overwritten by the engine between the call and our reading of it, so a failure counts when it repeats. */
  #next(after: number): number {
    this.#calls++;
    const result = nextObjectId(this.#kernel, this.#kind, after);
    if (result >= 0) return result;
    this.#calls++;
    return nextObjectId(this.#kernel, this.#kind, after);
  }

  #open(id: number): number {
    this.#calls++;
    const result = openObject(this.#kernel, this.#kind, id);
    if (result >= 0) return result;
    this.#calls++;
    return openObject(this.#kernel, this.#kind, id);
  }

  #ask(fd: number, visitor: WalkVisitor): number {
    this.#info.bytes.fill(0, 0, this.#infoSize);
    if (!this.#takesNoInput) visitor.prepare?.(this.#info);
    this.#calls++;
    const filled = objectInfo(this.#kernel, fd, this.#info, this.#infoSize);
    if (filled !== -E2BIG || this.#takesNoInput) return filled;
    // An older kernel, whose struct ends before what was prepared, and which refuses what it does not know.
    this.#takesNoInput = true;
    return this.#ask(fd, visitor);
  }

  #failure(call: string, errno: number, id: number): WalkFailure {
    return {
      call,
      errno,
      unsupported: errno === ENOSYS || (errno === EINVAL && id === 0),
    };
  }
}
