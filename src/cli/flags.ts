/**
 * Owns the flag catalog: every flag once, with all that the parser and the usage text need to know of it. In: nothing.
 * Out: FLAGS, in the order in which the usage text shows them. A flag that is not here does not exist.
 * @module
 */
import type { LogFormat, LogLevel } from "../config/config.ts";
import { durationMs } from "../config/duration.ts";
import { listenAddress } from "../config/listen.ts";
import type { ConfigChange } from "../config/resolve.ts";
import {
  booleanWord,
  keyed,
  mapKind,
  objectCount,
  oneOf,
  onOff,
  type ValueKind,
} from "../config/value_kind.ts";

/** Headings of the usage text, in its order. */
export const FLAG_GROUPS = ["Serving", "Sampling", "Log", "Other"] as const;

interface FlagCommon {
  /** Without the dashes. */
  readonly name: string;
  readonly group: typeof FLAG_GROUPS[number];
  /** One line, no final period. */
  readonly summary: string;
}

/** `--name TEXT` or `--name=TEXT`. */
export interface ValueFlag extends FlagCommon {
  readonly takes: "value";
  readonly placeholder: string;
  readonly defaultText: string;
  readonly setting: ValueKind<ConfigChange>;
  /** What has to differ between two uses of the flag; a flag without this may be given once. */
  readonly repeatBy?: (text: string) => string;
}

/** `--name`, `--name=true` or `--name=false`; false when not given. */
export interface SwitchFlag extends FlagCommon {
  readonly takes: "switch";
  readonly setting: ValueKind<ConfigChange>;
}

/** `--name` alone; it sets nothing but asks for something else than to run. */
export interface RequestFlag extends FlagCommon {
  readonly takes: "nothing";
}

export type Flag = ValueFlag | SwitchFlag | RequestFlag;

export const FLAGS: readonly Flag[] = [
  {
    name: "listen",
    group: "Serving",
    takes: "value",
    placeholder: "ADDR",
    defaultText: "127.0.0.1:9464",
    summary: "Serve here: host:port, [::1]:port, or :port for all addresses",
    setting: mapKind(listenAddress, (address) => ({ listen: [address] })),
  },
  {
    name: "max-series",
    group: "Serving",
    takes: "value",
    placeholder: "N",
    defaultText: "10000",
    summary:
      "Objects of one type with series of their own; the rest is summed up",
    setting: mapKind(objectCount, (maxSeries) => ({ maxSeries })),
  },
  {
    name: "system-stats",
    group: "Serving",
    takes: "value",
    placeholder: "BOOL",
    defaultText: "true",
    summary: "Show totals, resource usage and process metrics",
    setting: mapKind(booleanWord, (systemStats) => ({ systemStats })),
  },
  {
    name: "limit",
    group: "Serving",
    takes: "value",
    placeholder: "KEY=N",
    defaultText: "1000 each",
    summary:
      "Number that counts as 100 % in resource usage; KEY is maps, programs or links",
    setting: mapKind(
      keyed(["maps", "programs", "links"], objectCount),
      (limits) => ({ limits }),
    ),
    repeatBy: (text) => text.split("=", 1).join(),
  },
  {
    name: "interval",
    group: "Sampling",
    takes: "value",
    placeholder: "DURATION",
    defaultText: "500ms",
    summary: "Time between two samples, 20ms to 1h; units ms, s, m, h",
    setting: mapKind(
      durationMs(20, 3_600_000, "500ms"),
      (intervalMs) => ({ intervalMs }),
    ),
  },
  {
    name: "run-stats",
    group: "Sampling",
    takes: "value",
    placeholder: "on|off",
    defaultText: "on",
    summary: "Have the kernel count and time the runs of all programs",
    setting: mapKind(onOff, (runStats) => ({ runStats })),
  },
  {
    name: "include-self",
    group: "Sampling",
    takes: "switch",
    summary: "Show the agent's own objects too",
    setting: mapKind(booleanWord, (includeSelf) => ({ includeSelf })),
  },
  {
    name: "log-level",
    group: "Log",
    takes: "value",
    placeholder: "LEVEL",
    defaultText: "info",
    summary: "Least severe events to log: debug, info, warn or error",
    setting: mapKind(
      oneOf<LogLevel>(["debug", "info", "warn", "error"]),
      (logLevel) => ({ logLevel }),
    ),
  },
  {
    name: "log-format",
    group: "Log",
    takes: "value",
    placeholder: "text|json",
    defaultText: "text on a terminal, else json",
    summary: "Form of the log lines on standard error",
    setting: mapKind(
      oneOf<LogFormat>(["text", "json"]),
      (logFormat) => ({ logFormat }),
    ),
  },
  {
    name: "version",
    group: "Other",
    takes: "nothing",
    summary: "Print the version and exit",
  },
  {
    name: "help",
    group: "Other",
    takes: "nothing",
    summary: "Print this text and exit",
  },
];
