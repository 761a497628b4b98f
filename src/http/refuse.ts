/**
 * Owns the answers that are given below the application. In: what the server could not read, or did not want to. Out: a problem
 * on the wire, and the end of the connection.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { codeOf } from "./listen_error.ts";
import {
  PROBLEM_TYPE,
  type ProblemStatus,
  problemText,
  titleOf,
} from "./problem.ts";

const UNREAD: Readonly<Record<string, ProblemStatus>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** `detail` is one sentence, in ASCII. */
export function refuse(
  outgoing: ServerResponse,
  status: ProblemStatus,
  detail: string,
): void {
  const body = problemText(status, detail);
  outgoing.writeHead(status, {
    "content-type": PROBLEM_TYPE,
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
  });
  outgoing.end(body);
}

/** Answers what never became a request, where that can still be written, and closes. */
export function refuseUnread(error: Error, socket: Socket): void {
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
