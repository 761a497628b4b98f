/**
 * Two lives of one process on the real kernel: what it gives up before it executes itself, every thread of the second life lacks, and
 * what is handed over arrives.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { kernelTest, skip } from "../kernel/skip.ts";
import { unprivileged } from "../kernel/unprivileged.ts";
import type { Life, Plan } from "../fixtures/lives/lives.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const NONE = "0000000000000000";
const BPF = "0000008000000000";
const NOBODY = "65534\t65534\t65534\t65534";
const ARGUMENTS = ["--a=b c", "", "ä\u{1f41d}\n'\"\\", "--", "-A", ""];

interface Place {
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string;
  readonly runtime?: string;
}

/** Runs the fixture to its end: what each of its lives said. */
async function lives(plan: Plan, place: Place = {}): Promise<Life[]> {
  const [command, ...args] = [
    ...place.prefix ?? [],
    place.runtime ?? Deno.execPath(),
    ...["run", "-A", "--no-check", "--v8-flags=--max-semi-space-size=1"],
    `${place.root ?? ROOT}test/fixtures/lives/lives.ts`,
    ...ARGUMENTS,
  ];
  const { stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { ...place.env, LIVES_PLAN: JSON.stringify(plan) },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  return decoder.decode(stdout).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
}

/** The second life, which is the first one's process with the same arguments. */
async function secondLife(plan: Plan, place?: Place): Promise<Life> {
  const [first, second, able] = await lives(plan, place);
  assertEquals(second?.sentence, undefined);
  assertEquals(second.pid, first.pid);
  assertEquals(second.args, ARGUMENTS);
  assertEquals(second.commandLine, first.commandLine);
  assertEquals(second.name, first.name);
  return { ...second, can: able.can };
}

/** Nothing but `set` is left in any thread, and no way to more. */
function assertHolds(life: Life, set: string): void {
  for (const field of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
    assertEquals(life.threads[field], [set], field);
  }
  assertEquals(life.threads.NoNewPrivs, ["1"]);
  assertEquals(life.can, []);
}

kernelTest(
  "dropPrivileges() leaves root's second life nothing in any thread",
  async () => {
    const life = await secondLife({ keep: [], text: "left ä" });
    assertHolds(life, NONE);
    assertEquals(life.held, []);
    assertEquals(life.threads.Uid, ["0\t0\t0\t0"]);
    assertEquals(life.text, "left ä");
  },
);

kernelTest("dropPrivileges() keeps exactly what it is told", async () => {
  const life = await secondLife({ keep: ["CAP_BPF"] });
  assertHolds(life, BPF);
  assertEquals(life.held, ["CAP_BPF"]);
});

kernelTest(
  "dropPrivileges() does the same where root lacks CAP_SETPCAP",
  async () => {
    const prefix = ["setpriv", "--bounding-set", "-setpcap"];
    const life = await secondLife({ keep: [] }, { prefix });
    assertHolds(life, NONE);
    assertHolds(await secondLife({ keep: ["CAP_BPF"] }, { prefix }), BPF);
  },
);

kernelTest(
  "dropPrivileges() becomes another user, with and without CAP_SETPCAP",
  async () => {
    const place = unprivileged([]);
    if ("why" in place) return skip("dropPrivileges() of a user", place.why);
    using _folder = place;
    const lacking = [...place.prefix ?? [], "setpriv", "--bounding-set"];
    for (const prefix of [place.prefix ?? [], [...lacking, "-setpcap"]]) {
      for (const [keep, set] of [[[], NONE], [["CAP_BPF"], BPF]] as const) {
        const plan = { keep, user: "65534", text: "left" };
        const life = await secondLife(plan, { ...place, prefix });
        assertHolds(life, set);
        assertEquals(life.threads.Uid, [NOBODY]);
        assertEquals(life.threads.Gid, [NOBODY]);
        assertEquals(life.threads.Groups, [""]);
        assertEquals(life.text, "left");
      }
    }
  },
);

kernelTest(
  "dropPrivileges() says why it cannot become another user",
  async () => {
    const prefix = ["setpriv", "--bounding-set", "-setuid"];
    const [, refused] = await lives({ user: "65534" }, { prefix });
    assertMatch(
      refused.sentence ?? "",
      /^Cannot give up all privileges: setresuid to become user \w+ failed with EPERM$/,
    );
  },
);

kernelTest(
  "dropPrivileges() gives up a user's ambient capabilities, or keeps them",
  async () => {
    const ambient = ["--inh-caps", "--ambient-caps"].flatMap((option) => [
      option,
      "+cap_38,+cap_39",
    ]);
    const place = unprivileged([
      ...["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"],
      ...ambient,
    ]);
    if ("why" in place) return skip("dropPrivileges() of a user", place.why);
    using _folder = place;
    assertHolds(await secondLife({ keep: [] }, place), NONE);
    assertHolds(await secondLife({ keep: ["CAP_BPF"] }, place), BPF);
    // It is nobody already; who else it can become is nobody.
    assertHolds(await secondLife({ keep: [], user: "65534" }, place), NONE);
    const [, refused] = await lives({ user: "1" }, place);
    assertMatch(refused.sentence ?? "", /^Cannot .* setres[ug]id .* EPERM$/);
  },
);

Deno.test("dropPrivileges() is content with nothing to give up", async () => {
  const place = unprivileged();
  if ("why" in place) return skip("dropPrivileges() of nothing", place.why);
  using _folder = place;
  // What is not held cannot be kept.
  assertHolds(await secondLife({ keep: ["CAP_BPF"] }, place), NONE);
});

Deno.test("holdSignals() has a signal between two lives heard in the later one", async () => {
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    const all = await lives({ signal, text: "x".repeat(100_000) });
    assertEquals(all.length, 3);
    assertEquals(all[1].heard, signal);
    assertEquals(all[1].text?.length, 100_000);
    assert(all.every(({ pid }) => pid === all[0].pid));
  }
});
