/**
 * Owns the log of a running agent: the one on standard error. In: how it is to look. Out: a Log.
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { createLog, type Log, stderrQueue } from "./log.ts";

export function stderrLog(
  { logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">,
  clock: Clock,
): Log {
  return createLog({
    level: logLevel,
    format: logFormat,
    write: stderrQueue(),
    unixMs: () => clock.unixMs(),
    clock,
  });
}
