/**
 * Owns one look at everything that keeps objects alive. In: open iterators, ids to leave out. Out: HoldersPass, or one sentence. A look
 * is not one instant: descriptors are read first, then pins, then references, so what is handed on meanwhile is seen.
 * @module
 */
import { type KernelPort, readText } from "../../ffi/sampling.ts";
import type { HolderIterators } from "../holder_iterators.ts";
import type { ObjectType, OwnIds } from "../protocol.ts";
import { ProcessCgroups } from "./holders_cgroups.ts";
import { FileHolders } from "./holders_files.ts";
import { HELD_TYPES, type HoldersPass } from "./holders_model.ts";
import { PinReader } from "./holders_pins.ts";
import { ReferenceReader } from "./holders_references.ts";

/** What an open file may be of, by the parts of the program over files. */
const FILE_KINDS: Readonly<Record<string, ObjectType>> = {
  map: "map",
  program: "program",
  link: "link",
  btf: "btf",
  perf_event: "program",
};

export class HoldersLook {
  readonly #kernel: KernelPort;
  readonly #iterators: HolderIterators;
  readonly #files: FileHolders | string;
  readonly #pins: PinReader | string;
  readonly #references: ReferenceReader;
  readonly #cgroups: ProcessCgroups;

  constructor(
    kernel: KernelPort,
    iterators: HolderIterators,
    leaveOut: OwnIds,
  ) {
    const own = HELD_TYPES.map((type) => new Set(leaveOut[type]));
    const isLeftOut = (type: number, id: number) => own[type]?.has(id) ?? true;
    const { files, pins, references } = iterators;
    this.#kernel = kernel;
    this.#iterators = iterators;
    this.#files = typeof files === "string" ? files : new FileHolders(
      kernel,
      files,
      isLeftOut,
      own.some(({ size }) => size > 0),
    );
    this.#pins = typeof pins === "string"
      ? pins
      : new PinReader(kernel, pins, isLeftOut);
    this.#references = new ReferenceReader(kernel, references, isLeftOut);
    this.#cgroups = new ProcessCgroups(kernel);
  }

  /** Takes one; never throws for what a kernel may answer. */
  take(): HoldersPass | string {
    const kernel = this.#kernel;
    const takenAtMs = kernel.monotonicMs();
    if (typeof this.#files === "string") return this.#files;
    const held = this.#files.read();
    if (typeof held === "string") return held;
    const pins = typeof this.#pins === "string"
      ? this.#pins
      : this.#pins.read();
    const references = this.#references.read();
    if (typeof references === "string") return references;
    const [pid] = readText(kernel, "/proc/self/stat")?.match(/^\d+/) ?? [];
    const seesAll = Number(pid) === held.ownPid;
    const processes = this.#cgroups.complete(held.processes, seesAll);
    const unknown = {
      ...references.unknown,
      ...this.#unknownFiles(),
      ...(typeof pins === "string" || pins.unread === undefined
        ? {}
        : ofAll(pins.unread, ["map", "program", "link"])),
      ...(seesAll ? {} : ofAll(
        "processes outside of the agent's pid namespace are not seen",
        HELD_TYPES,
      )),
    };
    return {
      takenAtMs,
      durationMs: kernel.monotonicMs() - takenAtMs,
      descriptors: held.descriptors,
      complete: seesAll,
      processes,
      holds: Uint32Array.from(held.holds),
      references: Uint32Array.from(references.edges),
      pins: typeof pins === "string" ? pins : pins.pins,
      ...(Object.keys(unknown).length === 0 ? {} : { unknown }),
    };
  }

  #unknownFiles(): Partial<Record<ObjectType, string>> {
    const { files } = this.#iterators;
    if (typeof files === "string") return {};
    const unknown: Partial<Record<ObjectType, string>> = {};
    for (const [kind, reason] of Object.entries(files.absent)) {
      unknown[FILE_KINDS[kind]] =
        `descriptors of kind ${kind} cannot be told: ${reason}`;
    }
    return unknown;
  }
}

function ofAll(
  sentence: string,
  types: readonly ObjectType[],
): Partial<Record<ObjectType, string>> {
  return Object.fromEntries(types.map((type) => [type, sentence]));
}
