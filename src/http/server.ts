/**
 * Owns one listener under the HTTP application: its limits, its time-outs, its revival and its end. In: an application and an
 * address. Out: a running server. It is `node:http(s)`, which closes those that send half a header.
 * @module
 */
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import {
  createServer as createTlsServer,
  type Server as TlsServer,
} from "node:https";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { Clock } from "../clock.ts";
import { isUnix, type ListenAddress } from "../config/config.ts";
import { Connections } from "./connections.ts";
import type { HttpEnv } from "./env.ts";
import { HTTP_LIMITS, type HttpLimits } from "./limits.ts";
import { listen, type ListenOptions } from "./listen.ts";
import { codeOf, formatAddress } from "./listen_error.ts";
import { type ListenerWatch, watchListener } from "./listener_watch.ts";
import type { Log } from "../log.ts";
import { problem } from "./problem.ts";
import { refuse, refuseUnread } from "./refuse.ts";
import type { TlsPem } from "./tls.ts";
import { clearLeftOver } from "./unix_socket.ts";

/** How long the cut connections may take to be gone. */
const CUT_WITHIN_MS = 50;

export type ServerLog = Pick<Log, "error" | "warn">;

export interface ServerOptions<A extends ListenAddress = ListenAddress> {
  readonly app: Hono<HttpEnv>;
  readonly address: A;
  /** Serve HTTPS. Must have passed tlsProblem(). */
  readonly tls?: TlsPem | undefined;
  /** As ListenOptions'. */
  readonly inherited?: ListenOptions["inherited"];
  readonly clock: Clock;
  readonly log: ServerLog;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer<A extends ListenAddress = ListenAddress> {
  /** Where it listens; port 0 has become the one that was given. */
  readonly address: A;
  /** Whether only processes of this machine can connect. */
  readonly local: boolean;
  /** New connections get this certificate. Must have passed tlsProblem(); without `tls` at the start nothing changes. */
  renewTls(pem: TlsPem): void;
  /** Takes no more connections, lets answers finish for a moment, then cuts what is left. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/** @throws {ListenError} */
export async function startServer<A extends ListenAddress>(
  options: ServerOptions<A>,
): Promise<HttpServer<A>> {
  const { app, clock, log } = options;
  const limits = { ...HTTP_LIMITS, ...options.limits };
  const connections = new Connections(limits.maxConnections);
  const running = new Set<ServerResponse>();
  /** Under HTTPS a request knows only the socket on top of the one that was accepted. */
  const accepted = new Map<string, Socket>();
  let tls = options.tls;
  let stopping: Promise<void> | undefined;
  let watch: ListenerWatch | undefined;

  const answer = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    hostname: "localhost",
    errorHandler: () =>
      problem(400, "Cannot read the request: its target or Host is malformed", {
        connection: "close",
      }),
  });
  let server = newServer();
  // A connection may come before it is known where from.
  let door: NetConnectOpts | undefined = undefined;
  const howToListen = {
    backlog: limits.backlog,
    clock,
    inherited: options.inherited,
  };
  const listening = await listen(server, options.address, howToListen);
  door = listening.door;
  const { address, local } = listening;
  reportErrors(server);
  return {
    address,
    local,
    renewTls,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  function newServer(): Server {
    const settings = {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      maxHeaderSize: limits.maxHeaderBytes,
    };
    const made = tls === undefined ? createServer(settings) : createTlsServer({
      ...settings,
      ...tls,
      handshakeTimeout: limits.headersTimeoutMs,
    });
    made.on("connection", take);
    made.on("request", serve);
    made.on("clientError", refuseUnread);
    // Nobody would read an answer before the handshake, and the runtime leaves the connection open.
    made.on("tlsClientError", (_: Error, socket: Socket) => socket.destroy());
    return made;
  }

  function newWatch(to: NetConnectOpts): ListenerWatch {
    return watchListener({
      clock,
      afterMs: limits.knockAfterMs,
      knock(failed) {
        const socket = connect(to);
        socket.on("error", (error) => {
          const code = codeOf(error);
          if (code !== "ECONNREFUSED" && code !== "ENOENT") failed();
        });
        return () => socket.destroy();
      },
      revive,
    });
  }

  function take(socket: Socket): void {
    // Not before the first one: an older runtime tells of no connection, and would seem deaf.
    watch ??= stopping === undefined && door !== undefined
      ? newWatch(door)
      : undefined;
    watch?.heard();
    if (stopping !== undefined) {
      socket.destroy();
      return;
    }
    if (!connections.admit(socket) || tls === undefined) return;
    const peer = peerOf(socket);
    accepted.set(peer, socket);
    socket.once("close", () => {
      if (accepted.get(peer) === socket) accepted.delete(peer);
    });
  }

  function serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const socket = accepted.get(peerOf(incoming.socket)) ?? incoming.socket;
    // The runtime goes on with the rest of a piece whose connection is cut, and forgets only what is destroyed.
    if (
      socket.destroyed ||
      connections.begins(socket, outgoing) > limits.maxPipelined
    ) {
      socket.destroy();
      incoming.destroy();
      outgoing.destroy();
      return;
    }
    running.add(outgoing);
    outgoing.once("close", () => {
      running.delete(outgoing);
      connections.ends(socket, outgoing);
      if (stopping !== undefined && running.size === 0) connections.dropAll();
    });
    if (stopping !== undefined) outgoing.setHeader("connection", "close");
    if ((incoming.url ?? "").length > limits.maxUrlBytes) {
      refuse(
        outgoing,
        414,
        `Cannot read the request: expected a target of at most ${limits.maxUrlBytes} bytes`,
      );
    } else void answer(incoming, outgoing);
  }

  function reportErrors(of: Server): void {
    of.on("error", (error) => {
      log.error(
        `The listener on ${formatAddress(address)} failed: ${error.message}`,
      );
    });
  }

  function renewTls(pem: TlsPem): void {
    if (tls === undefined) return;
    tls = pem;
    const { setSecureContext } = server as Partial<TlsServer>;
    // An older runtime's server keeps its certificate for as long as it listens.
    if (setSecureContext === undefined) void reopen().catch(reportReopen);
    else setSecureContext.call(server, pem);
  }

  async function revive(first: boolean): Promise<void> {
    try {
      await reopen();
      if (!first) return;
      log.warn(
        `The listener on ${
          formatAddress(address)
        } took no more connections: listening anew`,
      );
    } catch (error) {
      if (first) reportReopen(error as Error);
    }
  }

  function reportReopen(error: Error): void {
    log.error(error.message);
  }

  /** A new server in the old one's place; answers under way go on. @throws {ListenError} */
  async function reopen(): Promise<void> {
    if (stopping !== undefined) return;
    server.close();
    lastAnswers();
    connections.dropSilent();
    server = newServer();
    await listen(server, address, howToListen);
    reportErrors(server);
    // It may have been told to stop in the meantime.
    if (stopping !== undefined) server.close();
  }

  function lastAnswers(): void {
    for (const outgoing of running) {
      if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
    }
  }

  async function stop(): Promise<void> {
    watch?.stop();
    const ended = Promise.withResolvers<void>();
    server.close(() => ended.resolve());
    lastAnswers();
    if (running.size === 0) connections.dropAll();
    let cancel = clock.after(limits.stopGraceMs, () => {
      connections.dropAll();
      // An older runtime never tells that a silent connection is gone.
      cancel = clock.after(CUT_WITHIN_MS, () => ended.resolve());
    });
    await ended.promise;
    cancel();
    options.inherited?.release(address);
    if (isUnix(address)) await clearLeftOver(address.path, clock).catch(ignore);
  }
}

/** The path may be somebody else's by now; then it is left alone. */
function ignore(): void {}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
