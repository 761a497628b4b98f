/**
 * Owns which collectors there are, and how often each looks. In: the configuration. Out: CollectorSpec.
 * @module
 */
import { COLLECTORS, type Config, intervalOf } from "../config/config.ts";
import type { CollectorSpec } from "./ports.ts";

export function collectorSpecs(config: Config): CollectorSpec[] {
  return COLLECTORS.map((name) => ({
    name,
    intervalMs: intervalOf(config, name),
    ...(name === "links" ? { holdersMs: config.holdersIntervalMs } : {}),
  }));
}
