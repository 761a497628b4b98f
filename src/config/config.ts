/**
 * Owns the shape of the agent's configuration. In: nothing. Out: Config, frozen once it is made; cli/parse.ts makes it.
 * @module
 */
import type { ManagerSelector } from "./manager_selector.ts";
import type { BackendName, CollectorName } from "../../workers/protocol.ts";
import type { WindowMode } from "./window_mode.ts";

/** Every collector, in the order in which people see them. */
export const COLLECTORS: readonly CollectorName[] = [
  "maps",
  "programs",
  "links",
];

/** A TCP address to listen on; `host` empty means every address. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** A unix socket to listen on, by absolute path. */
export interface UnixAddress {
  readonly path: string;
}

export type ListenAddress = TcpAddress | UnixAddress;

export function isUnix(address: ListenAddress): address is UnixAddress {
  return "path" in address;
}

/** Files of a certificate chain and its private key, both PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "text" | "json";

export interface Config {
  /** At least one. */
  readonly listen: readonly ListenAddress[];
  /** Serve HTTPS on the TCP addresses. */
  readonly tls?: TlsFiles;
  /** File whose first line is the bearer token that every request must carry. */
  readonly authTokenFile?: string;
  readonly intervalMs: number;
  /** What differs from `intervalMs`. */
  readonly intervalsMs: Readonly<Partial<Record<CollectorName, number>>>;
  /** Between two looks for who keeps objects alive. */
  readonly holdersIntervalMs: number;
  readonly backend: "auto" | BackendName;
  /** Whom to run as once everything is open: a name or a number. */
  readonly user?: string;
  /** Give up no capability and no uid. */
  readonly keepPrivileges: boolean;
  /** When runs of programs are counted and timed, by BPF_ENABLE_STATS. */
  readonly runStats: WindowMode;
  /** Tell what each CPU counted of the entries of maps. */
  readonly mapCpuEntries: boolean;
  /** When bpf() operations and loads are counted. */
  readonly operations: WindowMode;
  /** Whether losses of ring buffers are counted one by one. */
  readonly ringLosses: "off" | "on";
  /** Groups of processes; empty for one per command name and container. The first that fits a process has it. */
  readonly managers: readonly ManagerSelector[];
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

/** How often a collector samples. */
export function intervalOf(
  { intervalMs, intervalsMs }: Pick<Config, "intervalMs" | "intervalsMs">,
  name: CollectorName,
): number {
  return intervalsMs[name] ?? intervalMs;
}
