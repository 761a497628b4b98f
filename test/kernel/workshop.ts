/**
 * Owns every kernel object that a test makes, until the end of the test's `using` block. In: the kernel's answers. Out:
 * the objects with their ids, what the kernel refused, and a SKIP line for each refusal.
 * @module
 */
import {
  errnoName,
  Fd,
  KernelError,
  type KernelPort,
  objectInfo,
  type ObjectKind,
  openLibc,
} from "../../ffi/mod.ts";
import { skip } from "./skip.ts";

/** An object that exists as long as its workshop. */
export interface Made {
  readonly kind: ObjectKind;
  /** What it is, for messages: `map lpm_trie`. */
  readonly what: string;
  readonly id: number;
  /** Its descriptor. */
  readonly fd: number;
}

/** Something that this kernel, or this machine, does not make. */
export interface Refused {
  readonly kind: ObjectKind;
  readonly what: string;
  readonly why: string;
}

/** Where an object's id is in its `struct bpf_*_info`. */
const ID_OFFSET = { map: 4, program: 4, link: 4, btf: 12 } as const;
const INFO_BYTES = { map: 80, program: 80, link: 16, btf: 16 } as const;

export class Workshop implements Disposable {
  readonly kernel: KernelPort;
  readonly made: Made[] = [];
  readonly refused: Refused[] = [];
  readonly #stack = new DisposableStack();

  constructor(kernel: KernelPort = openLibc()) {
    this.kernel = kernel;
  }

  /** Keeps what a call answered, an object of `kind`; a failure is kept as refused, with its SKIP line. */
  keep(kind: ObjectKind, what: string, answer: number): Made | undefined {
    if (answer < 0) {
      this.refuse(kind, what, errnoName(-answer));
      return undefined;
    }
    const fd = this.#stack.use(new Fd(this.kernel, answer));
    const made = { kind, what, id: this.#id(kind, answer), fd: fd.number };
    this.made.push(made);
    return made;
  }

  /** Keeps what must not fail. @throws {KernelError} */
  need(kind: ObjectKind, what: string, answer: number): Made {
    if (answer < 0) throw new KernelError(`Making ${what}`, -answer);
    const made = this.keep(kind, what, answer);
    if (made === undefined) throw new Error(`Cannot keep ${what}`);
    return made;
  }

  refuse(kind: ObjectKind, what: string, why: string): void {
    this.refused.push({ kind, what, why });
    skip(what, why);
  }

  /** Closes or removes `resource` with the objects, later ones first. */
  use<T extends Disposable>(resource: T): T {
    return this.#stack.use(resource);
  }

  /** A descriptor that is no bpf object, as of a cgroup, or -errno. */
  open(path: string, flags?: number): number {
    const answer = this.kernel.open(path, flags);
    return answer < 0 ? answer : this.#stack.use(
      new Fd(this.kernel, answer),
    ).number;
  }

  /** Ids of what was made, ascending. */
  ids(kind: ObjectKind): number[] {
    return this.made.filter((object) => object.kind === kind)
      .map((object) => object.id).sort((a, b) => a - b);
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  #id(kind: ObjectKind, fd: number): number {
    const info = this.kernel.allocate(128);
    const filled = objectInfo(this.kernel, fd, info, INFO_BYTES[kind]);
    if (filled < 0) throw new KernelError("BPF_OBJ_GET_INFO_BY_FD", -filled);
    return info.view.getUint32(ID_OFFSET[kind], true);
  }
}
