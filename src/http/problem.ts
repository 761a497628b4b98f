/**
 * Owns how the agent says over HTTP that a request cannot be answered. In: a status and one sentence. Out: an answer of
 * type application/problem+json. Source: RFC 9457.
 * @module
 */

export type ProblemStatus =
  | 400
  | 401
  | 404
  | 405
  | 408
  | 413
  | 414
  | 429
  | 431
  | 500
  | 503;

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** The name that HTTP gives to `status`. */
export function titleOf(status: ProblemStatus): string {
  return TITLES[status];
}

/** `detail` is one sentence for whoever sent the request; nothing of the agent's inside belongs there. */
export function problemText(status: ProblemStatus, detail: string): string {
  return JSON.stringify({
    type: "about:blank",
    title: titleOf(status),
    status,
    detail,
  });
}

export function problem(
  status: ProblemStatus,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(problemText(status, detail), {
    status,
    headers: { "content-type": PROBLEM_TYPE, ...headers },
  });
}
