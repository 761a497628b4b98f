/**
 * Owns GET /metrics. In: the exposition, and a request's Accept and `collect[]`. Out: the page in one of two formats, whole or
 * narrowed to groups.
 * @module
 */
import type { Handler } from "hono";
import type { Clock } from "../clock.ts";
import type { HttpEnv } from "./env.ts";
import { type ExpositionFormat, FORMAT_TYPES, formatFor } from "./negotiate.ts";
import { PageAnswers } from "./page_answer.ts";
import { problem } from "./problem.ts";
import { readGroups } from "./query.ts";

export interface Exposition {
  /** The whole page, or that of `groups`, chunk by chunk; each stands only until the next one is asked for. */
  stream(
    format: ExpositionFormat,
    groups?: ReadonlySet<string>,
  ): AsyncIterable<Uint8Array>;
}

export const GROUP_PARAMETER = "collect[]";

export interface ScrapeOptions {
  readonly exposition: Exposition;
  readonly metricGroups: readonly string[];
  readonly clock: Clock;
}

export function scrapeHandler(options: ScrapeOptions): Handler<HttpEnv> {
  const { exposition, metricGroups, clock } = options;
  const answers = new PageAnswers(clock);

  return async function scrape(c) {
    const groups = readGroups(
      new URL(c.req.url).searchParams,
      GROUP_PARAMETER,
      metricGroups,
    );
    if (typeof groups === "string") return problem(400, groups);
    const format = formatFor(c.req.raw.headers);
    return await answers.answer(
      c,
      [format, ...[...groups].sort()].join(" "),
      () => exposition.stream(format, groups.size > 0 ? groups : undefined),
      {
        "content-type": FORMAT_TYPES[format],
        vary: "Accept, Accept-Encoding",
      },
    );
  };
}
