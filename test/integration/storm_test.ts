/**
 * Iterators beside two processes that create and destroy objects as fast as the kernel lets them, for STORM_SECONDS (4): whoever
 * stays is in every sample, once and whole, and nothing fails.
 */
import { pause } from "../agent.ts";
import { assertEquals, assertGreater } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import type { BackedTable } from "../../workers/collector.ts";
import { openIterators } from "../../workers/iterators.ts";
import { collectMaps } from "../../workers/maps/collect.ts";
import { collectPrograms } from "../../workers/programs/collect.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { compile, whyNoCompiler } from "../kernel/compile.ts";
import { Holder } from "../kernel/holder.ts";
import { kernelTest } from "../kernel/skip.ts";

const SECONDS = Number(Deno.env.get("STORM_SECONDS") ?? 4);
const STAYING = 500;
/** As test/kernel/c/objects.h and whoever else loads programs here name things. */
const NAME = /^[\w.]{0,15}$/;

interface Seen {
  samples: number;
  missing: number;
  twice: number;
  torn: number;
  failures: number;
}

/** Takes a sample, and adds what is wrong with it. */
function look(
  table: BackedTable,
  staying: readonly number[],
  seen: Seen,
): void {
  const { failure } = table.sample();
  seen.samples++;
  if (failure !== undefined) {
    seen.failures++;
    return;
  }
  const { count, ids } = table.rows.columns;
  const rows = ids.subarray(0, count);
  for (let row = 1; row < count; row++) {
    if (rows[row] <= rows[row - 1]) seen.twice++;
  }
  const found = new Set(rows);
  seen.missing += staying.filter((id) => !found.has(id)).length;
  for (const told of table.rows.takeBirths()?.descriptions ?? []) {
    const { name = "", type = "" } = told as { name?: string; type?: string };
    if (!NAME.test(name) || type.startsWith("type_")) seen.torn++;
  }
}

kernelTest(
  `collectors by iterator miss, repeat and tear nothing beside a storm of ${SECONDS} s`,
  async () => {
    await using holder = await Holder.start(STAYING, STAYING, 1);
    const kernel = openLibc();
    using opened = openIterators(kernel, false);
    const init = { leaveOut: opened.ownIds, iterators: opened.iterators };
    const [maps] = collectMaps(kernel, init).tables;
    const [programs] = collectPrograms(kernel, init).tables;
    const storms = Array.from(
      { length: 2 },
      () =>
        new Deno.Command(compile("storm"), {
          args: [`${SECONDS}`],
          stdin: "null",
          stdout: "piped",
        }).output(),
    );
    let ended = false;
    const outputs = Promise.all(storms).finally(() => ended = true);
    const seen: Seen = {
      samples: 0,
      missing: 0,
      twice: 0,
      torn: 0,
      failures: 0,
    };
    while (!ended) {
      look(maps, holder.ids.map, seen);
      look(programs, holder.ids.program, seen);
      await pause(0);
    }
    const objects = (await outputs).reduce((sum, { success, stdout }) => {
      assertEquals(success, true);
      return sum + Number(new TextDecoder().decode(stdout));
    }, 0);
    // deno-lint-ignore no-console -- how much it was is part of the result
    console.log(
      `${
        Math.round(objects / SECONDS)
      } objects a second, ${seen.samples} samples`,
    );
    const { samples, ...wrong } = seen;
    assertGreater(samples, 10);
    assertEquals(wrong, { missing: 0, twice: 0, torn: 0, failures: 0 });
  },
  whyNoCompiler() ??
    (kernelBtf() === undefined ? "the kernel has no BTF" : undefined),
);
