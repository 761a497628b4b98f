/** Owns the tests of src/http/overview_owners.ts. @module */
import {
  assertEquals,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { ownersSection } from "../../../../src/http/overview_owners.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import { aPass, withHolders } from "../../../pass_builders.ts";
import { aLink, aMap, aProgram, aSnapshot } from "../../../state_builders.ts";

const HOSTILE = `"><script>x</script>`;

async function section(node: NodeSnapshot): Promise<string> {
  return String(await ownersSection(node, 10_000)).replace(/\s+/g, " ");
}

Deno.test("ownersSection() is empty before anybody looked", async () => {
  assertEquals(await section(aSnapshot()), "");
});

Deno.test("ownersSection() shows memory and objects by owner, and why orphans are not known", async () => {
  const node = withHolders(
    aSnapshot({ map: { descriptions: [aMap({ id: 1 }), aMap({ id: 2 })] } }),
    aPass({
      takenAtMs: 8_000,
      descriptors: 1_234,
      complete: false,
      pins: "no bpffs is mounted",
      processes: [{ pid: 7, comm: "loader", holds: ["map 1"] }],
    }),
  );
  const text = await section(node);
  for (
    const part of [
      '>loader<span class="note"> 7</span>',
      ">holder.service<",
      ">12.0 KiB<",
      ">(not known)<",
      "As of 2 s ago, from 1,234 descriptors; the look was cut short",
      "pins are not known: no bpffs is mounted",
      "Not known yet: pins cannot be read: no bpffs is mounted",
    ]
  ) assertStringIncludes(text, part);
});

Deno.test("ownersSection() escapes names, comms and reasons", async () => {
  const look = {
    processes: [{ comm: HOSTILE, cgroups: `0::/${HOSTILE}`, holds: ["map 2"] }],
  } as const;
  const node = withHolders(
    aSnapshot({
      map: { descriptions: [aMap({ id: 1, name: HOSTILE }), aMap({ id: 2 })] },
      program: { descriptions: [aProgram({ id: 3, name: HOSTILE })] },
      link: { descriptions: [aLink({ programId: 3, target: HOSTILE })] },
    }),
    aPass({ takenAtMs: 1_000, ...look }),
    aPass({ takenAtMs: 4_000, ...look }),
  );
  const text = await section(node);
  assertNotMatch(text, /<script/);
  assertStringIncludes(text, "&lt;script&gt;");
  assertStringIncludes(text, 'href="/api/v1/objects/map/1">map 1</a>');
  assertStringIncludes(text, ">9 s<");
});

Deno.test("ownersSection() shows the most of many, and how many more there are", async () => {
  const descriptions = Array.from(
    { length: 40 },
    (_, i) => aMap({ id: i + 1 }),
  );
  const looks = [1_000, 2_000].map((takenAtMs) =>
    aPass({
      takenAtMs,
      processes: descriptions.slice(0, 20).map(({ id }) => ({
        pid: id,
        holds: [`map ${id}` as const],
      })),
    })
  );
  const text = await section(
    withHolders(aSnapshot({ map: { descriptions } }), ...looks),
  );
  assertStringIncludes(text, "and 6 more owners");
  assertStringIncludes(text, "and 5 more orphans");
});
