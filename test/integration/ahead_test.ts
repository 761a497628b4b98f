/**
 * Iterators that touch objects ahead, on the real kernel: their records are those of iterators that do not, pass after pass, while
 * what they remember is of objects that are gone.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  AheadMap,
  Btf,
  CALIBRATION_STRUCTS,
  callsOf,
  Fd,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  MAP_TICK,
  objectInfo,
  openIterator,
  openLibc,
  openObject,
  perCpuBases,
  PROG_INFO,
  PROGRAM_TICK,
  readBtf,
  type RecordTable,
  structsOf,
} from "../../ffi/mod.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { Holder } from "../kernel/holder.ts";
import { kernelTest } from "../kernel/skip.ts";

const HELD = 300;
const TABLES = { map: MAP_TICK, program: PROGRAM_TICK } as const;
const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

function scan(kernel: KernelPort): Btf {
  const bytes = readBtf(kernel);
  assert(typeof bytes !== "number", `errno ${bytes}`);
  const tables = Object.values(TABLES);
  return Btf.scan(bytes, {
    structs: [
      ...new Set([...tables.flatMap(structsOf), ...CALIBRATION_STRUCTS]),
    ],
    functions: [
      "bpf_iter_bpf_prog",
      "bpf_iter_bpf_map",
      "bpf_rdonly_cast",
      ...new Set(tables.flatMap(callsOf)),
    ],
  });
}

/** One side: its passes, and how many maps its program has. */
class Side implements Disposable {
  readonly #link: Fd;
  readonly #session: IteratorSession;
  readonly maps: number;

  constructor(
    kernel: KernelPort,
    btf: Btf,
    table: RecordTable,
    isAhead: boolean,
  ) {
    const bases = perCpuBases(kernel, btf);
    using ahead = isAhead ? new AheadMap(kernel, btf) : undefined;
    const opened = openIterator(
      kernel,
      btf,
      table,
      { bases: typeof bases === "string" ? [] : bases },
      { aheadFd: ahead?.mapFd },
    );
    assert(typeof opened !== "string", String(opened));
    this.#link = new Fd(kernel, opened.linkFd);
    this.#session = new IteratorSession(
      kernel,
      iterationsOf(kernel, { linkFd: opened.linkFd }),
      opened.recordBytes,
    );
    using program = new Fd(
      kernel,
      openObject(kernel, "program", opened.programId),
    );
    const info = kernel.allocate(PROG_INFO.size);
    objectInfo(kernel, program.number, info, PROG_INFO.size);
    this.maps = PROG_INFO.nr_map_ids.get(
      info.view,
      PROG_INFO.nr_map_ids.offset,
    );
  }

  /** Identities by id: type, and cookie or load time. */
  pass(): Map<number, string> {
    assertEquals(this.#session.run(), undefined);
    const { words, count, recordBytes } = this.#session;
    return new Map(Array.from({ length: count }, (_, i) => {
      const at = i * recordBytes / 4;
      return [words[at], words.slice(at + 1, at + 4).join()];
    }));
  }

  [Symbol.dispose](): void {
    this.#link[Symbol.dispose]();
  }
}

kernelTest(
  "touchAhead() changes no record, whoever came or went since the last pass",
  async () => {
    const kernel = openLibc();
    using btf = scan(kernel);
    for (const kind of ["map", "program"] as const) {
      using plain = new Side(kernel, btf, TABLES[kind], false);
      using ahead = new Side(kernel, btf, TABLES[kind], true);
      // Before 6.2 nothing is touched.
      const touched = btf.functionId("bpf_rdonly_cast") === undefined ? 0 : 1;
      assertEquals([plain.maps, ahead.maps], [0, touched]);
      const compare = (ids: readonly number[]) => {
        const [one, other] = [plain.pass(), ahead.pass()];
        for (const id of ids) assertEquals(other.get(id), one.get(id));
        return ids.filter((id) => other.has(id)).length;
      };
      await using held = await Holder.start(HELD, HELD, 0);
      const ids = held.ids[kind];
      assertEquals(compare(ids), HELD);
      {
        await using later = await Holder.start(HELD, HELD, 0);
        assertEquals(compare([...ids, ...later.ids[kind]]), 2 * HELD);
        await held[Symbol.asyncDispose]();
        // What it remembers is of the first, who are gone.
        for (let i = 0; i < 3; i++) {
          assertGreater(compare(later.ids[kind]), HELD - 1);
        }
      }
      compare(ids);
    }
  },
  noBtf,
);
