/**
 * Measures what counting operations costs everybody else: a system call that has nothing to do with BPF, and a look-up by bpf(), without
 * an agent, beside one that counts nothing, and beside one that counts. In: a kernel (root), cc; --rounds N (9). Out: a table, raw
 * values in bench/results/operations.json.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { Agent } from "../test/agent.ts";
import { buildC } from "./c_program.ts";
import { keepResults, table } from "./figures.ts";
import { numberFlag } from "./number_flag.ts";

/** Short ones, of which the fastest is the least disturbed by others. */
const SLICES = 20;
const SLICE_MS = 10;
const CALLS = ["getpid()", "bpf() look-up"] as const;
const STATES = [
  { name: "no agent", flags: undefined },
  { name: "agent, --operations off", flags: [] },
  {
    name: "agent, --operations on --run-stats off",
    flags: ["--operations", "on", "--run-stats", "off"],
  },
  { name: "agent, --operations on", flags: ["--operations", "on"] },
] as const;

const rounds = numberFlag("--rounds", 9);
const built = buildC("calls");
if (!("path" in built)) {
  console.log(`SKIP the bench of operations: ${built.missing}`);
  Deno.exit(0);
}

/** ns of each kind of call, the fastest slice. */
async function measure(
  path: string,
  flags: readonly string[] | undefined,
): Promise<number[]> {
  await using stack = new AsyncDisposableStack();
  if (flags !== undefined) {
    await stack.use(await Agent.start(flags)).ready();
  }
  const { stdout } = await new Deno.Command(path, {
    args: [String(SLICES), String(SLICE_MS)],
  }).output();
  const slices: number[][] = JSON.parse(new TextDecoder().decode(stdout));
  return CALLS.map((_, call) => Math.min(...slices.map((one) => one[call])));
}

const ns = STATES.map(() => CALLS.map((): number[] => []));
for (let round = 0; round < rounds; round++) {
  // In turn, so that whatever else the machine does disturbs all of them.
  for (let i = 0; i < STATES.length; i++) {
    const state = (i + round) % STATES.length;
    const measured = await measure(built.path, STATES[state].flags);
    measured.forEach((value, call) => ns[state][call].push(value));
  }
}

const [base] = ns;
console.log(table(
  [
    "ns a call, fastest slice of all rounds",
    ...CALLS.flatMap((call) => [call, "more"]),
  ],
  STATES.map(({ name }, state) => [
    name,
    ...CALLS.flatMap((_, call) => {
      const value = Math.min(...ns[state][call]);
      const fastest = Math.min(...base[call]);
      const more = value - fastest;
      const share = 100 * more / fastest;
      return [
        value.toFixed(1),
        state === 0 ? "" : `${more.toFixed(1)} (${share.toFixed(1)} %)`,
      ];
    }),
  ]),
));
keepResults("operations", {
  rounds,
  rows: STATES.map(({ name }, state) => ({ name, ns: ns[state] })),
});
