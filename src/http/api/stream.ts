/**
 * Owns GET /api/v1/stream: server-sent events, one `sample` an interval. In: the node's state and a clock. Out: a bounded
 * number of endless answers. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html.
 * @module
 */
import type { Handler } from "hono";
import { stream } from "hono/streaming";
import type { Clock } from "../../clock.ts";
import type { CollectorHealth } from "../../state/collector_health.ts";
import type { NodeState } from "../../state/node_state.ts";
import type { HttpEnv, HttpLog } from "../env.ts";
import { problem } from "../problem.ts";
import { sampleText } from "./answers.ts";
import { EventReader } from "./event_reader.ts";
import { readQuery, streamQuery } from "./parameters.ts";
import type { Revisions } from "./revisions.ts";
import { OBJECT_TYPES } from "./schemas.ts";

export const MAX_STREAMS = 64;
const FASTEST_INTERVAL_MS = 20;

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Some proxies would gather events.
  "x-accel-buffering": "no",
};

export interface StreamOptions {
  readonly state: NodeState;
  readonly collectors: () => readonly CollectorHealth[];
  readonly clock: Clock;
  readonly revisions: Revisions;
  readonly log: HttpLog;
}

export function streamHandler(options: StreamOptions): Handler<HttpEnv> {
  const { state, collectors, clock, revisions, log } = options;
  let running = 0;
  let latest: { word: string; event: string } | undefined;

  return function sampleStream(c) {
    const leastMs = samplingIntervalMs(collectors());
    const query = readQuery(
      streamQuery(leastMs),
      new URL(c.req.url).searchParams,
    );
    if (typeof query === "string") return problem(400, query);
    const intervalMs = query.interval ?? leastMs;
    if (c.req.method === "HEAD") {
      return new Response(null, { headers: HEADERS });
    }
    if (running >= MAX_STREAMS) {
      return problem(
        429,
        `Cannot open a stream: expected fewer than ${MAX_STREAMS}, found ${running}`,
        { "retry-after": "10" },
      );
    }
    running++;
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    return stream(
      c,
      async (writer) => {
        try {
          await new EventReader(writer, c.env?.outgoing, clock).serve(
            sampleEvent,
            intervalMs,
          );
        } finally {
          running--;
        }
      },
      (error) => {
        log.error(`Cannot go on with a stream: ${error.message}`);
        return Promise.resolve();
      },
    );
  };

  /** The same text for every stream, made once a revision. */
  function sampleEvent(): string {
    const snapshot = state.freeze();
    const word = revisions.wordOf(snapshot.tables, OBJECT_TYPES);
    if (latest?.word !== word) {
      const text = sampleText(snapshot, revisions);
      latest = { word, event: `event: sample\nid: ${word}\ndata: ${text}\n\n` };
    }
    return latest.event;
  }
}

function samplingIntervalMs(collectors: readonly CollectorHealth[]): number {
  const intervals = collectors.map(({ intervalMs }) => intervalMs);
  return Math.max(FASTEST_INTERVAL_MS, Math.min(...intervals, 3_600_000));
}
