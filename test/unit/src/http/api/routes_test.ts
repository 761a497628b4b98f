/** Owns the tests of src/http/api/routes.ts and of what it answers with. @module */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { apiNode, nothingYet } from "./api_node.ts";

async function json(path: string, node = apiNode()): Promise<unknown> {
  const answer = await node.app.request(path);
  assertEquals(answer.status, 200, path);
  return await answer.json();
}

Deno.test("GET /api/v1/snapshot tells sample times, totals and every object", async () => {
  assertEquals(await json("/api/v1/snapshot"), {
    version: "1.2.3",
    tables: {
      map: table(3, { created: 3, destroyed: 1 }),
      program: table(3),
      link: table(2),
      btf: table(1),
    },
    totals: {
      map_memory_bytes: 12 * 1024 + 12 * 2 + 12 * 1024,
      program_memory_bytes: 600,
      memory_bytes: 12 * 2050 + 600,
    },
    objects: {
      map: [
        {
          ...MAP,
          id: 1,
          name: "connections",
          btf_id: 7,
          map_extra: "18446744073709551615",
        },
        {
          ...MAP,
          id: 5,
          name: 'a"\\\n\x1b[31m\u202e\ufffd<b>',
          max_entries: 2,
          memory_bytes: 24,
        },
        { ...MAP, id: 9, type: "struct_ops" },
      ],
      program: [
        {
          ...PROGRAM,
          id: 2,
          name: "on_switch",
          btf_id: 7,
          load_time_ns: "9223372036854775808",
          run_time_ns: "18446744073709551616",
          run_count: "12",
          cpu_ratio: 0.25,
        },
        { ...PROGRAM, id: 3, name: "quiet" },
        {
          ...PROGRAM,
          id: 4,
          name: "on_switch",
          full_name: "on_switch_of_a_long_name",
          run_time_ns: "900",
          run_count: "100",
          cpu_ratio: 0.5,
        },
      ],
      link: [
        { id: 6, type: "raw_tracepoint", prog_id: 2, target: "sched_switch" },
        { id: 7, type: "struct_ops", target: "map:9" },
      ],
      btf: [{ id: 7, name: "vmlinux", size_bytes: 400, kernel: true }],
    },
  });
});

// The clock stands at 100 s when it is 03:04:05; the tables were sampled at 9 s.
const SAMPLED_AT = "2026-01-02T03:02:34.000Z";
const MAP = {
  type: "hash",
  key_size_bytes: 4,
  value_size_bytes: 8,
  max_entries: 1024,
  flags: 0,
  memory_bytes: 12_288,
};
const PROGRAM = {
  type: "raw_tracepoint",
  tag: "a04f5eef06a7f555",
  jited_bytes: 120,
  xlated_bytes: 80,
  memory_bytes: 200,
  instructions: 10,
  verified_instructions: 12,
};

function table(objects: number, more: object = {}): object {
  return {
    status: "sampled",
    sampled_at: SAMPLED_AT,
    objects,
    created: 0,
    destroyed: 0,
    ...more,
  };
}

Deno.test("GET /api/v1/snapshot leaves out what was never read, and says why", async () => {
  const snapshot = await json("/api/v1/snapshot", apiNode(nothingYet())) as {
    tables: Record<string, unknown>;
    totals: unknown;
    objects: Record<string, unknown>;
  };
  assertEquals(snapshot.tables.map, { status: "starting" });
  assertEquals(snapshot.tables.program, {
    status: "unavailable",
    reason: "BPF_PROG_GET_NEXT_ID failed: EPERM",
  });
  assertEquals(snapshot.totals, {});
  assertEquals(Object.keys(snapshot.objects), ["link", "btf"]);
});

Deno.test("GET /api/v1/snapshot writes hostile names so that no terminal obeys them", async () => {
  const text = await (await apiNode().app.request("/api/v1/snapshot")).text();
  assertStringIncludes(text, String.raw`a\"\\\n\u001b[31m\u202e`);
  // deno-lint-ignore no-control-regex -- what is looked for
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text), false);
  assertEquals(text.isWellFormed(), true);
});

async function ids(query: string): Promise<number[]> {
  const list = await json(`/api/v1/objects/${query}`) as {
    objects: { id: number }[];
  };
  return list.objects.map(({ id }) => id);
}

Deno.test("GET /api/v1/objects/TYPE sorts by any field; objects without it come last", async () => {
  assertEquals(await ids("program"), [2, 3, 4]);
  assertEquals(await ids("program?order=desc"), [4, 3, 2]);
  assertEquals(await ids("program?sort=cpu_ratio&order=desc"), [4, 2, 3]);
  assertEquals(await ids("program?sort=cpu_ratio"), [2, 4, 3]);
  // As numbers: as text "900" would be the greater.
  assertEquals(await ids("program?sort=run_time_ns"), [4, 2, 3]);
  assertEquals(await ids("map?sort=name"), [5, 1, 9]);
  assertEquals(await ids("map?sort=max_entries"), [5, 1, 9]);
});

Deno.test("GET /api/v1/objects/TYPE shows the part that was asked for, of those that match", async () => {
  assertEquals(await json("/api/v1/objects/map?limit=1&offset=1"), {
    object_type: "map",
    status: "sampled",
    sampled_at: SAMPLED_AT,
    total: 3,
    matched: 3,
    offset: 1,
    limit: 1,
    objects: [{
      ...MAP,
      id: 5,
      name: 'a"\\\n\x1b[31m\u202e\ufffd<b>',
      max_entries: 2,
      memory_bytes: 24,
    }],
  });
  assertEquals(await ids("map?offset=4294967295"), []);
  assertEquals(await ids("map?name=nect"), [1]);
  assertEquals(await ids("program?name=long_name"), [4]);
  assertEquals(await ids("link?name=sched"), [6]);
  assertEquals(await ids("btf?name=nothing"), []);
});

Deno.test("GET /api/v1/objects/TYPE/ID tells what refers to it and what it refers to", async () => {
  const btf = { relation: "described_by", object_type: "btf", id: 7 };
  const program = await json("/api/v1/objects/program/2") as {
    object: { id: number };
    refers_to: unknown;
    referred_by: unknown;
  };
  assertEquals(program.object.id, 2);
  assertEquals(program.refers_to, [{ ...btf, name: "vmlinux" }]);
  assertEquals(program.referred_by, [
    { relation: "runs", object_type: "link", id: 6 },
  ]);
  assertEquals(await json("/api/v1/objects/link/7"), {
    object_type: "link",
    status: "sampled",
    sampled_at: SAMPLED_AT,
    object: { id: 7, type: "struct_ops", target: "map:9" },
    ownership: {
      reason: "nobody has looked at what keeps objects alive",
    },
    refers_to: [{ relation: "attached_to", object_type: "map", id: 9 }],
    referred_by: [],
  });
  const { referred_by } = await json("/api/v1/objects/btf/7") as {
    referred_by: unknown;
  };
  assertEquals(referred_by, [
    {
      relation: "described_by",
      object_type: "program",
      id: 2,
      name: "on_switch",
    },
    {
      relation: "described_by",
      object_type: "map",
      id: 1,
      name: "connections",
    },
  ]);
});

Deno.test("apiRoutes() answers one sentence to what it cannot answer", async () => {
  const { app } = apiNode();
  const cases: [path: string, status: number, detail: string][] = [
    [
      "/api/v1/snapshot?verbose=1",
      400,
      'Cannot read the query: expected no parameters, found "verbose"',
    ],
    [
      "/api/v1/objects/map?holder=x",
      400,
      'Cannot read the query: expected sort, order, limit, offset, name, owner, found "holder"',
    ],
    [
      "/api/v1/objects/map?owner=",
      400,
      'Cannot read owner: expected at least one character, found ""',
    ],
    [
      "/api/v1/objects/map?owner=x",
      503,
      "Cannot choose objects of type map by owner: nobody has looked yet at what keeps objects alive",
    ],
    [
      "/api/v1/objects/btf?sort=size",
      400,
      'Cannot read sort: expected one of id, name, size_bytes, kernel, owner, orphan, found "size"; the nearest is size_bytes',
    ],
    [
      "/api/v1/objects/btf?order=DESC",
      400,
      'Cannot read order: expected one of asc, desc, found "DESC"; the nearest is desc',
    ],
    [
      "/api/v1/objects/btf?order=",
      400,
      'Cannot read order: expected one of asc, desc, found ""',
    ],
    [
      "/api/v1/objects/map?limit=0",
      400,
      'Cannot read limit: expected a whole number from 1 to 100000, found "0"',
    ],
    [
      "/api/v1/objects/map?limit=1e3",
      400,
      'Cannot read limit: expected a whole number from 1 to 100000, found "1e3"',
    ],
    [
      "/api/v1/objects/map?offset=-1",
      400,
      'Cannot read offset: expected a whole number from 0 to 4294967295, found "-1"',
    ],
    [
      "/api/v1/objects/map?limit=1&limit=2",
      400,
      "Cannot read limit: expected it once, found it more often",
    ],
    [
      "/api/v1/objects/map?name=",
      400,
      'Cannot read name: expected at least one character, found ""',
    ],
    [
      "/api/v1/objects/map/one",
      400,
      'Cannot read id: expected a whole number from 0 to 4294967295, found "one"',
    ],
    [
      "/api/v1/objects/map/4294967296",
      400,
      'Cannot read id: expected a whole number from 0 to 4294967295, found "4294967296"',
    ],
    [
      "/api/v1/objects/map/2",
      404,
      "There is no map 2 in the last sample",
    ],
    [
      "/api/v1/stream?interval=10ms",
      400,
      'Cannot read interval: expected a duration from 500ms to 1h (units ms, s, m, h) such as 2s, found "10ms"',
    ],
    [
      "/api/v1/stream?interval=soon",
      400,
      'Cannot read interval: expected a duration from 500ms to 1h (units ms, s, m, h) such as 2s, found "soon"',
    ],
  ];
  for (const [path, status, detail] of cases) {
    const answer = await app.request(path);
    assertEquals(answer.status, status, path);
    assertMatch(
      answer.headers.get("content-type") ?? "",
      /^application\/problem\+json/,
    );
    assertEquals((await answer.json()).detail, detail);
  }
});

Deno.test("apiRoutes() has nothing at paths that are no type or come later", async () => {
  const { app } = apiNode();
  for (
    const path of [
      "history",
      "findings",
      "objects",
      "objects/prog",
      "objects/prog/1",
      "",
    ]
  ) {
    const answer = await app.request(`/api/v1/${path}`);
    assertEquals(answer.status, 404, path);
    assertStringIncludes(
      (await answer.json()).detail,
      "/api/v1/objects/{map|program|link|btf}",
    );
  }
});

Deno.test("apiRoutes() answers 503 with the reason where a table was never read", async () => {
  const { app } = apiNode(nothingYet());
  for (
    const [path, detail] of [
      ["map", "Cannot show objects of type map: no sample yet"],
      [
        "program/2",
        "Cannot show objects of type program: BPF_PROG_GET_NEXT_ID failed: EPERM",
      ],
    ]
  ) {
    const answer = await app.request(`/api/v1/objects/${path}`);
    assertEquals(answer.status, 503);
    assertEquals(answer.headers.get("retry-after"), "1");
    assertEquals((await answer.json()).detail, detail);
  }
});

Deno.test("apiRoutes() answers 405 with Allow to other methods", async () => {
  const { app } = apiNode();
  for (
    const path of ["snapshot", "objects/map", "objects/map/1", "stream"]
  ) {
    const answer = await app.request(`/api/v1/${path}`, { method: "POST" });
    assertEquals(answer.status, 405, path);
    assertEquals(answer.headers.get("allow"), "GET, HEAD");
    await answer.body?.cancel();
  }
});

Deno.test("apiRoutes() compresses where the client takes it, and answers HEAD without a body", async () => {
  const { app } = apiNode();
  const plain = await app.request("/api/v1/snapshot");
  const packed = await app.request("/api/v1/snapshot", {
    headers: { "accept-encoding": "gzip" },
  });
  assertEquals(packed.headers.get("content-encoding"), "gzip");
  assert(packed.body !== null);
  const unpacked = packed.body.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unpacked).text(), await plain.text());
  const head = await app.request("/api/v1/snapshot", { method: "HEAD" });
  assertEquals(
    head.headers.get("content-length"),
    plain.headers.get("content-length"),
  );
  assertEquals(await head.text(), "");
});
