/**
 * Owns what every path has in common: which methods and parameters it takes. In: a path and who answers it. Out: routes.
 * @module
 */
import type { Context, Handler, Hono } from "hono";
import { quoted } from "../config/quoted.ts";
import type { HttpEnv } from "./env.ts";
import { problem } from "./problem.ts";
import { unknownParameter } from "./query.ts";

const ALLOWED_METHODS = "GET, HEAD";

/** `path` answers GET and HEAD with no query parameters but `parameters`; every other method is 405. */
export function addRoute(
  app: Hono<HttpEnv>,
  path: string,
  parameters: readonly string[],
  handler: Handler<HttpEnv>,
): void {
  app.get(path, checkQuery(parameters), handler);
  app.all(path, refuseMethod);
}

/** What `make` gives, made at the first call, which may fail; then the next one tries again. */
export function atFirstUse<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
}

function checkQuery(parameters: readonly string[]): Handler<HttpEnv> {
  return async function query(c, next) {
    const detail = unknownParameter(
      new URL(c.req.url).searchParams,
      parameters,
    );
    if (detail !== undefined) return problem(400, detail);
    return await next();
  };
}

function refuseMethod(c: Context<HttpEnv>): Response {
  return problem(
    405,
    `Cannot ${c.req.method} ${quoted(c.req.path)}: expected ${ALLOWED_METHODS}`,
    { allow: ALLOWED_METHODS },
  );
}
