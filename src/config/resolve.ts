/**
 * Owns how the configuration comes together: defaults, and over them one source after the other, the last one winning.
 * In: what the sources assign, weakest first. Out: a deeply frozen Config and where each value came from.
 * @module
 */
import type { Config } from "./config.ts";

/** What one flag, variable or line of the file sets; limits and intervals are set key by key. */
export interface ConfigChange
  extends Partial<Omit<Config, "limits" | "intervalsMs" | "tls">> {
  readonly limits?: Partial<Config["limits"]>;
  readonly intervalsMs?: Config["intervalsMs"];
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
}

export interface Assignment {
  /** The setting's name; with the key where it has keys: `limit.maps`. */
  readonly setting: string;
  readonly change: ConfigChange;
  /** As `flag --interval`, `variable BPFPULSE_INTERVAL` or `/etc/bpfpulse.yaml:7`. */
  readonly origin: string;
}

export interface Resolved {
  readonly config: Config;
  /** By `interval`, `limit.maps`, `listen.0`; what is not here is a default. */
  readonly origins: ReadonlyMap<string, string>;
}

/** @param stderrIsTerminal a person reads the log, so it is text; else JSON. */
export function defaultConfig(stderrIsTerminal: boolean): Config {
  return {
    listen: [{ host: "127.0.0.1", port: 9464 }],
    intervalMs: 500,
    intervalsMs: {},
    holdersIntervalMs: 5_000,
    backend: "auto",
    keepPrivileges: false,
    runStats: "on",
    operations: "off",
    mapCpuEntries: false,
    ringLosses: "off",
    managers: [],
    systemStats: true,
    includeSelf: false,
    limits: { maps: 1000, programs: 1000, links: 1000 },
    maxSeries: 10_000,
    logLevel: "info",
    logFormat: stderrIsTerminal ? "text" : "json",
  };
}

/**
 * `defaults` with all of `sources` applied, or the one sentence about what does not go together. The addresses, and the
 * managers, of one source replace those of weaker ones. The result is frozen at every depth; nothing given is.
 */
export function resolveConfig(
  defaults: Config,
  sources: readonly (readonly Assignment[])[],
): Resolved | string {
  let config = defaults;
  const tls: { certFile?: string; keyFile?: string } = {};
  const origins = new Map<string, string>();
  for (const source of sources) {
    const listen: Config["listen"][number][] = [];
    const managers: Config["managers"][number][] = [];
    for (const { setting, change, origin } of source) {
      const { tlsCertFile, tlsKeyFile, ...rest } = change;
      if (tlsCertFile !== undefined) tls.certFile = tlsCertFile;
      if (tlsKeyFile !== undefined) tls.keyFile = tlsKeyFile;
      for (const address of rest.listen ?? []) {
        origins.set(`${setting}.${listen.length}`, origin);
        listen.push(address);
      }
      for (const manager of rest.managers ?? []) {
        origins.set(`${setting}.${managers.length}`, origin);
        managers.push(manager);
      }
      origins.set(setting, origin);
      config = {
        ...config,
        ...rest,
        limits: { ...config.limits, ...rest.limits },
        intervalsMs: { ...config.intervalsMs, ...rest.intervalsMs },
      };
    }
    if (listen.length > 0) config = { ...config, listen };
    if (managers.length > 0) config = { ...config, managers };
  }
  const { certFile, keyFile } = tls;
  if (certFile !== undefined && keyFile !== undefined) {
    config = { ...config, tls: { certFile, keyFile } };
  } else if (certFile !== undefined || keyFile !== undefined) {
    const [given, missing] = keyFile === undefined
      ? ["tls-cert", "tls-key"]
      : ["tls-key", "tls-cert"];
    return `Cannot use --${given} alone: expected --${missing} too or neither, found only --${given} (${
      origins.get(given)
    })`;
  }
  if (config.user !== undefined && config.keepPrivileges) {
    return `Cannot use --user with --keep-privileges: expected one of them, found both (${
      origins.get("user")
    }, ${origins.get("keep-privileges")})`;
  }
  return { config: deepFreeze(structuredClone(config)), origins };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
