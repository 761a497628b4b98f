/**
 * Owns how the configuration comes together: defaults, and over them one change after the other, the last one winning.
 * In: changes, weakest source first. Out: a deeply frozen Config.
 * @module
 */
import type { Config } from "./config.ts";

/** What one source (a flag, later a variable or a file) sets; limits are set key by key. */
export type ConfigChange =
  & Partial<Omit<Config, "limits">>
  & { readonly limits?: Partial<Config["limits"]> };

/** @param stderrIsTerminal a person reads the log, so it is text; else JSON. */
export function defaultConfig(stderrIsTerminal: boolean): Config {
  return {
    listen: [{ host: "127.0.0.1", port: 9464 }],
    intervalMs: 500,
    intervalsMs: {},
    backend: "auto",
    runStats: true,
    systemStats: true,
    includeSelf: false,
    limits: { maps: 1000, programs: 1000, links: 1000 },
    maxSeries: 10_000,
    logLevel: "info",
    logFormat: stderrIsTerminal ? "text" : "json",
  };
}

/** `defaults` with `changes` applied in their order. The result is frozen at every depth; nothing given is. */
export function resolveConfig(
  defaults: Config,
  changes: readonly ConfigChange[],
): Config {
  let config = defaults;
  for (const change of changes) {
    config = {
      ...config,
      ...change,
      limits: { ...config.limits, ...change.limits },
    };
  }
  return deepFreeze(structuredClone(config));
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
