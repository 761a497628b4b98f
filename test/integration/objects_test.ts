/**
 * The collectors on the real kernel, by each backend: what they say of one object of every type that this kernel makes, field by
 * field, beside what a C program and bpftool say.
 */
import { assertEquals, assertGreater } from "@std/assert";
import {
  enableRunTimeStats,
  listDirectory,
  type ObjectKind,
  openLibc,
  testRunProgram,
} from "../../ffi/mod.ts";
import type { Collector, TableCollector } from "../../workers/collector.ts";
import { collectLinks } from "../../workers/links/collect.ts";
import { collectMaps } from "../../workers/maps/collect.ts";
import { collectPrograms } from "../../workers/programs/collect.ts";
import {
  type OpenedIterators,
  openIterators,
} from "../../workers/iterators.ts";
import type { BackendName, Descriptions } from "../../workers/protocol.ts";
import { bothTell } from "../kernel/both_tell.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import {
  bpftoolDifferences,
  expectedBtf,
  expectedLink,
  expectedMap,
  expectedProgram,
} from "../kernel/expected.ts";
import { returns } from "../kernel/instructions.ts";
import { kernelTest, makeEverything, skip, Workshop } from "../kernel/make.ts";
import { makeProgram } from "../kernel/programs.ts";
import { hasSince } from "../kernel/since.ts";
import type { Made } from "../kernel/workshop.ts";
import { readBpftool, readInfo, whyNoBpftool } from "../kernel/reference.ts";

const LEAVE_OUT = { map: [], program: [], link: [], btf: [] };
const BACKENDS: readonly BackendName[] = kernelBtf() === undefined
  ? ["walk"]
  : ["walk", "iterator"];
const KINDS = ["map", "program", "link", "btf"] as const;
/** There is an iterator over links since 5.19. */
const ITERATED = KINDS.filter((kind) =>
  kind !== "link" || hasSince(openLibc(), "5.19")
);
const EXPECTED = {
  map: expectedMap,
  program: expectedProgram,
  link: expectedLink,
  btf: expectedBtf,
} as const;

/** Collectors of one backend, and what they stand on. */
class Backend implements Disposable {
  readonly kernel = openLibc();
  readonly collectors: readonly Collector[];
  readonly #opened: OpenedIterators | undefined;

  constructor(readonly name: BackendName) {
    const { kernel } = this;
    this.#opened = name === "iterator"
      ? openIterators(kernel, false)
      : undefined;
    const init = { leaveOut: LEAVE_OUT, iterators: this.#opened?.iterators };
    this.collectors = [
      collectMaps(kernel, init),
      collectPrograms(kernel, init),
      collectLinks(kernel, init),
    ];
    assertEquals(
      this.collectors.map((one) => one.backend),
      [name, name, name],
    );
  }

  [Symbol.dispose](): void {
    this.#opened?.[Symbol.dispose]();
  }
}

function tableOf(all: readonly Collector[], kind: ObjectKind): TableCollector {
  const found = all.flatMap(({ tables }) => tables)
    .find(({ rows }) => rows.table === kind);
  if (found === undefined) throw new Error(`Cannot find the table of ${kind}s`);
  return found;
}

/** One sample, read to its end: descriptions by id. */
function sampled<K extends ObjectKind>(
  backend: BackendName,
  kind: K,
): Map<number, Descriptions[K]> {
  using made = new Backend(backend);
  const table = tableOf(made.collectors, kind);
  assertEquals(table.sample(), { table: kind, skipped: {} });
  const told = table.rows.takeBirths()?.descriptions ?? [];
  return new Map(told.map((one) => [one.id, one as Descriptions[K]]));
}

/** A row's columns by name, of each object in `ids`. */
function columnsOf(
  table: TableCollector,
  ids: readonly number[],
): Map<number, Record<string, number>> {
  table.sample();
  const { columns } = table.rows;
  const rows = new Map<number, Record<string, number>>();
  for (let row = 0; row < columns.count; row++) {
    rows.set(
      columns.ids[row],
      Object.fromEntries(
        table.rows.columnNames.map((
          name,
          c,
        ) => [name, columns.columns[c][row]]),
      ),
    );
  }
  return new Map(ids.map((id) => [id, rows.get(id) ?? {}]));
}

for (const backend of BACKENDS) {
  const kinds = backend === "walk" ? KINDS : ITERATED;
  if (kinds.length < KINDS.length) {
    skip("links by iterator", "this kernel has no iterator over links");
  }

  kernelTest(
    `collectors by ${backend} describe one object of every type as the C reader and bpftool do`,
    async (t) => {
      using workshop = makeEverything();
      const counts = Object.fromEntries(
        kinds.map((kind) => [kind, workshop.ids(kind).length]),
      );
      // deno-lint-ignore no-console -- how much was compared is part of the result
      console.log(
        `made ${JSON.stringify(counts)}, refused ${workshop.refused.length}`,
      );
      for (const kind of kinds) {
        assertGreater(workshop.ids(kind).length, 0);
        const told = sampled(backend, kind);
        await t.step({
          name: `${kind}: C reader`,
          ignore: notHere(`${kind}: C reader`, whyNoTool("info")),
          fn() {
            const rows = readInfo(kind);
            const differences = workshop.made.flatMap((object) => {
              if (!isSeen(backend, workshop, object)) return [];
              if (object.kind !== kind) return [];
              const row = rows.get(object.id);
              const actual: Record<string, unknown> = {
                ...told.get(object.id),
              };
              // What an info does not tell.
              for (const name of ["identity", "memlock", "memlockBytes"]) {
                delete actual[name];
              }
              const agent = Deno.inspect(bothTell(workshop.kernel, actual), {
                sorted: true,
              });
              const reader = Deno.inspect(row && EXPECTED[kind](row), {
                sorted: true,
              });
              return agent === reader
                ? []
                : [`${object.what}: agent ${agent}, C reader ${reader}`];
            });
            assertEquals(differences, []);
          },
        });
        await t.step({
          name: `${kind}: bpftool`,
          ignore: notHere(`${kind}: bpftool`, whyNoBpftool()),
          fn() {
            const rows = readBpftool(kind);
            const differences = workshop.ids(kind).flatMap((id) => {
              const row = rows.get(id);
              return row === undefined
                ? [`bpftool has no ${kind} ${id}`]
                : bpftoolDifferences(row, { ...told.get(id) });
            });
            assertEquals(differences, []);
          },
        });
      }
    },
  );

  kernelTest(
    `collectors by ${backend} give each type the name that it was made by`,
    () => {
      using workshop = makeEverything();
      for (const kind of kinds) {
        if (kind === "btf") continue;
        const told = sampled(backend, kind);
        for (const { id, what } of workshop.made) {
          // As `map lpm_trie flags 1`; the others are named by what they are for.
          const [first, type] = what.split(" ");
          if (first !== kind || type === "of" || type === "to") continue;
          assertEquals(told.get(id)?.type, type, what);
        }
      }
    },
  );

  kernelTest(
    `collectPrograms() by ${backend} counts runs as the C reader does`,
    () => {
      using workshop = new Workshop();
      const { kernel } = workshop;
      const counted = [17, 170].map((runs) => {
        const source = { type: "socket_filter", code: returns(runs) };
        return { runs, program: makeProgram(workshop, source) };
      });
      const stats = enableRunTimeStats(kernel);
      assertGreater(stats, 0);
      try {
        for (const { runs, program } of counted) {
          const packet = kernel.allocate(64);
          assertEquals(
            testRunProgram(kernel, program?.fd ?? -1, packet, 64, runs),
            0,
          );
        }
      } finally {
        kernel.close(stats);
      }
      using made = new Backend(backend);
      const table = tableOf(made.collectors, "program");
      const columns = columnsOf(table, workshop.ids("program"));
      const reference = whyNoTool("info") === undefined
        ? readInfo("program")
        : undefined;
      for (const { runs, program } of counted) {
        const row = columns.get(program?.id ?? 0);
        assertEquals(row?.runCount, runs);
        assertGreater(row?.runTimeNs, 0);
        if (reference === undefined) continue;
        const theirs = reference.get(program?.id ?? 0);
        assertEquals(row, {
          runTimeNs: Number(theirs?.run_time_ns),
          runCount: Number(theirs?.run_cnt),
          recursionMisses: Number(theirs?.recursion_misses),
        });
      }
    },
  );

  kernelTest(
    `collectors by ${backend} leave no descriptor behind and keep births`,
    () => {
      using workshop = makeEverything();
      using made = new Backend(backend);
      const { kernel, collectors: all } = made;
      const tables = all.flatMap((collector) => collector.tables);
      for (const table of tables) table.sample();
      const before = listDirectory(kernel, "/proc/self/fd");
      for (let pass = 0; pass < 20; pass++) {
        for (const table of tables) table.sample();
      }
      assertEquals(listDirectory(kernel, "/proc/self/fd"), before);
      for (const kind of kinds) {
        const { rows } = tableOf(all, kind);
        const { ids, births, count } = rows.columns;
        const birthOf = new Map(
          Array.from({ length: count }, (_, row) => [ids[row], births[row]]),
        );
        const described = rows.takeBirths()?.descriptions ?? [];
        const seen = workshop.made.filter((object) =>
          object.kind === kind && isSeen(backend, workshop, object)
        );
        for (const { id } of seen) {
          // Told once in 21 passes, and the row refers to that telling.
          const told = described.filter((one) => one.id === id);
          assertEquals(told.length, 1, `${kind} ${id}`);
          assertEquals(described[(birthOf.get(id) ?? 0) - 1]?.id, id);
        }
      }
    },
  );
}

/** Iterators follow programs and maps to their BTF: the one of a map that this kernel refused has nobody who refers to it. */
function isSeen(backend: BackendName, workshop: Workshop, made: Made): boolean {
  return backend === "walk" || made.what !== "btf of struct_ops" ||
    workshop.made.some(({ what }) => what.startsWith("map struct_ops"));
}

function notHere(what: string, why: string | undefined): boolean {
  if (why !== undefined) skip(what, why);
  return why !== undefined;
}
