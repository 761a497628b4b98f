/**
 * Owns the socket under the HTTP application: its limits, its time-outs and its end. In: an application and an address.
 * Out: a running server. It is `node:http`, which bounds connections and closes those that send half a header.
 * @module
 */
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../clock.ts";
import type { TcpAddress } from "../config/config.ts";
import type { HttpEnv, HttpLog } from "./env.ts";
import {
  codeOf,
  formatAddress,
  type ListenError,
  listenError,
} from "./listen_error.ts";
import { HTTP_LIMITS, type HttpLimits } from "./limits.ts";
import {
  problem,
  PROBLEM_TYPE,
  type ProblemStatus,
  problemText,
  titleOf,
} from "./problem.ts";

/** How long the cut connections may take to be gone. */
const CUT_WITHIN_MS = 50;

export interface ServerOptions {
  readonly app: Hono<HttpEnv>;
  readonly address: TcpAddress;
  readonly clock: Clock;
  readonly log: HttpLog;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer {
  /** Where it listens; port 0 has become the one that was given. */
  readonly address: TcpAddress;
  /** Takes no more connections, lets answers finish for a moment, then cuts what is left. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/** @throws {ListenError} */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { app, clock, log } = options;
  const limits = { ...HTTP_LIMITS, ...options.limits };
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    maxHeaderSize: limits.maxHeaderBytes,
  });
  server.maxConnections = limits.maxConnections;
  const running = new Set<ServerResponse>();
  let stopping: Promise<void> | undefined;

  const answer = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    hostname: "localhost",
    errorHandler: () =>
      problem(400, "Cannot read the request: its target or Host is malformed", {
        connection: "close",
      }),
  });
  server.on("request", (incoming, outgoing) => {
    running.add(outgoing);
    outgoing.once("close", () => {
      running.delete(outgoing);
      if (stopping !== undefined && running.size === 0) {
        server.closeAllConnections();
      }
    });
    if (stopping !== undefined) outgoing.setHeader("connection", "close");
    void answer(incoming, outgoing);
  });
  server.on("clientError", refuseUnread);
  const address = await listen(server, options.address, limits.backlog);
  server.on("error", (error) => {
    log.error(
      `The listener on ${formatAddress(address)} failed: ${error.message}`,
    );
  });

  return {
    address,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  async function stop(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    server.close(() => ended.resolve());
    for (const outgoing of running) {
      if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
    }
    if (running.size === 0) server.closeAllConnections();
    let cancel = clock.after(limits.stopGraceMs, () => {
      server.closeAllConnections();
      // An older runtime never tells that a silent connection is gone.
      cancel = clock.after(CUT_WITHIN_MS, () => ended.resolve());
    });
    await ended.promise;
    cancel();
  }
}

const UNREAD: Readonly<Record<string, ProblemStatus>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what never became a request, where that can still be written, and closes. */
function refuseUnread(error: Error, socket: Socket): void {
  const code = codeOf(error);
  if (!socket.writable || code === "ECONNRESET" || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = (code === undefined ? undefined : UNREAD[code]) ?? 400;
  const body = problemText(
    status,
    "Cannot read the request: it is too long, too slow or not HTTP",
  );
  socket.end(
    `HTTP/1.1 ${status} ${titleOf(status)}\r\nConnection: close\r\n` +
      `Content-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** No host means every address, of both families where this machine has both. */
async function listen(
  server: Server,
  address: TcpAddress,
  backlog: number,
): Promise<TcpAddress> {
  if (address.host !== "") return await listenOn(address.host);
  try {
    return await listenOn("::");
  } catch (error) {
    // A machine without IPv6 says so in several ways; these two would be the same for IPv4.
    const { code } = error as ListenError;
    if (code === "EADDRINUSE" || code === "EACCES") throw error;
    return await listenOn("0.0.0.0");
  }

  function listenOn(host: string): Promise<TcpAddress> {
    const { promise, resolve, reject } = Promise.withResolvers<TcpAddress>();
    const failed = (error: Error) => reject(listenError(address, error));
    server.once("error", failed);
    server.listen({ port: address.port, host, backlog }, () => {
      server.off("error", failed);
      const bound = server.address();
      const port = bound !== null && typeof bound === "object"
        ? bound.port
        : address.port;
      resolve({ host: address.host, port });
    });
    return promise;
  }
}
