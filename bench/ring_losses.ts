/**
 * Measures what counting losses of ring buffers costs their producers: ns a write, with the probe and without it. In: a kernel that allows
 * the probe (root), cc; or kernels as `6.1 6.12`, each of which is a guest that runs this; --rounds N (9). Out: a table. Guests are
 * emulated: there the ratio says something, the ns do not.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { enableRunTimeStats, openLibc } from "../ffi/mod.ts";
import { compile, whyNoTool } from "../test/kernel/compile.ts";
import { RingProducer } from "../test/kernel/rings.ts";
import { inGuest } from "../test/kernels/guest_run.ts";
import { openIterators } from "../workers/iterators.ts";
import { table } from "./figures.ts";
import { numberFlag } from "./number_flag.ts";

const WRITES = 100_000;
/** Into a ring that has room for all, or for hardly any. */
const KINDS = [
  ["reserve(), with room", 1 << 24, 256],
  ["output(), with room", 1 << 24, 258],
  ["reserve(), without room", 1 << 12, 256],
] as const;
/** Run-time statistics time the probe as any program; the agent keeps them on unless --run-stats off. */
const STATES = [
  { name: "no probe", probe: false, stats: false },
  { name: "probe", probe: true, stats: false },
  { name: "no probe, run-time statistics", probe: false, stats: true },
  { name: "probe, run-time statistics", probe: true, stats: true },
] as const;
const GUEST_LIMIT_MS = 600_000;

const kernels = Deno.args.filter((arg) => /^(\d+\.\d+|newest)$/.test(arg));
const rounds = numberFlag("--rounds", 9);
const missing = whyNoTool("ring_producer");
if (missing !== undefined) {
  console.log(`SKIP the bench of ring losses: ${missing}`);
  Deno.exit(0);
}
if (kernels.length > 0) await measureInGuests();
else await measureHere();

async function measureInGuests(): Promise<void> {
  compile("ring_producer");
  for (const name of kernels) {
    const ran = await inGuest(
      name,
      ["bench/ring_losses.ts"],
      `deno run -A --no-check bench/ring_losses.ts --rounds ${rounds}`,
      GUEST_LIMIT_MS,
    );
    console.log(
      typeof ran === "string"
        ? `SKIP Linux ${name}: ${ran}`
        : new TextDecoder().decode(ran.stdout),
    );
  }
}

async function measureHere(): Promise<void> {
  const kernel = openLibc();
  {
    using tried = openIterators(kernel, false, { ringLosses: "on" });
    const { reason } = tried.ringLosses;
    if (reason !== undefined) {
      console.log(`SKIP the bench of ring losses: ${reason}`);
      return;
    }
  }
  const ns = STATES.map(() => KINDS.map((): number[] => []));
  for (let round = -1; round < rounds; round++) {
    // In turn, so that whatever else the machine does disturbs all of them.
    for (let i = 0; i < STATES.length; i++) {
      const state = (i + rounds + round) % STATES.length;
      const { probe, stats } = STATES[state];
      const statsFd = stats ? enableRunTimeStats(kernel) : -1;
      using _ = openIterators(kernel, false, {
        ringLosses: probe ? "on" : "off",
      });
      for (const [kind, [, sizeBytes, mix]] of KINDS.entries()) {
        const measured = await writeNs(sizeBytes, mix);
        if (round >= 0) ns[state][kind].push(measured);
      }
      if (statsFd >= 0) kernel.close(statsFd);
    }
  }
  const [base] = ns;
  // The least disturbed by others.
  console.log(`Linux ${Deno.osRelease()}, fastest of ${rounds} rounds\n`);
  console.log(table(
    ["ns a write", ...KINDS.flatMap(([kind]) => [kind, "more"])],
    STATES.map(({ name }, state) => [
      name,
      ...KINDS.flatMap((_, kind) => {
        const value = Math.min(...ns[state][kind]);
        const more = value - Math.min(...base[kind]);
        return [value.toFixed(0), state === 0 ? "" : more.toFixed(0)];
      }),
    ]),
  ));
}

async function writeNs(sizeBytes: number, mix: number): Promise<number> {
  await using producer = await RingProducer.start(sizeBytes);
  const startedAtMs = performance.now();
  await producer.tell(`produce ${mix} ${WRITES} ${WRITES} 0 1`);
  return (performance.now() - startedAtMs) * 1e6 / WRITES;
}
