/** Owns the tests of src/http/auth.ts. @module */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { Hono } from "hono";
import { bearerAuth, readToken } from "../../../../src/http/auth.ts";
import type { HttpEnv } from "../../../../src/http/env.ts";

function guarded(token: () => string | undefined): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.use(bearerAuth(token));
  app.get("*", (c) => c.text("inside"));
  return app;
}

async function statusOf(
  app: Hono<HttpEnv>,
  path: string,
  authorization?: string,
): Promise<number> {
  const headers = authorization === undefined ? {} : { authorization };
  const answer = await app.request(path, { headers });
  await answer.body?.cancel();
  return answer.status;
}

Deno.test("readToken() takes the first line without the space around it", () => {
  for (const text of ["s3cret", "s3cret\n", "  s3cret \r\nmore\n"]) {
    assertEquals(readToken(text), { ok: true, token: "s3cret" });
  }
});

Deno.test("readToken() refuses in one sentence what is empty or no header can carry, without repeating it", () => {
  const empty =
    "Cannot use the bearer token: expected it on the first line, found nothing there";
  const odd =
    "Cannot use the bearer token: expected printable ASCII without spaces, found something else";
  for (const text of ["", "\n", "   \nsecond line\n"]) {
    assertEquals(readToken(text), { ok: false, message: empty });
  }
  for (const text of ["a\x00b", "a\x1bb", "two words", "caf\u00e9", "a\x7f"]) {
    assertEquals(readToken(text), { ok: false, message: odd });
  }
});

Deno.test("bearerAuth() lets in whoever sends the token, whatever the case of the scheme", async () => {
  const app = guarded(() => "s3cret");
  for (const given of ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "]) {
    assertEquals(await statusOf(app, "/metrics", given), 200, given);
  }
});

Deno.test("bearerAuth() answers 401 with WWW-Authenticate to everybody else, and does not repeat what they sent", async () => {
  const app = guarded(() => "s3cret");
  const wrong = [
    undefined,
    "Bearer",
    "Bearer ",
    "Bearer s3cre",
    "Bearer s3cret2",
    "Bearer S3cret",
    "Basic s3cret",
    "s3cret",
    "Bearer s3cret s3cret",
  ];
  for (const path of ["/", "/metrics", "/readyz", "/healthz/", "/none"]) {
    for (const given of wrong) {
      assertEquals(await statusOf(app, path, given), 401, `${path} ${given}`);
    }
  }
  const answer = await app.request("/metrics", {
    headers: { authorization: "Bearer guessed" },
  });
  assertMatch(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
  const text = await answer.text();
  assertEquals(JSON.parse(text).status, 401);
  assertStringIncludes(text, "Authorization: Bearer TOKEN");
  assert(!text.includes("guessed"));
  assert(!text.includes("s3cret"));
});

Deno.test("bearerAuth() leaves /healthz open to probes, and everything where there is no token", async () => {
  assertEquals(await statusOf(guarded(() => "s3cret"), "/healthz"), 200);
  assertEquals(await statusOf(guarded(() => undefined), "/metrics"), 200);
});

Deno.test("bearerAuth() asks for the token at each request", async () => {
  let token = "old";
  const app = guarded(() => token);
  assertEquals(await statusOf(app, "/", "Bearer old"), 200);
  token = "new";
  assertEquals(await statusOf(app, "/", "Bearer old"), 401);
  assert(await statusOf(app, "/", "Bearer new") === 200);
});
