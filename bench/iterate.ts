/**
 * Measures sampling by iterators: an iterator whose program does nothing (the floor: the kernel's own iteration), our tick program
 * read to its end, a whole sample with its rows, and the walk, side by side. In: a kernel to make objects on (root), cc with
 * libbpf. Out: a table, and every raw value in bench/results/iterate.json. `deno run -A bench/iterate.ts [ROUNDS]`.
 *
 * All sides are one process, with the agent's V8 flags, and take turns in every round.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { buildC } from "./c_program.ts";
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";
import { LineProcess } from "./line_process.ts";

const KINDS = ["map", "program", "link"] as const;
const SIZES = [1_000, 10_000];
const SIDES = ["empty", "read", "sample", "walk"] as const;
type Side = typeof SIDES[number];
/** Of all passes of one turn, so that a small pass is not lost in the clock's noise. */
const OBJECTS_PER_TURN = 20_000;
const WARM_UP_ROUNDS = 5;
const rounds = Number(Deno.args[0] ?? 15);

interface Row {
  readonly kind: string;
  readonly held: number;
  /** Seen by the last sample: whatever else is on the machine is iterated too. */
  seen: number;
  /** µs of one pass, by round. */
  readonly us: Readonly<Record<Side, number[]>>;
}

async function measure(
  kind: typeof KINDS[number],
  held: number,
  hold: string,
): Promise<Row> {
  await using holder = new LineProcess(
    hold,
    KINDS.map((name) => name === kind ? String(held) : "0"),
  );
  await holder.readLine();
  await using ours = new LineProcess(Deno.execPath(), [
    "run",
    "-A",
    "--no-check",
    V8_FLAGS,
    new URL("iterate_passes.ts", import.meta.url).pathname,
    kind,
  ]);
  const row: Row = {
    kind,
    held,
    seen: 0,
    us: { empty: [], read: [], sample: [], walk: [] },
  };
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
      const share = side === "walk" ? 10 : 1;
      const passes = Math.max(1, Math.round(OBJECTS_PER_TURN / held / share));
      const answer = await ours.ask(`${side} ${passes}`);
      const [ns, seen] = answer.split(" ").map(Number);
      if (side !== "empty" && seen < held) {
        throw new Error(`Cannot compare: ${side} saw ${seen} of ${held}`);
      }
      if (side === "sample") row.seen = seen;
      if (round >= 0) row.us[side].push(ns / 1e3 / passes);
    }
  }
  return row;
}

const hold = buildC("hold", "walk_load");
if ("missing" in hold) {
  console.log(`SKIP ${hold.missing}`);
  Deno.exit(0);
}
const rows: Row[] = [];
for (const kind of KINDS) {
  for (const size of SIZES) rows.push(await measure(kind, size, hold.path));
}
console.log(
  `Wall time in µs of one pass, median of ${rounds} alternating rounds\n`,
);
console.log(table(
  [
    "kind",
    "held",
    "seen",
    ...SIDES,
    "read / empty",
    "sample / empty",
    "walk / sample",
  ],
  rows.map(({ kind, held, seen, us }) => {
    const ratio = (one: Side, other: Side) =>
      (median(us[one]) / median(us[other])).toFixed(2);
    return [
      kind,
      String(held),
      String(seen),
      ...SIDES.map((side) => median(us[side]).toFixed(1)),
      ratio("read", "empty"),
      ratio("sample", "empty"),
      ratio("walk", "sample"),
    ];
  }),
));
keepResults("iterate", rows);
