/**
 * The API on the real kernel: what a running agent says of objects of every type, beside what the C reader and bpftool say;
 * and that streams end with their clients, and with the agent.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { ObjectKind } from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import { whyNoCompiler } from "../kernel/compile.ts";
import { bpftoolDifferences } from "../kernel/expected.ts";
import { kernelTest, makeEverything, skip } from "../kernel/make.ts";
import {
  readBpftool,
  readInfo,
  type Row,
  whyNoBpftool,
} from "../kernel/reference.ts";

const KINDS = ["map", "program", "link", "btf"] as const;

type Fields = Readonly<Record<string, unknown>>;

/** The API's field, and the C reader's, which is the kernel's. Where both are strings they are whole 64-bit values. */
const SAME: Readonly<Record<ObjectKind, Readonly<Record<string, string>>>> = {
  map: {
    key_size_bytes: "key_size",
    value_size_bytes: "value_size",
    max_entries: "max_entries",
    flags: "map_flags",
    map_extra: "map_extra",
  },
  program: {
    tag: "tag",
    load_time_ns: "load_time",
    jited_bytes: "jited_prog_len",
    xlated_bytes: "xlated_prog_len",
    verified_instructions: "verified_insns",
    created_by_uid: "created_by_uid",
  },
  link: {},
  btf: { size_bytes: "btf_size" },
};

/** Names, as bpftoolDifferences() knows them. */
function described(kind: ObjectKind, api: Fields): Record<string, unknown> {
  return {
    type: api.type,
    name: api.name,
    fullName: api.full_name,
    flags: api.flags,
    keySizeBytes: api.key_size_bytes,
    valueSizeBytes: api.value_size_bytes,
    maxEntries: api.max_entries,
    tag: api.tag,
    createdByUid: api.created_by_uid,
    xlatedBytes: api.xlated_bytes,
    jitedBytes: api.jited_bytes,
    programId: kind === "link" ? api.prog_id ?? 0 : undefined,
    attachType: api.attach_type,
    target: api.target,
    btfId: api.btf_id,
  };
}

async function snapshotOf(
  agent: Agent,
): Promise<Readonly<Record<ObjectKind, Fields[]>>> {
  const { status, text } = await agent.get("/api/v1/snapshot");
  assertEquals(status, 200);
  return JSON.parse(text).objects;
}

kernelTest(
  "GET /api/v1/snapshot says what the C reader and bpftool say, of every type of object",
  async () => {
    using workshop = makeEverything();
    await using agent = await Agent.start();
    await agent.ready();
    const noBpftool = whyNoBpftool();
    if (noBpftool !== undefined) skip("bpftool beside the API", noBpftool);
    const objects = await snapshotOf(agent);
    for (const kind of KINDS) {
      const ours = new Map(objects[kind].map((one) => [one.id, one]));
      const info = readInfo(kind);
      const bpftool = noBpftool === undefined
        ? readBpftool(kind)
        : new Map<number, Row>();
      const ids = workshop.made.filter((made) => made.kind === kind)
        .map(({ id }) => id);
      assertGreater(ids.length, 0, kind);
      for (const id of ids) {
        const api = ours.get(id);
        const row = info.get(id);
        assert(api !== undefined && row !== undefined, `${kind} ${id}`);
        for (const [field, theirs] of Object.entries(SAME[kind])) {
          assertEquals(api[field], row[theirs], `${kind} ${id} ${field}`);
        }
        const said = bpftool.get(id);
        if (said === undefined) continue;
        assertEquals(bpftoolDifferences(said, described(kind, api)), []);
        const detail = await agent.get(`/api/v1/objects/${kind}/${id}`);
        assertEquals(detail.status, 200);
        assertEquals(JSON.parse(detail.text).object.id, id);
      }
    }
  },
  whyNoCompiler(),
);

kernelTest(
  "GET /api/v1/stream ends when the client goes, and with the agent",
  async () => {
    await using agent = await Agent.start(["--interval", "50ms"]);
    await agent.ready();
    // As many again as may be open at once: each must have ended before the next.
    for (let i = 0; i < 130; i++) {
      const gone = new AbortController();
      const answer = await fetch(`${agent.url}/api/v1/stream`, {
        signal: gone.signal,
      });
      if (answer.status === 429) {
        await answer.body?.cancel();
        await agent.eventually("room for a stream", async () => {
          const again = await fetch(`${agent.url}/api/v1/stream`);
          await again.body?.cancel();
          return again.status === 200;
        });
        continue;
      }
      assertEquals(answer.status, 200);
      await answer.body?.cancel();
      gone.abort();
    }
    const open = await fetch(`${agent.url}/api/v1/stream`);
    const reader = open.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (text.split("event: sample").length < 4) {
      text += (await reader?.read())?.value ?? "";
    }
    agent.kill("SIGTERM");
    assertEquals((await agent.ended()).code, 0);
    try {
      while ((await reader?.read())?.done === false);
    } catch (error) {
      // Cut in the middle of an answer, which never has an end of its own.
      assert(error instanceof TypeError);
    }
  },
);
