/**
 * What a whole agent calls an orphan, and what not: programs that stay attached without a link when their process is gone, what those
 * use, and what the kernel has lost; but nothing of a tool that is on its way out.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  ATTACH_TYPES,
  errnoName,
  O_DIRECTORY,
  pinObject,
} from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import { Attr, COMMAND } from "../kernel/attr.ts";
import { bpffs } from "../kernel/bpffs.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { returns, usesMap } from "../kernel/instructions.ts";
import { createMap } from "../kernel/maps.ts";
import { type ObjectKey, viewAfter } from "../kernel/owner_view.ts";
import { cgroup, networkNamespace, type Place } from "../kernel/places.ts";
import { loadSource } from "../kernel/programs.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";

const LOOKING = ["--interval-holders", "1s", "--max-series", "100000"];
const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

/** Why an object is no test of its kind here, or the words that the agent has to find for it. */
interface Orphan extends ObjectKey {
  readonly why: RegExp;
}

/** Undefined, or what the command complained of. */
function run(command: string, ...args: string[]): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(command, { args })
      .outputSync();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `no ${command} here`;
    throw error;
  }
}

/** Keeps a place for the test; undefined and a SKIP line where there is none. */
function taken<T>(
  stack: DisposableStack,
  what: string,
  place: Place<T>,
): T | undefined {
  if ("why" in place) {
    skip(what, place.why);
    return undefined;
  }
  return stack.use(place);
}

/** Attaches a program by `commands`, which find it by its pin, and lets go of it. */
function attachByPin(
  pins: string,
  what: string,
  type: string,
  value: number,
  commands: (pin: string) => string[][],
): ObjectKey | undefined {
  using workshop = new Workshop();
  const program = workshop.need(
    "program",
    `program ${type}`,
    loadSource(workshop, { type, code: returns(value) }),
  );
  const pin = `${pins}/${type}`;
  assertEquals(pinObject(workshop.kernel, program.fd, pin), 0);
  try {
    for (const [command, ...args] of commands(pin)) {
      const why = run(command, ...args);
      if (why === undefined) continue;
      skip(what, why);
      return undefined;
    }
  } finally {
    Deno.removeSync(pin);
  }
  return { type: "program", id: program.id };
}

/** Attaches a program that uses a map to a cgroup, as before there were links, and lets go of both. */
function attachToCgroup(path: string): ObjectKey[] {
  using workshop = new Workshop();
  const map = workshop.need(
    "map",
    "map",
    createMap(workshop, { type: "hash", key: 4, value: 4, max: 8 }),
  );
  const program = workshop.need(
    "program",
    "program",
    loadSource(workshop, {
      type: "cgroup_skb",
      code: usesMap(map.fd, 1),
      expected: "cgroup_inet_egress",
    }),
  );
  const attached = new Attr(workshop.kernel, 16)
    .u32(0, workshop.open(path, O_DIRECTORY))
    .u32(4, program.fd)
    .u32(8, ATTACH_TYPES.indexOf("cgroup_inet_egress"))
    .call(COMMAND.PROG_ATTACH);
  assert(attached >= 0, errnoName(-attached));
  return [{ type: "program", id: program.id }, { type: "map", id: map.id }];
}

kernelTest(
  "agent calls orphans what is attached without a link and what that uses, with the reason, at the second look",
  async () => {
    using stack = new DisposableStack();
    await using agent = await Agent.start(LOOKING);
    await agent.ready();
    const orphans: Orphan[] = [];
    const add = (key: ObjectKey | undefined, why: RegExp) => {
      if (key !== undefined) orphans.push({ ...key, why });
    };
    const places = new DisposableStack();
    stack.use(places);
    const pins = taken(places, "attachments by pin", bpffs())?.path;
    const net = taken(places, "attachments by netlink", networkNamespace());
    const madeAtMs = Date.now();
    if (pins !== undefined && net !== undefined) {
      const name = net.path.slice(net.path.lastIndexOf("/") + 1);
      add(
        attachByPin(pins, "XDP by netlink", "xdp", 2, (pin) => [
          [
            "ip",
            "-n",
            name,
            ..."link set dev lo xdpgeneric pinned".split(" "),
            pin,
          ],
        ]),
        /^attachment: it is attached to a network device without a link$/,
      );
      add(
        attachByPin(pins, "a tc filter", "sched_cls", 0, (pin) => [
          ["tc", "-n", name, ..."qdisc add dev lo clsact".split(" ")],
          [
            ...["tc", "-n", name],
            ..."filter add dev lo ingress bpf direct-action object-pinned"
              .split(" "),
            pin,
          ],
        ]),
        /^attachment: it is attached to a tc filter without a link$/,
      );
    }
    const group = taken(places, "attachment to a cgroup", cgroup());
    if (group !== undefined) {
      const [program, map] = attachToCgroup(group.path);
      add(program, /^attachment: it is attached to a cgroup without a link$/);
      add(
        map,
        new RegExp(
          `^program: program ${program.id} uses it; that is attached to a cgroup without a link$`,
        ),
      );
    }
    assert(orphans.length > 0, "nothing can be attached here");

    let found = await viewAfter(agent, madeAtMs, 2, orphans);
    // Another user of this machine may have had one open in one of the looks.
    for (
      let more = 0;
      more < 2 && found.some(({ orphan }) => !orphan);
      more++
    ) {
      found = await viewAfter(agent, Date.now(), 2, orphans);
    }
    const page = await agent.page();
    for (const [i, { type, id, why }] of orphans.entries()) {
      const { orphan, sinceMs, pins, holders } = found[i];
      // deno-lint-ignore no-console -- the table is what the test is for
      console.log(`${type} ${id}`.padEnd(17), orphan);
      assertMatch(orphan, why);
      assertEquals([pins, holders], [[], 0]);
      assert(
        sinceMs >= madeAtMs - 100 && sinceMs <= Date.now(),
        `${new Date(sinceMs)}`,
      );
      assert((page.value("odigos_ebpf_orphan_objects", { type }) ?? 0) > 0);
    }
    places.dispose();
    const [first] = orphans;
    await agent.eventually("end of the orphan", async () => {
      const path = `/api/v1/objects/${first.type}/${first.id}`;
      return (await agent.get(path)).status === 404;
    });
    assertEquals(agent.complaints, []);
  },
  noBtf,
);

kernelTest(
  "agent calls an orphan what nothing keeps at all, and says since when",
  async (t) => {
    await using agent = await Agent.start(LOOKING);
    await agent.ready();
    const startedAtMs = Date.now();
    const { text } = await agent.get("/api/v1/objects/map?limit=10000");
    const { objects } = JSON.parse(text);
    // Kernels have lost such maps before: nobody can lose one on purpose.
    const calls = objects.filter(({ type }: { type: string }) =>
      type === "prog_array"
    ).map(({ id }: { id: number }) => ({ type: "map", id } as const));
    if (calls.length === 0) return skip(t.name, "there is no such map here");
    await viewAfter(agent, startedAtMs, 2, calls.slice(0, 1));
    const found = await viewAfter(agent, startedAtMs, 1, calls.slice(0, 50));
    const lost = found.filter(({ orphan }) =>
      orphan === "unknown: nothing that the kernel tells keeps it"
    );
    if (lost.length === 0) {
      return skip(t.name, "the kernel has lost no map here");
    }
    for (const { owner, holders, pins, sinceMs } of lost) {
      assertEquals([owner, holders, pins], ["", 0, []]);
      assert(sinceMs <= Date.now() && sinceMs > startedAtMs - 60_000);
    }
    const count = (await agent.page()).value("odigos_ebpf_orphan_objects", {
      type: "map",
    });
    assert((count ?? 0) >= lost.length, `${count}`);
  },
  noBtf,
);
