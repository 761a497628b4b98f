/**
 * Owns which objects have a name in a bpffs. In: files that may be pins, an iterator over own descriptors. Out: pins. A file is
 * opened (O_PATH) once in its life, some at a time, for as long as one iteration takes; from then on its name is enough.
 * @module
 */
import {
  ENOENT,
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  O_PATH,
  type OpenIterator,
  PIN_RECORD,
} from "../../ffi/sampling.ts";
import { listBpffs, type PinFile } from "./bpffs.ts";
import { HELD_TYPES, type Pin } from "./holders_model.ts";

const AT_ONCE = 256;
const FD = PIN_RECORD.fd / 4;
const TYPE = PIN_RECORD.type / 4;
const ID = PIN_RECORD.id / 4;

/** What a file is the pin of; nothing for one that is none. */
type Target = Omit<Pin, "path"> | undefined;

export class PinReader {
  readonly #kernel: KernelPort;
  readonly #session: IteratorSession;
  readonly #isLeftOut: (type: number, id: number) => boolean;
  /** Of the files of the last pass, by identity. */
  #known: ReadonlyMap<string, Target> = new Map();

  constructor(
    kernel: KernelPort,
    iterator: OpenIterator,
    isLeftOut: (type: number, id: number) => boolean,
  ) {
    this.#kernel = kernel;
    this.#session = new IteratorSession(
      kernel,
      iterationsOf(kernel, iterator),
      iterator.recordBytes,
    );
    this.#isLeftOut = isLeftOut;
  }

  /** All pins there are now, or one sentence; `unread` where there may be more. */
  read(): { pins: Pin[]; unread?: string } | string {
    const listed = listBpffs(this.#kernel);
    if (typeof listed === "string") return listed;
    const targets = new Map<string, Target>();
    const unknown: PinFile[] = [];
    for (const file of listed.files) {
      if (this.#known.has(file.identity)) {
        targets.set(file.identity, this.#known.get(file.identity));
      } else unknown.push(file);
    }
    let { unread } = listed;
    for (let at = 0; at < unknown.length; at += AT_ONCE) {
      const answer = this.#look(unknown.slice(at, at + AT_ONCE), targets);
      if (answer?.isFatal) return answer.why;
      unread ??= answer?.why;
    }
    this.#known = targets;
    const pins: Pin[] = [];
    for (const { path, identity } of listed.files) {
      const target = targets.get(identity);
      if (target !== undefined) pins.push({ ...target, path });
    }
    return { pins, ...(unread === undefined ? {} : { unread }) };
  }

  /** Opens files, and finds what they are pins of. Answers why some could not be, or none. */
  #look(
    files: readonly PinFile[],
    targets: Map<string, Target>,
  ): { isFatal: boolean; why: string } | undefined {
    const open = new Map<number, PinFile>();
    let closed: { isFatal: boolean; why: string } | undefined;
    try {
      for (const file of files) {
        const fd = this.#kernel.open(file.path, O_PATH);
        if (fd >= 0) open.set(fd, file);
        else if (fd !== -ENOENT) {
          const why = `${file.path} cannot be opened: ${errnoName(-fd)}`;
          closed ??= { isFatal: false, why };
        }
      }
      for (const { identity } of open.values()) {
        targets.set(identity, undefined);
      }
      const failure = this.#session.stream(() => this.#take(open, targets));
      if (failure === undefined) return closed;
      const why = `${failure.call} failed: ${errnoName(failure.errno)}`;
      return { isFatal: true, why };
    } finally {
      for (const fd of open.keys()) this.#kernel.close(fd);
    }
  }

  #take(
    open: ReadonlyMap<number, PinFile>,
    targets: Map<string, Target>,
  ): void {
    const { words, count, recordBytes } = this.#session;
    for (let i = 0; i < count; i++) {
      const at = i * recordBytes / 4;
      const file = open.get(words[at + FD]);
      const number = words[at + TYPE];
      const id = words[at + ID];
      if (file === undefined || this.#isLeftOut(number, id)) continue;
      targets.set(file.identity, { type: HELD_TYPES[number], id });
    }
  }
}
