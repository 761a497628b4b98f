/**
 * The whole agent beside a process that holds 1,000 maps, 1,000 programs and 200 links: the page has all of them with the
 * values that bpftool and a C program tell, and none of them soon after that process has ended.
 */
import { assertEquals } from "@std/assert";
import { nextObjectId, openLibc } from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import { whyNoCompiler } from "../kernel/compile.ts";
import {
  expectedLink,
  expectedMap,
  expectedProgram,
} from "../kernel/expected.ts";
import { Holder } from "../kernel/holder.ts";
import type { Page } from "../kernel/page.ts";
import {
  readBpftool,
  readInfo,
  type Row,
  whyNoBpftool,
} from "../kernel/reference.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const KERNEL = openLibc();
const INTERVAL_MS = 100;
const MAPS = 1000;
const PROGRAMS = 1000;
const LINKS = 200;

const INFO = {
  map: ["odigos_ebpf_map_info", "map_id"],
  program: ["odigos_ebpf_program_info", "prog_id"],
  link: ["odigos_ebpf_link_info", "link_id"],
} as const;
const KINDS = ["map", "program", "link"] as const;
type Kind = typeof KINDS[number];

/** What the page must have of one object, by family: labels beyond those that all its series have, and the value. */
type Families = Readonly<Record<string, number>>;

/** The labels of its info series, and the values of the others, by the C reader. */
const WANTED: Record<Kind, (row: Row) => [Record<string, string>, Families]> = {
  map(row) {
    const map = expectedMap(row);
    return [{
      map_id: `${map.id}`,
      map_name: map.name,
      map_type: map.type,
      key_size: `${map.keySizeBytes}`,
      value_size: `${map.valueSizeBytes}`,
      max_entries: `${map.maxEntries}`,
      flags: `${map.flags}`,
    }, {
      odigos_ebpf_map_memory_bytes: (map.keySizeBytes + map.valueSizeBytes) *
        map.maxEntries,
      odigos_ebpf_map_max_entries: map.maxEntries,
    }];
  },
  program(row) {
    const program = expectedProgram(row);
    return [{
      prog_id: `${program.id}`,
      prog_name: program.name,
      prog_type: program.type,
      tag: program.tag,
      full_name: program.fullName ?? "",
      btf_id: `${program.btfId ?? ""}`,
    }, {
      odigos_ebpf_program_memory_bytes: program.jitedBytes +
        program.xlatedBytes,
      odigos_ebpf_program_instructions: program.xlatedBytes / 8,
      odigos_ebpf_program_verified_instructions: program.verifiedInstructions ??
        NaN,
      odigos_ebpf_program_runtime_ns_total: Number(row.run_time_ns),
      odigos_ebpf_program_runs_total: Number(row.run_cnt),
      odigos_ebpf_program_recursion_misses_total: Number(row.recursion_misses),
    }];
  },
  link(row) {
    const link = expectedLink(row);
    return [{
      link_id: `${link.id}`,
      link_type: link.type,
      prog_id: link.programId === 0 ? "" : `${link.programId}`,
      attach_type: link.attachType ?? "",
      target: link.target ?? "",
    }, {}];
  },
};

/** bpftool's fields, and the labels or families that say the same. */
const BPFTOOL: Record<Kind, (row: Row) => Record<string, unknown>> = {
  map: (row) => ({
    map_name: row.name ?? "",
    map_type: row.type,
    key_size: row.bytes_key,
    value_size: row.bytes_value,
    max_entries: row.max_entries,
    flags: row.flags,
    odigos_ebpf_map_memory_bytes:
      (Number(row.bytes_key) + Number(row.bytes_value)) *
      Number(row.max_entries),
  }),
  program: (row) => ({
    prog_name: row.name ?? "",
    prog_type: row.type,
    tag: row.tag,
    odigos_ebpf_program_memory_bytes: Number(row.bytes_jited) +
      Number(row.bytes_xlated),
    odigos_ebpf_program_instructions: Number(row.bytes_xlated) / 8,
  }),
  link: (row) => ({
    link_type: row.type,
    prog_id: row.prog_id,
    target: row.tp_name,
  }),
};

/** Labels of the info series and values of the other families of object `id`, or undefined. */
function onPage(page: Page, kind: Kind): Map<number, Record<string, unknown>> {
  const [info, idLabel] = INFO[kind];
  const objects = new Map<number, Record<string, unknown>>();
  for (const { labels, value } of page.samples(info)) {
    assertEquals(value, 1);
    objects.set(Number(labels[idLabel]), { ...labels });
  }
  for (const { name, labels, value } of page.series.values()) {
    const ofKind = name.startsWith(`odigos_ebpf_${kind}_`);
    if (name === info || !ofKind || !(idLabel in labels)) continue;
    const object = objects.get(Number(labels[idLabel]));
    if (object === undefined) throw new Error(`${name} of an unknown object`);
    for (const [label, text] of Object.entries(labels)) {
      assertEquals(text, object[label], `${name}, label ${label}`);
    }
    object[name] = value;
  }
  return objects;
}

function differences(
  page: Page,
  kind: Kind,
  ids: readonly number[],
  wanted: (id: number) => Record<string, unknown> | undefined,
): string[] {
  const objects = onPage(page, kind);
  return ids.flatMap((id) => {
    const theirs = wanted(id);
    const ours = objects.get(id);
    if (theirs === undefined || ours === undefined) {
      return [
        `${kind} ${id} is not on ${ours ? "the reader's list" : "the page"}`,
      ];
    }
    return Object.entries(theirs).filter(([key, value]) =>
      `${ours[key]}` !== `${value}`
    ).map(([key, value]) =>
      `${kind} ${id}, ${key}: reader ${value}, page ${ours[key]}`
    );
  });
}

kernelTest(
  "agent serves 2,200 objects with bpftool's values, and drops them when they are gone",
  async () => {
    await using holder = await Holder.start(MAPS, PROGRAMS, LINKS);
    await using agent = await Agent.start(["--interval", `${INTERVAL_MS}ms`]);
    await agent.ready();
    const page = await agent.page();
    for (const kind of KINDS) {
      const rows = readInfo(kind);
      const found = differences(page, kind, holder.ids[kind], (id) => {
        const row = rows.get(id);
        if (row === undefined) return undefined;
        const [labels, families] = WANTED[kind](row);
        return { ...labels, ...families };
      });
      assertEquals(found, []);
    }
    if (whyNoBpftool() === undefined) {
      for (const kind of KINDS) {
        const rows = readBpftool(kind);
        const found = differences(page, kind, holder.ids[kind], (id) => {
          const row = rows.get(id);
          return row && BPFTOOL[kind](row);
        });
        assertEquals(found, []);
      }
    } else skip("page beside bpftool", `${whyNoBpftool()}`);

    const { ids } = holder;
    await holder.end();
    // The kernel clears a prog_array by a work item of its own, which a busy machine delays.
    await agent.eventually(
      "list of the kernel's without the holder's objects",
      () => KINDS.every((kind) => !isListed(kind, ids[kind])),
    );
    const endedAt = performance.now();
    const before = samplesOf(await agent.page());
    // In samples and not in milliseconds, for a busy machine delays both; a page takes a while itself.
    let late: string[] = [];
    await agent.eventually("page without the holder's objects", async () => {
      const now = await agent.page();
      const samples = samplesOf(now);
      const left = KINDS.filter((kind) => {
        const objects = onPage(now, kind);
        return ids[kind].some((id) => objects.has(id));
      });
      late = left.filter((kind) => {
        const collector = `${kind}s`;
        return (samples.get(collector) ?? 0) -
            (before.get(collector) ?? 0) > 2;
      });
      return left.length === 0 || late.length > 0;
    });
    assertEquals(late, []);
    // deno-lint-ignore no-console -- how long it took is part of the result
    console.log(
      `gone ${
        Math.round(performance.now() - endedAt)
      } ms after the holder's end`,
    );
    assertEquals(agent.complaints, []);
  },
  whyNoCompiler(),
);

/** Whether the kernel lists one of `ids`; nothing is opened. */
function isListed(kind: Kind, ids: readonly number[]): boolean {
  return ids.some((id) => nextObjectId(KERNEL, kind, id - 1) === id);
}

function samplesOf(page: Page): Map<string, number> {
  return new Map(
    page.samples("odigos_ebpf_collector_samples_total").map((
      { labels, value },
    ) => [labels.collector, value]),
  );
}
