/**
 * Whose an object is, from the kernel to what a whole agent shows: test programs with known ownership, each right on the API and
 * on /metrics at the second look after it was made. The table of them is printed.
 */
import { assertEquals } from "@std/assert";
import { Fd, openObject } from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import { bpffs } from "../kernel/bpffs.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { Owner, type Owning } from "../kernel/owner.ts";
import {
  type OwnerView,
  referencesOf,
  viewAfter,
} from "../kernel/owner_view.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { makeStructOpsLink } from "../kernel/struct_ops.ts";
import { Workshop } from "../kernel/workshop.ts";

/** What is known of an object, and what the agent has to say. */
interface Case {
  readonly name: string;
  readonly type: "map" | "program" | "link" | "btf";
  readonly id: number;
  readonly owner?: { readonly pid: number; readonly comm: string };
  readonly through?: "map" | "program" | "link";
  readonly gone?: boolean;
  /** Processes that hold it by descriptor or through others. */
  readonly holders: number;
  readonly pins?: readonly string[];
}

/** At which look after it was made all is to be right. */
const AT_LOOK = 2;

type Way = readonly [
  name: string,
  way: Owning,
  type: Case["type"],
  comm: string,
  through?: Case["through"],
];

const WAYS: readonly Way[] = [
  ["fd only", "fd", "map", "own"],
  ["link only", "link", "program", "own", "link"],
  ["fd passed over a unix socket", "passed", "map", "own_child"],
  ["holder exec'ed", "exec", "map", "exe"],
  ["inner map", "inner", "map", "own", "map"],
  ["prog array tail call", "tail", "program", "own", "map"],
  ["perf event only", "perf", "program", "own"],
];

/** A link of struct_ops alone keeps a map with its programs: held by this process. */
function structOps(stack: DisposableStack): Case[] {
  using workshop = new Workshop();
  makeStructOpsLink(workshop);
  const [link, map] = ["link", "map"].map((kind) =>
    workshop.made.find(({ what }) => what.startsWith(`${kind} struct_ops`))
  );
  // The workshop has said why.
  if (link === undefined || map === undefined) return [];
  const { kernel } = workshop;
  stack.use(new Fd(kernel, openObject(kernel, "link", link.id)));
  const program = workshop.made.find(({ what }) =>
    what === "program struct_ops"
  );
  const owner = {
    pid: Deno.pid,
    comm: Deno.readTextFileSync("/proc/self/comm").trimEnd(),
  };
  const through = "link";
  return [
    { name: "struct_ops map", type: "map", id: map.id },
    { name: "struct_ops program", type: "program", id: program?.id ?? 0 },
  ].map((one) => ({ ...one, owner, through, holders: 1 }) as Case);
}

function expectedOf(one: Case): OwnerView {
  const owner = one.owner === undefined
    ? ""
    : `${one.owner.pid} ${one.owner.comm}`;
  return {
    ...{ owner, metric: owner, through: one.through ?? "" },
    ...{ gone: one.gone ?? false, holders: one.holders },
    ...{ pins: one.pins ?? [], orphan: "", sinceMs: NaN },
  };
}

/** The table, a case a line. */
function print(cases: readonly Case[], found: readonly OwnerView[]): void {
  for (const [i, one] of cases.entries()) {
    const { owner, through, gone, holders, pins, orphan } = found[i];
    const by = through === "" ? "" : ` through a ${through}`;
    // deno-lint-ignore no-console -- the table is what the test is for
    console.log(
      [
        one.name.padEnd(32),
        `${one.type} ${one.id}`.padEnd(17),
        `${owner || "nobody"}${by}${gone ? " (gone)" : ""}`.padEnd(32),
        `${holders} now, ${pins.length} pins`.padEnd(15),
        orphan === "" ? "no orphan" : `orphan, ${orphan}`,
      ].join(" "),
    );
  }
}

/** What the agent says of `cases` after so many more looks is what it has to say. */
async function assertSeen(
  agent: Agent,
  looks: number,
  cases: readonly Case[],
): Promise<void> {
  const found = await viewAfter(agent, Date.now(), looks, cases);
  if (looks === AT_LOOK) print(cases, found);
  assertEquals(found, cases.map(expectedOf));
}

kernelTest(
  "agent says of each object whose it is, and calls none an orphan that something keeps, at the second look",
  async (t) => {
    const place = bpffs();
    if ("why" in place) return skip(t.name, place.why);
    using stack = new DisposableStack();
    stack.use(place);
    await using owners = new AsyncDisposableStack();
    await using agent = await Agent.start([
      ...["--interval-holders", "1s", "--max-series", "100000"],
    ]);
    await agent.ready();

    const cases: Case[] = [];
    for (const [name, way, type, comm, through] of WAYS) {
      const { id, pid } = owners.use(await Owner.start(way));
      cases.push({
        ...{ name, type, id, owner: { pid, comm }, holders: 1 },
        ...(through === undefined ? {} : { through }),
      });
    }
    const forked = owners.use(await Owner.start("forked"));
    cases.push({
      ...{ name: "holder forked", type: "map", id: forked.id, holders: 2 },
      owner: { pid: forked.startedPid, comm: "own" },
    });
    const pin = `${place.path}/map`;
    const pinned = owners.use(await Owner.start("pin", pin));
    cases.push({
      ...{ name: "pin only", type: "map", id: pinned.id },
      ...{ holders: 0, pins: [pin] },
    });
    cases.push(...structOps(stack));
    const linkPin = `${place.path}/link`;
    const linked = owners.use(await Owner.start("pinned-link", linkPin));
    const owner = { pid: linked.pid, comm: "own" };
    const link: Case = {
      ...{ name: "fd and pin", type: "link", id: linked.id },
      ...{ owner, holders: 1, pins: [linkPin] },
    };
    await assertSeen(agent, AT_LOOK, [...cases, link]);

    const [program] = await referencesOf(agent, link);
    await linked[Symbol.asyncDispose]();
    const left: Case[] = [
      {
        ...link,
        name: "holder died, link kept by a pin",
        ...{ gone: true, holders: 0 },
      },
      {
        ...{ ...program, name: "the program of that link", owner },
        ...{ through: "link", gone: true, holders: 0 },
      },
    ];
    await assertSeen(agent, AT_LOOK, left);
    // What is kept stays what it is, however often somebody looks.
    await assertSeen(agent, 3, [...cases, ...left]);
    assertEquals(agent.complaints, []);
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("own"),
);
