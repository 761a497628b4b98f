/**
 * Owns who may read: whoever sends the token, where there is one. In: the token's file, as text, and requests. Out: the token, and
 * 401 for requests without it. The token is in no message, no answer and no log.
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpEnv } from "./env.ts";
import { problem } from "./problem.ts";

/** Answered to everybody: it shows nothing but that the process lives, and a kubelet's probe cannot carry a secret. */
const OPEN_PATH = "/healthz";

export type ReadToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly message: string };

/** The token is the first line without the space around it. What no header can carry is refused. */
export function readToken(text: string): ReadToken {
  const token = (text.split(/\r\n|[\r\n]/, 1)[0] ?? "").trim();
  if (token === "") {
    return refused("expected it on the first line, found nothing there");
  }
  return /^[!-~]+$/.test(token)
    ? { ok: true, token }
    : refused("expected printable ASCII without spaces, found something else");
}

function refused(reason: string): ReadToken {
  return { ok: false, message: `Cannot use the bearer token: ${reason}` };
}

/** @param token asked at each request, so that it may change; undefined lets everybody in */
export function bearerAuth(
  token: () => string | undefined,
): MiddlewareHandler<HttpEnv> {
  return async function bearer(c, next) {
    const expected = token();
    if (expected === undefined || c.req.path === OPEN_PATH) return await next();
    const [, given] = /^Bearer +([!-~]+) *$/i.exec(
      c.req.header("authorization") ?? "",
    ) ?? [];
    if (given !== undefined && sameText(given, expected)) return await next();
    return problem(
      401,
      "Cannot answer without the agent's token: expected the header Authorization: Bearer TOKEN",
      { "www-authenticate": 'Bearer realm="bpfpulse"' },
    );
  };
}

/** Takes as long for every `given` of the same length; of `expected` not even the length shows. */
function sameText(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
