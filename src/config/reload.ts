/**
 * Owns what a reload may change in an agent that runs. In: the configuration that it runs with and the one that it should
 * have. Out: what to apply, and the names of the settings that wait for a restart.
 *
 * Certificate, key and token are not settled here: their files are read again at every reload under the names that the
 * agent started with. Those names wait for a restart, so that neither HTTPS nor the token can be lost by a half-done edit.
 * @module
 */
import type { Config } from "./config.ts";
import { SETTINGS } from "./settings.ts";

/** What can change while the agent runs. */
export type Reloadable = Pick<
  Config,
  | "intervalMs"
  | "intervalsMs"
  | "holdersIntervalMs"
  | "limits"
  | "managers"
  | "maxSeries"
  | "systemStats"
  | "logLevel"
  | "logFormat"
>;

export interface ReloadPlan {
  /** What differs from the running configuration; empty when nothing does. */
  readonly apply: Partial<Reloadable>;
  /** Names of settings, as of their flags, whose new value is not applied. */
  readonly needsRestart: readonly string[];
}

export function planReload(running: Config, next: Config): ReloadPlan {
  const apply: Partial<Reloadable> = {};
  const needsRestart: string[] = [];
  for (const { name, field, whileRunning, textOf } of SETTINGS) {
    if (JSON.stringify(textOf(running)) === JSON.stringify(textOf(next))) {
      continue;
    }
    if (whileRunning) Object.assign(apply, { [field]: next[field] });
    else needsRestart.push(name);
  }
  return { apply, needsRestart };
}
