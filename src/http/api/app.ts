/**
 * Owns the API as an application of its own, which app.ts loads at the first request for it: its schemas cost every start as much
 * as the rest of the HTTP surface. In: the routes. Out: a Hono application.
 * @module
 */
import { type ErrorHandler, Hono, type NotFoundHandler } from "hono";
import type { HttpEnv } from "../env.ts";
import { addRoute } from "../route.ts";
import { type ApiOptions, apiRoutes } from "./routes.ts";

export interface ApiApp {
  readonly app: Hono<HttpEnv>;
  /** As they are shown to people. */
  readonly paths: readonly string[];
}

export function createApiApp(
  options: ApiOptions,
  otherwise: {
    readonly notFound: NotFoundHandler<HttpEnv>;
    readonly onError: ErrorHandler<HttpEnv>;
  },
): ApiApp {
  const app = new Hono<HttpEnv>();
  const routes = apiRoutes(options);
  for (const { path, query, handler } of routes) {
    addRoute(app, path, Object.keys(query.entries), handler);
  }
  app.notFound(otherwise.notFound);
  app.onError(otherwise.onError);
  return { app, paths: [...new Set(routes.map(({ shown }) => shown))] };
}
