/**
 * Owns the agent's HTTP surface: which paths there are, and what every answer has in common. In: the exposition, the
 * node's state and the collectors' health. Out: a Hono application, which server.ts puts on a socket.
 * @module
 */
import { type Context, type Handler, Hono } from "hono";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { Clock } from "../clock.ts";
import { quoted } from "../config/quoted.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import type { NodeState } from "../state/node_state.ts";
import { bearerAuth } from "./auth.ts";
import type { HttpEnv, HttpLog } from "./env.ts";
import { guard } from "./guard.ts";
import { liveness } from "./health.ts";
import { problem } from "./problem.ts";
import { readiness } from "./readiness.ts";
import { addRoute, atFirstUse } from "./route.ts";
import { type Exposition, GROUP_PARAMETER, scrapeHandler } from "./scrape.ts";

export interface AppOptions {
  readonly exposition: Exposition;
  readonly state: NodeState;
  readonly collectors: () => readonly CollectorHealth[];
  readonly facts: NodeFacts;
  /** What `collect[]` may name. */
  readonly metricGroups: readonly string[];
  readonly clock: Clock;
  readonly version: string;
  readonly log: HttpLog;
  /** What every request must carry; asked at each one, so that it may change. None where it is absent or gives undefined. */
  readonly token?: () => string | undefined;
}

/** Where the API answers. */
const API_PATHS = ["/api/*", "/openapi.json"];

export function createApp(options: AppOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  const paths: string[] = [];
  app.use(guard);
  if (options.token !== undefined) app.use(bearerAuth(options.token));

  const overview = atFirstUse(async () => {
    const { overviewHandler } = await import("./overview.ts");
    return overviewHandler(options);
  });
  route("/", [], async (c, next) => await (await overview())(c, next));
  route("/metrics", [GROUP_PARAMETER], scrapeHandler(options));
  route("/healthz", [], function health(c) {
    const { healthy, text } = liveness(options.collectors());
    return c.text(text, healthy ? 200 : 503);
  });
  route("/readyz", [], function ready(c) {
    const answer = readiness({
      collectors: options.collectors(),
      snapshot: options.state.freeze(),
      facts: options.facts,
      version: options.version,
      nowMs: options.clock.monotonicMs(),
    });
    return c.body(
      `${JSON.stringify(answer, null, 2)}\n`,
      answer.ready ? 200 : 503,
      { "content-type": "application/json" },
    );
  });

  const api = atFirstUse(async () => {
    const { createApiApp } = await import("./api/app.ts");
    return createApiApp(options, { notFound, onError });
  });
  for (const path of API_PATHS) {
    app.all(path, async function answer(c) {
      const { app } = await api();
      return await app.fetch(c.req.raw, c.env);
    });
  }
  app.notFound(notFound);
  app.onError(onError);
  return app;

  function route(
    path: string,
    parameters: readonly string[],
    handler: Handler<HttpEnv>,
  ): void {
    paths.push(path);
    addRoute(app, path, parameters, handler);
  }

  async function notFound(c: Context<HttpEnv>): Promise<Response> {
    const all = [...paths, ...(await api()).paths];
    return problem(
      404,
      `Nothing is at ${quoted(c.req.path)}: expected one of ${all.join(", ")}`,
    );
  }

  function onError(error: Error, c: Context<HttpEnv>): Response {
    options.log.error(
      `Cannot answer ${c.req.method} ${quoted(c.req.path)}: ${error.message}`,
    );
    return problem(
      500,
      "The agent failed to answer; its log says why",
    );
  }
}
