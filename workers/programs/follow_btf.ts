/**
 * Owns how BTF objects are known where they may not be listed: those of the kernel from a list that was taken at start, for as long
 * as /sys/kernel/btf has their names, and those that programs and maps refer to now. In: two open iterators, that list. Out: the
 * table of BTF objects, described as the walk describes them. It lacks what only a descriptor holds, and modules that came
 * later until a program refers to them.
 * @module
 */
import {
  BTF_PIECE,
  BTF_PIECE_BYTES,
  EACCES,
  EPERM,
  errnoName,
  type IterationFailure,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  listDirectory,
  type OpenIterator,
  textAt,
} from "../../ffi/sampling.ts";
import type { BackedTable } from "../collector.ts";
import type { BackendName, BtfIterators, TableOutcome } from "../protocol.ts";
import { Rows } from "../rows.ts";
import { BTF_COLUMNS, type BtfDescription } from "./model.ts";
import { btfDescription } from "./walk.ts";

/** Each of the kernel's BTF objects, by its name. */
const KERNEL_BTF_DIRECTORY = "/sys/kernel/btf";
const PIECE_WORDS = BTF_PIECE_BYTES / 4;
/** All of a piece but the id. */
const IDENTITY_WORDS = PIECE_WORDS - 1;
const NOTHING_SKIPPED: TableOutcome["skipped"] = Object.freeze({});

interface Source {
  readonly session: IteratorSession;
  readonly hasKernel: boolean;
}

/** Samples BTF objects by whoever refers to them. Needs nothing once the iterators are open. */
export class BtfFollower implements BackedTable<"btf"> {
  readonly rows: Rows<"btf"> = new Rows("btf", IDENTITY_WORDS, BTF_COLUMNS);
  readonly backend: BackendName = "iterator";
  readonly backendReason: string;
  readonly isLowerBound = true;
  readonly #kernel: KernelPort;
  readonly #sources: readonly Source[];
  readonly #leaveOut: ReadonlySet<number>;
  /** Those of the kernel that were there whenever it was asked. */
  #standing: readonly KnownBtf[];
  /** Pieces of this pass, by id; their words are used again in the next. */
  readonly #found = new Map<number, Found>();
  #ownCalls = 0;

  /** @param atStart all BTF objects when they could be listed; ids are not used twice while one of them lives */
  constructor(
    kernel: KernelPort,
    iterators: BtfIterators | string,
    atStart: readonly BtfDescription[],
    leaveOut: readonly number[],
  ) {
    this.#kernel = kernel;
    this.#leaveOut = new Set(leaveOut);
    this.#standing = atStart.filter(({ kernel }) => kernel === true)
      .map(knownBtf);
    const open = typeof iterators === "string"
      ? []
      : [iterators.program, iterators.map].filter((one) => one !== undefined);
    this.#sources = open.map((one) => sourceOf(kernel, one));
    this.backendReason = typeof iterators === "string"
      ? `only the kernel's own are known: ${iterators}`
      : `they may not be listed: the kernel's own from a list taken at start, others by ${iterators.reason}`;
  }

  get syscalls(): number {
    return this.#sources.reduce(
      (sum, { session }) => sum + session.calls,
      this.#ownCalls,
    );
  }

  sample(): TableOutcome {
    this.#found.clear();
    for (const source of this.#sources) {
      const failure = source.session.stream(() => this.#take(source));
      if (failure !== undefined) return failed(failure);
    }
    this.#keepStanding();
    const { rows } = this;
    rows.begin();
    for (const id of [...this.#found.keys()].sort((a, b) => a - b)) {
      const found = this.#found.get(id);
      if (found === undefined || this.#leaveOut.has(id)) continue;
      if (!rows.add(id, found.words, 1)) {
        rows.describe(describePiece(found));
      }
    }
    rows.commit();
    return { table: "btf", skipped: NOTHING_SKIPPED };
  }

  #take({ session, hasKernel }: Source): void {
    const stride = session.recordBytes / 4;
    for (let i = 0; i < session.count; i++) {
      const end = (i + 1) * stride;
      for (let at = i * stride; at < end; at += PIECE_WORDS) {
        const id = session.words[at];
        if (id === 0 || this.#found.has(id)) continue;
        const words = new Uint32Array(PIECE_WORDS);
        words.set(session.words.subarray(at, Math.min(at + PIECE_WORDS, end)));
        this.#found.set(id, { words, hasKernel });
      }
    }
  }

  /** Adds the kernel's BTF objects that have been there since the start. */
  #keepStanding(): void {
    if (this.#standing.length === 0) return;
    const names = new Set(listDirectory(this.#kernel, KERNEL_BTF_DIRECTORY));
    // open, a listing of one piece or more, its end, close
    this.#ownCalls += 4;
    const now = new Map<string, number>();
    for (const [id, found] of this.#found) {
      if (found.words[BTF_PIECE.isKernel / 4] !== 0) {
        now.set(describePiece(found).name, id);
      }
    }
    this.#standing = this.#standing.filter(({ id, name }) =>
      // A module that came again has another id.
      names.has(name) && (now.get(name) ?? id) === id
    );
    for (const { id, words } of this.#standing) {
      if (!this.#found.has(id)) this.#found.set(id, { words, hasKernel: true });
    }
  }
}

interface Found {
  /** One piece. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** This kernel says whether it is the kernel's own. */
  readonly hasKernel: boolean;
}

interface KnownBtf {
  readonly id: number;
  readonly name: string;
  readonly words: Uint32Array<ArrayBuffer>;
}

/** As the iterators would write it. */
function knownBtf({ id, name, sizeBytes }: BtfDescription): KnownBtf {
  const words = new Uint32Array(PIECE_WORDS);
  words[BTF_PIECE.id / 4] = id;
  words[BTF_PIECE.sizeBytes / 4] = sizeBytes;
  words[BTF_PIECE.isKernel / 4] = 1;
  const bytes = new Uint8Array(words.buffer);
  new TextEncoder().encodeInto(
    name,
    bytes.subarray(BTF_PIECE.name, BTF_PIECE_BYTES - 1),
  );
  return { id, name, words };
}

function describePiece({ words, hasKernel }: Found): BtfDescription {
  const view = new DataView(words.buffer);
  return btfDescription(
    words[BTF_PIECE.id / 4],
    textAt(view, BTF_PIECE.name, BTF_PIECE.nameBytes),
    words[BTF_PIECE.sizeBytes / 4],
    hasKernel ? words[BTF_PIECE.isKernel / 4] : undefined,
  );
}

function sourceOf(kernel: KernelPort, iterator: OpenIterator): Source {
  return {
    session: new IteratorSession(
      kernel,
      iterationsOf(kernel, iterator),
      iterator.recordBytes,
    ),
    hasKernel: iterator.fields.includes("own.kernel_btf"),
  };
}

function failed({ call, errno }: IterationFailure): TableOutcome {
  return {
    table: "btf",
    skipped: NOTHING_SKIPPED,
    failure: {
      call,
      errno: errnoName(errno),
      unavailable: errno === EPERM || errno === EACCES,
    },
  };
}
