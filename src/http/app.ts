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
import { apiRoutes } from "./api/routes.ts";
import type { HttpEnv, HttpLog } from "./env.ts";
import { guard } from "./guard.ts";
import { liveness } from "./health.ts";
import { overviewHandler } from "./overview.ts";
import { problem } from "./problem.ts";
import { unknownParameter } from "./query.ts";
import { readiness } from "./readiness.ts";
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

const ALLOWED_METHODS = "GET, HEAD";

export function createApp(options: AppOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  const paths: string[] = [];
  app.use(guard);
  if (options.token !== undefined) app.use(bearerAuth(options.token));

  route("/", [], overviewHandler(options));
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
  for (const { path, shown, query, handler } of apiRoutes(options)) {
    route(path, Object.keys(query.entries), handler, shown);
  }

  app.notFound((c) =>
    problem(
      404,
      `Nothing is at ${quoted(c.req.path)}: expected one of ${
        paths.join(", ")
      }`,
    )
  );
  app.onError(function failed(error, c) {
    options.log.error(
      `Cannot answer ${c.req.method} ${quoted(c.req.path)}: ${error.message}`,
    );
    return problem(
      500,
      "The agent failed to answer; its log says why",
    );
  });
  return app;

  /** `path` answers GET and HEAD with no query parameters but `parameters`; every other method is 405. */
  function route(
    path: string,
    parameters: readonly string[],
    handler: Handler<HttpEnv>,
    shown = path,
  ): void {
    if (!paths.includes(shown)) paths.push(shown);
    app.get(path, checkQuery(parameters), handler);
    app.all(path, refuseMethod);
  }
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
