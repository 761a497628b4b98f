/** Owns the tests of links that are told again under one identity. @module */
import { assertEquals } from "@std/assert";
import { allocateBlock, BlockWriter } from "../../../../workers/columns.ts";
import type { LinkDescription } from "../../../../workers/links/model.ts";
import { ProgramsWorker } from "./programs_worker.ts";

Deno.test("Aggregator.sampled() tells a link again that lost its device, and takes another target for another link", () => {
  const worker = new ProgramsWorker();
  const writer = new BlockWriter(allocateBlock(64, 0));
  const { aggregator } = worker;
  aggregator.block({
    kind: "block",
    epoch: 1,
    table: "link",
    buffer: writer.buffer,
  });
  let birth = 0;
  const see = (link: Omit<LinkDescription, "id" | "identity" | "type">) => {
    birth++;
    aggregator.births({
      kind: "births",
      epoch: 1,
      table: "link",
      firstBirth: birth,
      descriptions: [{ id: 4, identity: "4:xdp:xdp", type: "xdp", ...link }],
    });
    writer.write(
      { epoch: 1, tick: birth, birthSeq: birth, startedAtMs: birth },
      {
        count: 1,
        ids: Uint32Array.of(4),
        births: Uint32Array.of(birth),
        columns: [],
      },
    );
    aggregator.sampled({
      kind: "sampled",
      epoch: 1,
      tick: birth,
      startedAtMs: birth,
      durationMs: 0,
      missedTicks: 0,
      syscalls: 0,
      tables: [{ table: "link", skipped: {} }],
    });
    const { descriptions, created, destroyed } =
      aggregator.freeze().tables.link;
    return [descriptions[0].programId, created, destroyed];
  };
  assertEquals(see({ programId: 9, target: "ifindex:2" }), [9, 0, 0]);
  assertEquals(see({ programId: 10, target: "ifindex:2" }), [10, 0, 0]);
  assertEquals(
    see({ programId: 10, target: "ifindex:0", detached: true }),
    [10, 0, 0],
  );
  assertEquals(see({ programId: 11, target: "ifindex:3" }), [11, 1, 1]);
});
