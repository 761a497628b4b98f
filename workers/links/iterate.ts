/**
 * Owns how a link is read by the iterators. In: records of ffi/iter/link_table.ts. Out: descriptions equal to the walk's. What no
 * program tells here (a perf event's, a file's path) is asked of the link once, by descriptor: needs CAP_SYS_ADMIN, and without
 * it such a link has no target.
 * @module
 */
import {
  DESCRIBED_HERE,
  Fd,
  type Field,
  type InfoReader,
  type KernelPort,
  LINK_BIRTH,
  LINK_EVENT,
  LINK_HEAD_BYTES,
  LINK_INFO,
  LINK_NAME,
  LINK_PROGRAM_OFFSET,
  LINK_TYPES,
  objectInfo,
  openObject,
  PROG_TYPES,
  textAt,
} from "../../ffi/sampling.ts";
import { IteratorPass, type TableIterators } from "../iterate.ts";
import { recordInfo } from "../record_info.ts";
import type { Rows } from "../rows.ts";
import {
  describeLink,
  LinkDescriber,
  PERF_EVENT as EVENT_KIND,
} from "./describe.ts";
import type { LinkDescription } from "./model.ts";

const PERF_EVENT = "perf_event";
const PROGRAM_WORD = LINK_PROGRAM_OFFSET / 4;

/**
 * Samples links by iterators. Needs nothing once they are open. Since 5.19.
 * @param ownPrograms of the agent, which attaches them now and then: their links are left out
 */
export function iterateLinks(
  kernel: KernelPort,
  iterators: TableIterators,
  leaveOut: readonly number[],
  rows: Rows<"link">,
  ownPrograms: readonly number[] = [],
): IteratorPass<"link"> {
  const info = recordInfo(LINK_BIRTH, iterators.birth, LINK_HEAD_BYTES);
  const written = new Set(iterators.birth.fields);
  const told = new Set(
    LINK_TYPES.flatMap((type, number) =>
      DESCRIBED_HERE[type]?.every((name) => written.has(name)) ? [number] : []
    ),
  );
  const opened = new OpenedLinks(kernel);
  return new IteratorPass(kernel, rows, iterators, leaveOut, {
    headWords: LINK_HEAD_BYTES / 4,
    own: { word: PROGRAM_WORD, values: ownPrograms },
    counters: [],
    describe(id, record) {
      const read = info(record);
      if (!told.has(read(LINK_INFO.type) ?? 0)) {
        const description = opened.describe(id);
        if (description !== undefined) return description;
      }
      const name = textAt(record, LINK_NAME.offset, LINK_NAME.size);
      return describeLink(
        id,
        LINK_TYPES[read(LINK_INFO.type) ?? 0] === PERF_EVENT
          ? eventInfo(read)
          : read,
        // A name that fills its place was cut.
        () => name.length < LINK_NAME.size - 1 ? name || undefined : undefined,
      );
    },
    calls: () => opened.calls,
  });
}

/** What kind of event it is, as bpf_perf_link_fill_link_info() tells it by the program's type. */
function eventInfo(read: InfoReader): InfoReader {
  return <T>(field: Field<T>): T | undefined =>
    (field as Field<unknown>) === LINK_INFO.perf_event.type
      ? eventKind(read) as T | undefined
      : read(field);
}

function eventKind(read: InfoReader): number | undefined {
  switch (PROG_TYPES[read(LINK_EVENT.programType) ?? 0]) {
    case "perf_event":
      return EVENT_KIND.EVENT;
    case "tracepoint":
    case "kprobe":
      return read(LINK_EVENT.isUprobe)
        ? EVENT_KIND.UPROBE
        : EVENT_KIND.TRACEPOINT;
    default:
      return undefined;
  }
}

/** Links that are asked by descriptor, as the walk does. */
class OpenedLinks {
  readonly #kernel: KernelPort;
  readonly #describer: LinkDescriber;
  #calls = 0;

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
    this.#describer = new LinkDescriber(kernel);
  }

  get calls(): number {
    return this.#calls + this.#describer.calls;
  }

  describe(id: number): LinkDescription | undefined {
    this.#calls++;
    const number = openObject(this.#kernel, "link", id);
    if (number < 0) return undefined;
    using fd = new Fd(this.#kernel, number);
    this.#calls += 2;
    const info = this.#kernel.allocate(LINK_INFO.size);
    const filled = objectInfo(this.#kernel, fd.number, info, LINK_INFO.size);
    return filled < 0
      ? undefined
      : this.#describer.describe(id, info.view, filled, fd.number);
  }
}
