/**
 * Measures sampling by iterators beside what it is held against: an iterator whose program does nothing (the floor: the kernel's own
 * iteration), our tick program driven by libbpf in C, the walk, the same walk in C, and the walk of the Go library cilium/ebpf. In: a
 * kernel to make objects on (root), cc with libbpf; Go where it is installed. Out: tables, and every raw value in
 * bench/results/iterate.json. `deno run -A bench/iterate.ts [ROUNDS]`.
 *
 * All sides take turns in every round, there and back; ours are one process, with the agent's V8 flags.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { buildC, type Built } from "./c_program.ts";
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";
import { buildGo } from "./go_program.ts";
import { type IterateRow, iterateTables } from "./iterate_table.ts";
import { LineProcess } from "./line_process.ts";

const KINDS = ["map", "program", "link"] as const;
type Kind = typeof KINDS[number];
/** Bytes of each kind's info that the agent asks for. */
const INFO_BYTES = { map: 88, program: 232, link: 64 };
const SIZES = [1_000, 10_000, 20_000];
/** A process may have no more files than this, and each object takes one. */
const MOST_HELD = 10_000;

const OURS = ["empty", "read", "sample", "birth", "walk"] as const;
const OTHERS = ["cRead", "cWalk", "go"] as const;
const SIDES = [...OURS, ...OTHERS] as const;
type Side = typeof SIDES[number];
/** They take about as long as ten passes of the others. */
const SLOW: readonly Side[] = ["walk", "cWalk", "go"];
/** Of all passes of one turn, so that a small pass is not lost in the clock's noise. */
const OBJECTS_PER_TURN = 20_000;
const WARM_UP_ROUNDS = 5;
const rounds = Number(Deno.args[0] ?? 15);

function pathOf(built: Built): string {
  if ("path" in built) return built.path;
  console.log(`SKIP ${built.missing}`);
  Deno.exit(0);
}

interface Programs {
  readonly hold: string;
  readonly iterate: string;
  readonly walk: string;
  readonly go: string | undefined;
}

async function holders(
  { hold }: Programs,
  kind: Kind,
  count: number,
): Promise<AsyncDisposableStack> {
  await using stack = new AsyncDisposableStack();
  for (let left = count; left > 0; left -= MOST_HELD) {
    const holder = stack.use(
      new LineProcess(
        hold,
        KINDS.map((name) =>
          String(name === kind ? Math.min(left, MOST_HELD) : 0)
        ),
      ),
    );
    await holder.readLine();
  }
  return stack.move();
}

async function measure(
  kind: Kind,
  held: number,
  programs: Programs,
): Promise<IterateRow> {
  await using stack = await holders(programs, kind, held);
  const ours = stack.use(
    new LineProcess(Deno.execPath(), [
      "run",
      "-A",
      "--no-check",
      V8_FLAGS,
      new URL("iterate_passes.ts", import.meta.url).pathname,
      kind,
    ]),
  );
  const program = (await ours.ask("program")).split(" ");
  const others: Partial<Record<Side, LineProcess>> = {
    cRead: stack.use(new LineProcess(programs.iterate, program)),
    cWalk: stack.use(
      new LineProcess(programs.walk, [kind, String(INFO_BYTES[kind])]),
    ),
    ...(programs.go === undefined
      ? {}
      : { go: stack.use(new LineProcess(programs.go, [kind])) }),
  };
  const sides = SIDES.filter((side) => side !== "go" || programs.go);
  const row: IterateRow = {
    kind,
    held,
    seen: 0,
    us: {},
    cpuUs: {},
    births: [],
  };
  for (const side of sides) [row.us[side], row.cpuUs[side]] = [[], []];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const share = SLOW.includes(side) ? 10 : 1;
      const passes = Math.max(1, Math.round(OBJECTS_PER_TURN / held / share));
      const other = others[side];
      const answer = other === undefined
        ? await ours.ask(`${side} ${passes}`)
        : await other.ask(String(passes));
      const [ns, seen, cpuNs, births] = answer.split(" ").map(Number);
      if (side !== "empty" && seen < held) {
        throw new Error(`Cannot compare: ${side} saw ${seen} of ${held}`);
      }
      if (side === "sample") row.seen = seen;
      if (round < 0) continue;
      row.us[side]?.push(ns / 1e3 / passes);
      row.cpuUs[side]?.push(cpuNs / 1e3 / passes);
      if (side === "sample") row.births.push(births);
    }
  }
  return row;
}

const go = buildGo("go_iterate");
if ("missing" in go) console.log(`SKIP cilium/ebpf: ${go.missing}`);
const programs: Programs = {
  hold: pathOf(buildC("hold", "iterate_load")),
  iterate: pathOf(buildC("iterate")),
  walk: pathOf(buildC("walk", "iterate_walk")),
  go: "path" in go ? go.path : undefined,
};
const rows: IterateRow[] = [];
for (const kind of KINDS) {
  for (const size of SIZES) rows.push(await measure(kind, size, programs));
}
console.log(
  `One pass, median of ${rounds} alternating rounds, µs of wall time; ratios are of CPU time, in brackets of wall time\n`,
);
for (const { heads, cells } of iterateTables(rows, median)) {
  console.log(`${table(heads, cells)}\n`);
}
keepResults("iterate", rows);
