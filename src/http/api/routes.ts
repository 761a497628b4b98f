/**
 * Owns the routes of the API: what each takes, what it answers and who answers. In: the node's state. Out: routes for app.ts,
 * and the same routes for openapi.ts, so that what validates a request is what describes it.
 * @module
 */
import type { Context, Handler } from "hono";
import type { GenericSchema } from "valibot";
import type { ObjectType } from "../../../workers/protocol.ts";
import type { Clock } from "../../clock.ts";
import { Slices } from "../../metrics/slices.ts";
import type { CollectorHealth } from "../../state/collector_health.ts";
import type { NodeState } from "../../state/node_state.ts";
import type { HttpEnv, HttpLog } from "../env.ts";
import { problem } from "../problem.ts";
import { detailText, listPieces, snapshotPieces } from "./answers.ts";
import { openApiHandler } from "./document.ts";
import { chunksOf } from "./json_text.ts";
import { chosenRows } from "./order.ts";
import { PageAnswers } from "../page_answer.ts";
import {
  LIST_QUERIES,
  type ListQuery,
  NO_QUERY,
  OBJECT_PATH,
  readParameters,
  readQuery,
  streamQuery,
} from "./parameters.ts";
import { ownedBy } from "../../state/owned_by.ts";
import { rowOf } from "../../state/row_search.ts";
import { isFresh, Revisions } from "./revisions.ts";
import { isRead } from "./rows.ts";
import { DETAILS, LISTS, OBJECT_TYPES, Snapshot } from "./schemas.ts";
import { streamHandler } from "./stream.ts";

export interface ApiOptions {
  readonly state: NodeState;
  readonly collectors: () => readonly CollectorHealth[];
  readonly metricGroups: readonly string[];
  readonly clock: Clock;
  readonly version: string;
  readonly log: HttpLog;
}

/** What takes parameters by name. */
export type Parameters = GenericSchema & {
  readonly entries: Readonly<Record<string, unknown>>;
};

export interface ApiRoute {
  /** As Hono writes it: `/api/v1/objects/map/:id`. */
  readonly path: string;
  /** As it is shown to people where many routes are alike. */
  readonly shown: string;
  readonly summary: string;
  readonly query: Parameters;
  readonly params?: Parameters;
  /** Schema of the answer with 200 where that is JSON. */
  readonly answer?: GenericSchema;
  readonly handler: Handler<HttpEnv>;
}

const JSON_TYPE = "application/json";
/** Kept, but asked about each time: the tag changes with every sample. */
const REVALIDATED = "private, no-cache";

export function apiRoutes(options: ApiOptions): readonly ApiRoute[] {
  const { state, clock, version } = options;
  const revisions = new Revisions(clock);
  const pages = new PageAnswers(clock);
  const leastMs = () =>
    Math.min(...options.collectors().map(({ intervalMs }) => intervalMs), 1000);
  const routes: ApiRoute[] = [
    {
      path: "/api/v1/snapshot",
      shown: "/api/v1/snapshot",
      summary: "The whole state of the node: sample times, totals, objects",
      query: NO_QUERY,
      answer: Snapshot,
      handler: snapshot,
    },
    ...OBJECT_TYPES.map((type): ApiRoute => ({
      path: `/api/v1/objects/${type}`,
      shown: `/api/v1/objects/{${OBJECT_TYPES.join("|")}}`,
      summary: `Objects of type ${type}`,
      query: LIST_QUERIES[type],
      answer: LISTS[type],
      handler: listOf(type),
    })),
    ...OBJECT_TYPES.map((type): ApiRoute => ({
      path: `/api/v1/objects/${type}/:id`,
      shown: "/api/v1/objects/{type}/{id}",
      summary: `One object of type ${type}, and how it hangs together`,
      query: NO_QUERY,
      params: OBJECT_PATH,
      answer: DETAILS[type],
      handler: detailOf(type),
    })),
    {
      path: "/api/v1/stream",
      shown: "/api/v1/stream",
      summary: "Server-sent events: one `sample` an interval",
      query: streamQuery(leastMs()),
      handler: streamHandler({ ...options, revisions }),
    },
  ];
  // Itself is in it too: it is made when it is first asked for.
  routes.push({
    path: "/openapi.json",
    shown: "/openapi.json",
    summary: "This document",
    query: NO_QUERY,
    handler: openApiHandler({ ...options, routes }),
  });
  return routes;

  async function snapshot(c: Context<HttpEnv>): Promise<Response> {
    const node = state.freeze();
    const tag = revisions.tagOf(
      node.tables,
      OBJECT_TYPES,
      node.buffers?.revision,
    );
    if (isFresh(c.req.raw.headers, tag)) return notModified(tag);
    return await pages.answer(
      c,
      `snapshot ${tag}`,
      () => chunksOf(snapshotPieces(node, revisions, version), clock),
      jsonHeaders(tag),
    );
  }

  function listOf(type: ObjectType): Handler<HttpEnv> {
    return async function list(c) {
      const query: ListQuery | string = readQuery(
        LIST_QUERIES[type],
        new URL(c.req.url).searchParams,
      );
      if (typeof query === "string") return problem(400, query);
      const node = state.freeze();
      const { tables } = node;
      if (!isRead(tables[type])) return notRead(type, tables[type].reason);
      if (query.owner !== undefined && node.holders === undefined) {
        return notLookedYet(type);
      }
      const tag = revisions.tagOf(tables, [type]);
      if (isFresh(c.req.raw.headers, tag)) return notModified(tag);
      return await pages.answer(
        c,
        `${type} ${tag} ${JSON.stringify(query)}`,
        async function* chunks() {
          const rows = await chosenRows(
            tables[type],
            query,
            query.owner === undefined
              ? () => true
              : ownedBy(node, type, query.owner),
            new Slices(clock),
          );
          yield* chunksOf(
            listPieces(tables, type, query, rows, revisions),
            clock,
          );
        },
        jsonHeaders(tag),
      );
    };
  }

  function detailOf(type: ObjectType): Handler<HttpEnv> {
    return function detail(c) {
      const path = readParameters(OBJECT_PATH, { id: c.req.param("id") ?? "" });
      if (typeof path === "string") return problem(400, path);
      const node = state.freeze();
      const { tables } = node;
      if (!isRead(tables[type])) return notRead(type, tables[type].reason);
      const row = rowOf(tables[type].descriptions, path.id);
      if (row < 0) {
        return problem(
          404,
          `There is no ${type} ${path.id} in the last sample`,
        );
      }
      const tag = revisions.tagOf(
        tables,
        OBJECT_TYPES,
        node.buffers?.revision,
      );
      if (isFresh(c.req.raw.headers, tag)) return notModified(tag);
      return c.body(
        detailText(node, type, row, revisions),
        200,
        jsonHeaders(tag),
      );
    };
  }
}

function jsonHeaders(tag: string): Record<string, string> {
  return {
    "content-type": JSON_TYPE,
    "cache-control": REVALIDATED,
    etag: tag,
  };
}

function notModified(tag: string): Response {
  return new Response(null, {
    status: 304,
    headers: { etag: tag, "cache-control": REVALIDATED },
  });
}

/** An empty list would say that there are none. */
function notRead(type: ObjectType, reason: string | undefined): Response {
  return problem(
    503,
    `Cannot show objects of type ${type}: ${reason ?? "no sample yet"}`,
    { "retry-after": "1" },
  );
}

/** An empty list would say that it owns none. */
function notLookedYet(type: ObjectType): Response {
  return problem(
    503,
    `Cannot choose objects of type ${type} by owner: nobody has looked yet at what keeps objects alive`,
    { "retry-after": "1" },
  );
}
