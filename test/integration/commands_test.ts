/** The commands that print and end, on the real kernel, beside what bpftool says. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { check, type CheckRow } from "../../src/commands/check.ts";
import { once, type OnceOptions } from "../../src/commands/once.ts";
import { systemClock } from "../../src/clock.ts";
import { defaultConfig } from "../../src/config/resolve.ts";
import { acquire } from "../../workers/acquire.ts";
import { mainThread } from "../../workers/main_thread.ts";
import { sampleOnce } from "../../workers/sample_once.ts";
import { bpftoolDifferences } from "../kernel/expected.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { kernelTest, makeEverything } from "../kernel/make.ts";
import { readBpftool, whyNoBpftool } from "../kernel/reference.ts";

const KINDS = ["map", "program", "link"] as const;

type Answer = Readonly<Record<string, unknown>> & { readonly id: number };

/** A field of the API's JSON, and what bpftoolDifferences() calls it. */
const TOLD: Readonly<Record<string, string>> = {
  type: "type",
  name: "name",
  full_name: "fullName",
  flags: "flags",
  key_size_bytes: "keySizeBytes",
  value_size_bytes: "valueSizeBytes",
  max_entries: "maxEntries",
  tag: "tag",
  created_by_uid: "createdByUid",
  xlated_bytes: "xlatedBytes",
  jited_bytes: "jitedBytes",
  prog_id: "programId",
  attach_type: "attachType",
  target: "target",
  btf_id: "btfId",
};

function options(
  given: Partial<OnceOptions> = {},
): OnceOptions & Disposable {
  const kernel = openLibc();
  const config = { ...defaultConfig(true), intervalMs: 50 };
  const acquired = acquire(kernel, {
    runStats: given.rates === true ? "on" : "off",
    backend: "auto",
    keepPrivileges: true,
  });
  return {
    ...mainThread(kernel),
    config,
    facts: acquired.facts,
    clock: systemClock(kernel.monotonicMs),
    sample: (sink) =>
      sampleOnce(kernel, sink, {
        leaveOut: acquired.ownIds,
        opened: acquired,
        intervalMs: config.intervalMs,
      }),
    format: "table",
    rates: false,
    by: "type",
    layout: { widthColumns: 80, maxRows: Infinity },
    version: "0.1.0",
    ...given,
    [Symbol.dispose]: () => acquired[Symbol.dispose](),
  };
}

function toldOf(answer: Answer): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(TOLD).flatMap(([field, name]) =>
      answer[field] === undefined ? [] : [[name, answer[field]]]
    ),
  );
}

kernelTest(
  "once as JSON says of one object of every type what bpftool -j says",
  async () => {
    using workshop = makeEverything();
    using ports = options({ format: "json" });
    const { stdout, stderr, exitCode } = await once(ports);
    assertEquals([stderr, exitCode], [[], 0]);
    const { objects, tables } = JSON.parse(stdout);
    for (const kind of KINDS) {
      const ids = workshop.ids(kind);
      assertGreater(ids.length, 0);
      assertEquals(tables[kind].objects, objects[kind].length);
      const answers = new Map<number, Answer>(
        objects[kind].map((one: Answer) => [one.id, one]),
      );
      const rows = readBpftool(kind);
      assertGreater(ids.filter((id) => rows.has(id)).length, 0);
      const differences = ids.flatMap((id) => {
        const row = rows.get(id);
        const answer = answers.get(id);
        if (answer === undefined) return [`${kind} ${id} is not there`];
        // bpftool passes over what it is too old to describe.
        if (row === undefined) return [];
        const absent = kind === "link" ? { programId: 0 } : { name: "" };
        return bpftoolDifferences(row, { ...absent, ...toldOf(answer) });
      });
      assertEquals(differences, []);
    }
  },
  whyNoBpftool(),
);

kernelTest(
  "once --rates shows shares, and no line is wider than the screen",
  async () => {
    using workshop = makeEverything();
    using ports = options({ rates: true });
    const { stdout, exitCode } = await once(ports);
    assertEquals(exitCode, 0);
    assert(/^ *ID +TYPE +NAME +BYTES +RUN TIME +RUNS +CPU %$/m.test(stdout));
    const shown = new Set(
      stdout.split("\n").map((line) => Number(line.trim().split(" ")[0])),
    );
    const made = KINDS.flatMap((kind) => workshop.ids(kind));
    assertEquals(made.filter((id) => !shown.has(id)), []);
    assertEquals(
      stdout.split("\n").filter((line) => [...line].length > 80),
      [],
    );
  },
);

kernelTest("once as prom is a page with every made object", async () => {
  using workshop = makeEverything();
  using ports = options({ format: "prom" });
  const { stdout } = await once(ports);
  const maps = workshop.ids("map").filter((id) =>
    !stdout.includes(`odigos_ebpf_map_info{map_id="${id}",`)
  );
  assertEquals(maps, []);
});

kernelTest("check finds on this kernel what root can have", () => {
  using ports = options({ rates: true });
  const { stdout, stderr, exitCode } = check({
    ...ports,
    format: "json",
    require: ["kernel", "privileges", "maps", "programs", "links", "btf"],
  });
  assertEquals([stderr, exitCode], [[], 0]);
  const { kernel, checks } = JSON.parse(stdout);
  assertEquals(kernel.release, Deno.osRelease());
  const backends = checks.map(({ name, backend }: CheckRow) => [name, backend]);
  const by = kernelBtf() === undefined ? "walk" : "iterator";
  assertEquals(
    backends.filter(([, backend]: [string, string?]) => backend !== undefined),
    [
      ...[["maps", by], ["programs", by], ["links", by], ["btf", "walk"]],
      ...(by === "walk" ? [] : [
        ["holders", by],
        ["ring-buffers", by],
        ["perf-buffers", by],
      ]),
    ],
  );
});
