/**
 * Owns the shape of the agent's configuration. In: nothing. Out: Config, frozen once it is made; cli/parse.ts makes it.
 * @module
 */
import type { CollectorName } from "../../workers/protocol.ts";

/** Where to listen: a TCP address; `host` empty means every address. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "text" | "json";

export interface Config {
  readonly listen: ListenAddress;
  readonly intervalMs: number;
  /** Hold BPF_ENABLE_STATS while the agent lives. */
  readonly runStats: boolean;
  /** Totals, resource usage and process metrics. */
  readonly systemStats: boolean;
  /** Show the agent's own objects too. */
  readonly includeSelf: boolean;
  /** Denominators of resource usage: objects that count as 100 %. */
  readonly limits: Readonly<Record<CollectorName, number>>;
  /** Objects of one type that have series of their own. */
  readonly maxSeries: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}
