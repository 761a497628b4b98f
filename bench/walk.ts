/**
 * Measures the walk: ours, the same walk in C, and bpftool, side by side. In: a kernel to make objects on (root), cc with
 * libbpf. Out: a table, and every raw value in bench/results/walk.json. `deno run -A bench/walk.ts [ROUNDS]`.
 *
 * Rounds alternate, so that whatever else the machine does meets all sides alike; each side is a process of its own, and
 * ours runs with the agent's V8 flags.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { buildC } from "./c_program.ts";
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";
import { LineProcess } from "./line_process.ts";

/** Bytes of each kind's info that the agent asks for. */
const KINDS = {
  map: { bpftool: "map", infoBytes: 88 },
  program: { bpftool: "prog", infoBytes: 232 },
  link: { bpftool: "link", infoBytes: 64 },
} as const;
const KIND_NAMES = ["map", "program", "link"] as const;
type Kind = typeof KIND_NAMES[number];

const SIZES = [10, 1_000, 10_000];
/** Of all passes of one turn, so that a small pass is not lost in the clock's noise. */
const OBJECTS_PER_TURN = 2_000;
const WARM_UP_ROUNDS = 5;
const rounds = Number(Deno.args[0] ?? 15);

interface Row {
  readonly kind: Kind;
  /** Held by this benchmark. */
  readonly held: number;
  /** Seen by the last pass of each round: whatever else is on the machine is walked too. */
  readonly seen: number[];
  /** µs of one pass, by round. */
  readonly oursUs: number[];
  readonly cUs: number[];
  /** µs of the whole process, by round; empty without bpftool. */
  readonly bpftoolUs: number[];
}

/** One pass: µs, the mean of `passes`, and the objects that the last one saw. @throws {Error} when it saw fewer than `size` objects. */
async function passUs(
  side: LineProcess,
  passes: number,
  size: number,
): Promise<{ us: number; seen: number }> {
  const answer = await side.ask(String(passes));
  const [ns, seen] = answer.split(" ").map(Number);
  if (seen < size) {
    throw new Error(
      `Cannot compare: expected ${size} objects or more, found ${seen} (${side.name})`,
    );
  }
  return { us: ns / 1e3 / passes, seen };
}

/** µs of `bpftool -j KIND show`, its output thrown away; undefined where there is none. */
async function bpftoolUs(name: string): Promise<number | undefined> {
  try {
    const start = performance.now();
    const { success } = await new Deno.Command("bpftool", {
      args: ["-j", name, "show"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? (performance.now() - start) * 1e3 : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function measure(
  kind: Kind,
  size: number,
  hold: string,
  walkC: string,
): Promise<Row> {
  const { bpftool, infoBytes } = KINDS[kind];
  await using holder = new LineProcess(
    hold,
    KIND_NAMES.map((name) => name === kind ? String(size) : "0"),
  );
  await holder.readLine();
  await using ours = new LineProcess(Deno.execPath(), [
    "run",
    "-A",
    "--no-check",
    V8_FLAGS,
    new URL("walk_passes.ts", import.meta.url).pathname,
    kind,
    String(infoBytes),
  ]);
  await using inC = new LineProcess(walkC, [kind, String(infoBytes)]);

  const passes = Math.max(1, Math.round(OBJECTS_PER_TURN / size));
  const pass = (side: LineProcess) => passUs(side, passes, size);
  for (let i = 0; i < WARM_UP_ROUNDS; i++) {
    await pass(ours);
    await pass(inC);
  }
  const row: Row = {
    kind,
    held: size,
    seen: [],
    oursUs: [],
    cUs: [],
    bpftoolUs: [],
  };
  for (let round = 0; round < rounds; round++) {
    // There and back: a machine that grows slower or faster within a round does so for both sides.
    const turns = [
      await pass(ours),
      await pass(inC),
      await pass(inC),
      await pass(ours),
    ];
    row.oursUs.push((turns[0].us + turns[3].us) / 2);
    row.cUs.push((turns[1].us + turns[2].us) / 2);
    row.seen.push(turns[3].seen);
    const us = await bpftoolUs(bpftool);
    if (us !== undefined) row.bpftoolUs.push(us);
    if (holder.end !== undefined) {
      throw new Error(
        `Cannot measure: ${hold} ended (${JSON.stringify(holder.end)})`,
      );
    }
  }
  return row;
}

const hold = buildC("hold", "walk_load");
const walkC = buildC("walk");
if ("missing" in hold || "missing" in walkC) {
  console.log(`SKIP ${"missing" in hold ? hold.missing : "no walk in C"}`);
  Deno.exit(0);
}

const rows: Row[] = [];
for (const kind of KIND_NAMES) {
  for (const size of SIZES) {
    rows.push(await measure(kind, size, hold.path, walkC.path));
  }
}
console.log(`Wall time of one pass, median of ${rounds} alternating rounds\n`);
console.log(table(
  ["kind", "held", "seen", "ours µs", "C µs", "ours / C", "bpftool -j µs"],
  rows.map(({ kind, held, seen, oursUs, cUs, bpftoolUs }) => [
    kind,
    String(held),
    String(median(seen)),
    median(oursUs).toFixed(1),
    median(cUs).toFixed(1),
    (median(oursUs) / median(cUs)).toFixed(2),
    bpftoolUs.length === 0 ? "absent" : median(bpftoolUs).toFixed(0),
  ]),
));
keepResults("walk", rows);
