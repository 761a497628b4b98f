/**
 * Owns the proof of README's table of kernels. In: rows as the agent's test tells them. Out: assertions.
 * @module
 */
import { assertEquals } from "@std/assert";
import { type KernelRow, tableOf } from "../../kernels/table.ts";
import { type Outcome, singleOutcome } from "../../run/outcome.ts";

const EXACT = { backend: "iterator", quality: "exact" };
const ROW: KernelRow = {
  release: "6.12.117+deb13-cloud-amd64",
  tables: {
    map: EXACT,
    program: EXACT,
    link: EXACT,
    btf: { backend: "iterator", quality: "lower bound" },
  },
  absent: { map: [], program: [], link: [] },
  capabilities: ["0000000000000000"],
};
const TESTS: Outcome = { ...singleOutcome(true), passed: 90, skipped: 2 };

/** What stands in the columns of a kernel's line. */
function cells(row: KernelRow): string[] {
  const lines = tableOf([[row, TESTS]]).split("\n");
  assertEquals(lines.length, 3);
  return lines[2].split("|").slice(1, -1).map((cell) => cell.trim());
}

Deno.test("tableOf() writes one line a kernel", () => {
  const lines = tableOf([[ROW, TESTS], [ROW, TESTS]]).split("\n");
  assertEquals(lines.length, 4);
  assertEquals(new Set(lines.map((line) => line.split("|").length)).size, 1);
  assertEquals(cells(ROW), [
    "6.12.117+deb13",
    "iterator",
    "iterator",
    "iterator",
    "iterator, lower bound",
    "not tried",
    "none",
    "none",
    "90 passed, 0 failed, 2 skipped",
  ]);
});

Deno.test("tableOf() says which tables are not shown", () => {
  const link = { ...EXACT, quality: "unavailable" };
  const { btf: _, ...others } = ROW.tables;
  const row = cells({ ...ROW, tables: { ...others, link } });
  assertEquals(row.slice(1, 5), [
    "iterator",
    "iterator",
    "not shown",
    "not shown",
  ]);
});

Deno.test("tableOf() names absent fields by type, those of one link type once", () => {
  const absent = {
    map: ["cookie", "info.map_extra"],
    program: [],
    link: ["place.tcx", "tcx.attach_type", "tcx.place", "netfilter.pf"],
  };
  assertEquals(
    cells({ ...ROW, absent })[6],
    "maps: `cookie`, `map_extra`; links: `tcx`, `netfilter.pf`",
  );
});

Deno.test("tableOf() shows capabilities that are left as they were read", () => {
  const capabilities = ["0000000000000000", "0000000000200000"];
  assertEquals(
    cells({ ...ROW, capabilities })[7],
    "`0000000000000000`, `0000000000200000`",
  );
});

Deno.test("tableOf() names the hooks that count operations, and those that may miss some", () => {
  const operations = { fentry: "lower bound", tracepoint: "exact" };
  assertEquals(
    cells({ ...ROW, operations })[5],
    "fentry (lower bound), tracepoint",
  );
  const refused = { ...operations, fentry: "this kernel has no __sys_bpf" };
  assertEquals(cells({ ...ROW, operations: refused })[5], "tracepoint");
});
