/**
 * Owns what holds for every request and answer: no bodies come in, and what goes out is not kept, unless its
 * handler says so, guessed at or framed.
 * In: any request. Out: the same, or a problem.
 * @module
 */
import type { Context, Next } from "hono";
import type { HttpEnv } from "./env.ts";
import { problem } from "./problem.ts";

const HEADERS: ReadonlyArray<readonly [name: string, value: string]> = [
  ["cache-control", "no-store"],
  ["x-content-type-options", "nosniff"],
];

export async function guard(c: Context<HttpEnv>, next: Next): Promise<void> {
  const body = announcesBody(c.req.raw.headers);
  if (body && (c.req.method === "GET" || c.req.method === "HEAD")) {
    c.res = problem(
      413,
      `Cannot take a body with ${c.req.method}: expected none`,
    );
  } else {
    await next();
  }
  for (const [name, value] of HEADERS) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
  // What nobody reads would otherwise have to be taken off the socket before the next request.
  if (body) c.res.headers.set("connection", "close");
}

function announcesBody(headers: Headers): boolean {
  const length = headers.get("content-length");
  return headers.has("transfer-encoding") ||
    (length !== null && length !== "0");
}
