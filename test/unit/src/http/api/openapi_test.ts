/** Owns the tests of src/http/api/openapi.ts and document.ts: every answer is what the document says. @module */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { A_SNAPSHOT, apiNode, nothingYet, sampledAgain } from "./api_node.ts";

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Readonly<Record<string, unknown>>;
  }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Record<string, { schema: object }> }>
  >;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
}

async function openApi(node = apiNode()): Promise<OpenApi> {
  const answer = await node.app.request("/openapi.json");
  assertEquals(answer.status, 200);
  return await answer.json();
}

/** What each schema of `document` says of a value: nothing, or what is wrong. */
function judge(
  document: OpenApi,
): (schema: object, value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(document, "openapi");
  return (schema, value) => {
    const rooted = JSON.parse(
      JSON.stringify(schema).replaceAll('"#/', '"openapi#/'),
    );
    return ajv.validate(rooted, value) ? undefined : ajv.errorsText();
  };
}

Deno.test("openApiDocument() describes every path that is served, and nothing else", async () => {
  const node = apiNode();
  const { openapi, paths } = await openApi(node);
  assertMatch(openapi, /^3\.1\./);
  assertEquals(Object.keys(paths).sort(), [
    "/",
    "/api/v1/objects/btf",
    "/api/v1/objects/btf/{id}",
    "/api/v1/objects/link",
    "/api/v1/objects/link/{id}",
    "/api/v1/objects/map",
    "/api/v1/objects/map/{id}",
    "/api/v1/objects/program",
    "/api/v1/objects/program/{id}",
    "/api/v1/snapshot",
    "/api/v1/stream",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/readyz",
  ]);
});

Deno.test("openApiDocument() shows parameters as what they stand for", async () => {
  const { paths } = await openApi();
  const parameters = paths["/api/v1/objects/btf"].get.parameters ?? [];
  const shown = Object.fromEntries(
    parameters.map((one) => [one.name, one.schema]),
  );
  assertEquals(shown.limit, { type: "integer", minimum: 1, maximum: 100_000 });
  assertEquals(shown.sort, {
    enum: ["id", "name", "size_bytes", "kernel", "owner", "orphan"],
    type: "string",
  });
  assertEquals(parameters.filter(({ required }) => required === true), []);
  const [id] = paths["/api/v1/objects/btf/{id}"].get.parameters ?? [];
  assertEquals([id.name, id.in, id.required], ["id", "path", true]);
});

Deno.test("every JSON answer is what /openapi.json says of it", async () => {
  const document = await openApi();
  const wrong = judge(document);
  const requests: [described: string, path: string][] = [
    ["/api/v1/snapshot", "/api/v1/snapshot"],
    ["/api/v1/snapshot", "/api/v1/snapshot?x=1"],
    ["/readyz", "/readyz"],
    ["/openapi.json", "/openapi.json"],
    ["/api/v1/stream", "/api/v1/stream?interval=1"],
    ["/metrics", "/metrics?collect[]=nothing"],
  ];
  for (
    const [type, id] of Object.entries({ map: 1, program: 2, link: 6, btf: 7 })
  ) {
    const path = `/api/v1/objects/${type}`;
    requests.push(
      [path, path],
      [path, `${path}?sort=size&limit=0`],
      [`${path}/{id}`, `${path}/${id}`],
      [`${path}/{id}`, `${path}/4000000000`],
      [`${path}/{id}`, `${path}/x`],
    );
  }
  let judged = 0;
  for (const node of [apiNode(), apiNode(nothingYet())]) {
    for (const [described, path] of requests) {
      const answer = await node.app.request(path);
      const { responses } = document.paths[described].get;
      const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
      const schema = responses[String(answer.status)]?.content?.[type]?.schema;
      assert(schema !== undefined, `${path} ${answer.status} ${type}`);
      assertEquals(wrong(schema, await answer.json()), undefined, path);
      judged++;
    }
  }
  assertEquals(judged, 2 * requests.length);
});

Deno.test("openApiDocument() is refused by the judge when an answer strays from it", async () => {
  const document = await openApi();
  const wrong = judge(document);
  const { content } =
    document.paths["/api/v1/objects/map"].get.responses["200"];
  const schema = content?.["application/json"].schema;
  assert(schema !== undefined);
  const answer = await (await apiNode().app.request("/api/v1/objects/map"))
    .json();
  assertEquals(wrong(schema, answer), undefined);
  assertMatch(wrong(schema, { ...answer, more: 1 }) ?? "", /additional/);
  answer.objects[0].map_extra = 1;
  assertMatch(wrong(schema, answer) ?? "", /map_extra must be string/);
});

Deno.test("the stream's data is a Sample of /openapi.json", async () => {
  const node = apiNode();
  const wrong = judge(await openApi(node));
  const answer = await node.app.request("/api/v1/stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader?.read() ?? {};
  await reader?.cancel();
  const data = /^data: (.*)$/m.exec(value ?? "")?.[1] ?? "";
  const sample = JSON.parse(data);
  assertEquals(
    wrong({ $ref: "#/components/schemas/Sample" }, sample),
    undefined,
  );
  assertEquals(
    sample.busiest_programs.map(({ id }: { id: number }) => id),
    [4, 2],
  );
});

Deno.test("GET /openapi.json may be kept, and is 304 to who has it whatever was sampled since", async () => {
  const node = apiNode();
  const first = await node.app.request("/openapi.json");
  assertEquals(first.headers.get("cache-control"), "public, max-age=300");
  const tag = first.headers.get("etag") ?? "";
  await first.body?.cancel();
  node.snapshot = sampledAgain(A_SNAPSHOT, 9_500);
  const again = await node.app.request("/openapi.json", {
    headers: { "if-none-match": tag },
  });
  assertEquals(again.status, 304);
});
