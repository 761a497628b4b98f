/**
 * Owns GET /openapi.json. In: the routes. Out: the document, made at the first request: what generates it costs the memory
 * of an agent that nobody asks for it.
 * @module
 */
import type { Handler } from "hono";
import type { HttpEnv } from "../env.ts";
import { atFirstUse } from "../route.ts";
import { isFresh } from "./revisions.ts";
import type { ApiRoute } from "./routes.ts";

/** It changes with the agent's version alone. */
const CACHE = "public, max-age=300";

export interface DocumentOptions {
  readonly routes: readonly ApiRoute[];
  readonly metricGroups: readonly string[];
  readonly version: string;
}

export function openApiHandler(options: DocumentOptions): Handler<HttpEnv> {
  const tag = `"openapi-${options.version}"`;
  const document = atFirstUse(make);

  return async function openApi(c) {
    const headers = { etag: tag, "cache-control": CACHE };
    if (isFresh(c.req.raw.headers, tag)) {
      return new Response(null, { status: 304, headers });
    }
    return c.body(await document(), 200, {
      ...headers,
      "content-type": "application/json",
    });
  };

  async function make(): Promise<string> {
    const { openApiDocument } = await import("./openapi.ts");
    return `${JSON.stringify(await openApiDocument(options), null, 2)}\n`;
  }
}
