import { assertEquals } from "@std/assert";
import type { MemoryTerms } from "../../../../workers/maps/memory.ts";
import { memlockFacts } from "../../../../workers/maps/memory_facts.ts";

const terms: MemoryTerms = {
  accounting: "usage",
  cpus: 2,
  pageBytes: 4096,
  sizes: {},
  ringHeadPages: 3,
  hashLockBytes: 0,
  spareFdElements: true,
  functionSymbols: true,
};

Deno.test("memlockFacts() names the types that are not reckoned, by why, and what stands in", () => {
  const unproven = { devmap: "not tried", xskmap: "not tried", queue: "wrong" };
  const memory = { terms, unproven };
  const { by, reason } = memlockFacts({ memory, mayWalk: false });
  assertEquals(by, "formula");
  assertEquals(reason.split("; ").slice(1), [
    "absent for devmap, xskmap (not tried)",
    "absent for queue (wrong)",
  ]);
  assertEquals(
    memlockFacts({ memory, mayWalk: true }).reason.split("; ")[1],
    "fdinfo once for devmap, xskmap (not tried)",
  );
});

Deno.test("memlockFacts() says what an older kernel reports", () => {
  const memory = {
    terms: { ...terms, accounting: "charged" },
    unproven: {},
  } as const;
  assertEquals(
    memlockFacts({ memory, mayWalk: false }).reason,
    "as this kernel reports it (pages charged at creation), proven on own maps",
  );
});

Deno.test("memlockFacts() is by fdinfo where objects are opened, and else not at all", () => {
  const memory = "no iterators without BTF";
  assertEquals(memlockFacts({ memory, mayWalk: true }).by, "fdinfo");
  assertEquals(memlockFacts({ memory, mayWalk: false }), {
    by: "none",
    reason: memory,
  });
});
