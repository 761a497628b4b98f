import { assertEquals } from "@std/assert";
import { CHECK_NAMES, type CheckName } from "../../../../src/check_names.ts";
import { hereOf } from "../../../../src/commands/catalog_here.ts";
import { operationsRow } from "../../../../src/commands/check_operations.ts";
import type { CheckRow } from "../../../../src/commands/check_rows.ts";
import { catalog, type Metric } from "../../../../src/metrics/catalog.ts";
import { someFacts } from "../../../state_builders.ts";

/** All is there and exact, but for what is given. */
function rows(given: Partial<Record<CheckName, Partial<CheckRow>>>) {
  return CHECK_NAMES.map((name): CheckRow => ({
    name,
    ok: true,
    quality: "exact",
    reason: "found",
    gives: "something",
    ...given[name],
  }));
}

function metric(name: string): Metric {
  const found = catalog.find((one) => one.name === `odigos_ebpf_${name}`);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
}

function here(
  name: string,
  given: Partial<Record<CheckName, Partial<CheckRow>>> = {},
  systemStats = true,
) {
  return hereOf(metric(name), { rows: rows(given), systemStats });
}

const GONE = {
  ok: false,
  quality: "unavailable",
  reason: "no",
  remedy: "try",
} as const;

Deno.test("hereOf() is as good as the catalog says where all rows are good", () => {
  for (const one of catalog) {
    if (one.qualityBy !== undefined) continue;
    const found = hereOf(one, { rows: rows({}), systemStats: true });
    assertEquals(found, { quality: one.quality }, one.name);
  }
});

Deno.test("hereOf() takes the quality of the row that tells it, and its reason where it is not exact", () => {
  assertEquals(here("ring_buffer_events_total"), { quality: "exact" });
  assertEquals(
    here("ring_buffer_events_total", {
      "ring-buffers": { quality: "estimated", reason: "1 seen" },
    }),
    { quality: "estimated", reason: "1 seen" },
  );
  assertEquals(
    here("ring_buffer_written_bytes_total", {
      "ring-buffers": { quality: "estimated", reason: "1 seen" },
    }),
    { quality: "exact" },
  );
  assertEquals(
    here("map_entries", { "map-entries": { lacks: "hash maps: old" } }),
    { quality: "exact", reason: "without hash maps: old" },
  );
});

Deno.test("hereOf() says what would give what is missing, and what is off", () => {
  assertEquals(here("map_entries", { maps: GONE }), {
    quality: "unavailable",
    reason: "no; to get it: try",
  });
  const off = { operations: { ok: true, reason: "off; --operations on" } };
  const [row] = rows({});
  assertEquals(
    hereOf(metric("map_operations_total"), {
      rows: rows({}).map((one) => {
        if (one.name !== "operations") return one;
        const { quality: _, ...rest } = { ...row, ...one };
        return { ...rest, ...off.operations };
      }),
      systemStats: true,
    }),
    { quality: "unavailable", reason: "off; --operations on" },
  );
  assertEquals(
    here("total_memory_bytes", {}, false).reason,
    "off; --system-stats true shows it",
  );
});

Deno.test("hereOf() has no totals of what is counted in windows, and still what is no total", () => {
  const windows = {
    operations: { quality: "estimated", noTotals: "no total" },
  } as const;
  assertEquals(here("map_operations_total", windows), {
    quality: "unavailable",
    reason: "no total",
  });
  assertEquals(here("collector_operations_attached", windows), {
    quality: "exact",
  });
});

Deno.test("hereOf() of a metric in parts is as good as the worst part that is there", () => {
  assertEquals(here("objects_total", { links: GONE }), {
    quality: "exact",
    reason: "without link: no; to get it: try",
  });
  assertEquals(
    here("objects_total", { btf: { quality: "lower bound", reason: "few" } }),
    { quality: "lower bound", reason: "btf is lower bound: few" },
  );
  const nothing = { maps: GONE, programs: GONE, links: GONE, btf: GONE };
  assertEquals(here("objects_total", nothing), {
    quality: "unavailable",
    reason: "no; to get it: try",
  });
});

Deno.test("catalog says what each metric needs by rows that tell how good it is", () => {
  for (const { name, needs, qualityBy } of catalog) {
    if (qualityBy !== undefined) {
      assertEquals(needs.includes(qualityBy), true, name);
    }
  }
});

Deno.test("hereOf() gives counters the quality that their row has for totals", () => {
  const windows = {
    "run-stats": {
      quality: "estimated",
      totalsQuality: "lower bound",
      reason: "in windows",
    },
  } as const;
  assertEquals(here("program_runs_total", windows), {
    quality: "lower bound",
    reason: "in windows",
  });
  assertEquals(here("program_cpu_ratio", windows), {
    quality: "estimated",
    reason: "in windows",
  });
});

Deno.test("operationsRow() of a dry run sends to what tries", () => {
  const { reason, remedy } = operationsRow(someFacts({
    operations: { mode: "on", isUntried: true, reason: "nobody tried" },
  }));
  assertEquals(
    [reason, remedy],
    ["nobody tried", "bpfpulse check --operations on, which tries"],
  );
});
