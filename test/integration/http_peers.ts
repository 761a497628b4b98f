/**
 * Owns both ends of HTTP in tests on real sockets. In: what differs from a well server, and raw text to send. Out: a server with the
 * agent's application, connections, and all that comes back on them.
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import type { TcpAddress } from "../../src/config/config.ts";
import { createApp } from "../../src/http/app.ts";
import type { HttpLimits } from "../../src/http/limits.ts";
import type { Exposition } from "../../src/http/scrape.ts";
import { type HttpServer, startServer } from "../../src/http/server.ts";
import {
  aCollector,
  bytes,
  GROUPS,
  pageOf,
  RecordedLog,
  someFacts,
  someTables,
} from "../unit/src/http/fake_node.ts";

/** Time-outs that are the server's own can only be tested in real time. */
export const realClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface Settings {
  readonly exposition?: Exposition;
  readonly limits?: Partial<HttpLimits>;
  readonly host?: string;
  readonly port?: number;
}

export function start(
  settings: Settings = {},
): Promise<HttpServer<TcpAddress>> {
  const log = new RecordedLog();
  const address = {
    host: settings.host ?? "127.0.0.1",
    port: settings.port ?? 0,
  };
  return startServer({
    app: appWith({ ...settings, log }),
    address,
    clock: realClock,
    log,
    limits: settings.limits ?? {},
  });
}

/** The agent's application over a small node. */
export function appWith(
  { exposition = pageOf("up 1\n"), log = new RecordedLog(), token }: {
    readonly exposition?: Exposition;
    readonly log?: RecordedLog;
    readonly token?: () => string | undefined;
  } = {},
): ReturnType<typeof createApp> {
  return createApp({
    exposition,
    state: { freeze: () => ({ tables: someTables() }) },
    collectors: () => [aCollector()],
    facts: someFacts(),
    metricGroups: GROUPS,
    clock: realClock,
    version: "1.2.3",
    log,
    ...(token === undefined ? {} : { token }),
  });
}

export async function connect(
  server: HttpServer<TcpAddress>,
  text = "",
): Promise<Deno.TcpConn> {
  const { port } = server.address;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  if (text !== "") await connection.write(bytes(text));
  return connection;
}

/** All that comes until the server closes. */
export async function readToEnd(connection: Deno.Conn): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of connection.readable) {
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    const { ConnectionReset, UnexpectedEof } = Deno.errors;
    // Under TLS a connection that is cut ends without a farewell.
    const cut = error instanceof ConnectionReset ||
      error instanceof UnexpectedEof;
    if (!cut) throw error;
  }
  return text;
}

export function get(path: string, ...headers: string[]): string {
  return ["GET " + path + " HTTP/1.1", "Host: localhost", ...headers, "", ""]
    .join("\r\n");
}

export async function timed(work: Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work;
  return performance.now() - startedAtMs;
}
