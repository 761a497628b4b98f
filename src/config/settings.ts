/**
 * Owns the catalog of settings: each once, with all that flags, variables, the file, `--print-config` and a reload need to
 * know of it. In: nothing. Out: SETTINGS, in the order in which people see them. A setting that is not here does not exist.
 * @module
 */
import {
  COLLECTORS,
  type Config,
  type LogFormat,
  type LogLevel,
} from "./config.ts";
import { durationMs, formatDuration } from "./duration.ts";
import { formatListen, listenAddress } from "./listen.ts";
import { formatManagerSelector, managerSelector } from "./manager_selector.ts";
import type { ConfigChange } from "./resolve.ts";
import {
  booleanWord,
  filePath,
  keyed,
  mapKind,
  objectCount,
  oneOf,
  userName,
  type ValueKind,
} from "./value_kind.ts";
import {
  formatWindowMode,
  operationsMode,
  runStatsMode,
} from "./window_mode.ts";

export type SettingGroup =
  | "Serving"
  | "Metrics"
  | "Sampling"
  | "Privileges"
  | "Log";

/** What a setting is set to, as the texts that set it; undefined where it is not set and has no value by default. */
export type SettingText =
  | string
  | readonly string[]
  | Readonly<Record<string, string>>
  | undefined;

interface SettingCommon {
  /** The flag without its dashes, and the key in the file. */
  readonly name: string;
  readonly group: SettingGroup;
  /** One line, no final period. */
  readonly summary: string;
  /** As people read it; the text of the default where it has one. */
  readonly defaultText: string;
  /** What stands for a value in the usage text; a setting without one is a switch: `--name` means `--name=true`. */
  readonly placeholder?: string;
  /** Where its value is in Config. */
  readonly field: keyof Config;
  /** Can be set anew without a restart. */
  readonly whileRunning: boolean;
  /** One text of it: its value, one of its list, or KEY=N. */
  readonly kind: ValueKind<ConfigChange>;
  textOf(config: Config): SettingText;
}

/** Has one value. */
export interface OneSetting extends SettingCommon {
  readonly form: "one";
}

/** Has one value or more; a source that gives any replaces those of weaker sources. */
export interface ListSetting extends SettingCommon {
  readonly form: "list";
}

/** Has a value for each key; a source replaces the keys that it gives. */
export interface KeyedSetting extends SettingCommon {
  readonly form: "keys";
  readonly keys: Readonly<Record<string, ValueKind<ConfigChange>>>;
}

export type Setting = OneSetting | ListSetting | KeyedSetting;

const interval = durationMs(20, 3_600_000, "500ms");

export const SETTINGS: readonly Setting[] = [
  {
    name: "listen",
    group: "Serving",
    placeholder: "ADDR",
    defaultText: "127.0.0.1:9464",
    summary:
      "Serve here: host:port, [::1]:port, :port for all addresses, or unix:/path",
    form: "list",
    field: "listen",
    whileRunning: false,
    kind: mapKind(listenAddress, (address) => ({ listen: [address] })),
    textOf: ({ listen }) => listen.map(formatListen),
  },
  {
    name: "tls-cert",
    group: "Serving",
    placeholder: "FILE",
    defaultText: "off",
    summary: "Serve HTTPS with this certificate chain (PEM); needs --tls-key",
    form: "one",
    field: "tls",
    whileRunning: false,
    kind: mapKind(filePath, (tlsCertFile) => ({ tlsCertFile })),
    textOf: ({ tls }) => tls?.certFile,
  },
  {
    name: "tls-key",
    group: "Serving",
    placeholder: "FILE",
    defaultText: "off",
    summary: "Private key of --tls-cert (PEM)",
    form: "one",
    field: "tls",
    whileRunning: false,
    kind: mapKind(filePath, (tlsKeyFile) => ({ tlsKeyFile })),
    textOf: ({ tls }) => tls?.keyFile,
  },
  {
    name: "auth-token-file",
    group: "Serving",
    placeholder: "FILE",
    defaultText: "off",
    summary: "Answer only requests that carry the bearer token in this file",
    form: "one",
    field: "authTokenFile",
    whileRunning: false,
    kind: mapKind(filePath, (authTokenFile) => ({ authTokenFile })),
    textOf: ({ authTokenFile }) => authTokenFile,
  },
  {
    name: "max-series",
    group: "Metrics",
    placeholder: "N",
    defaultText: "10000",
    summary:
      "Objects of one type with series of their own; the rest is summed up",
    form: "one",
    field: "maxSeries",
    whileRunning: true,
    kind: mapKind(objectCount, (maxSeries) => ({ maxSeries })),
    textOf: ({ maxSeries }) => String(maxSeries),
  },
  {
    name: "system-stats",
    group: "Metrics",
    placeholder: "BOOL",
    defaultText: "true",
    summary: "Show totals, resource usage and process metrics",
    form: "one",
    field: "systemStats",
    whileRunning: true,
    kind: mapKind(booleanWord, (systemStats) => ({ systemStats })),
    textOf: ({ systemStats }) => String(systemStats),
  },
  {
    name: "limit",
    group: "Metrics",
    placeholder: "KEY=N",
    defaultText: "1000 each",
    summary:
      "Number that counts as 100 % in resource usage; KEY is maps, programs or links",
    form: "keys",
    field: "limits",
    whileRunning: true,
    kind: mapKind(keyed(COLLECTORS, objectCount), (limits) => ({ limits })),
    keys: Object.fromEntries(
      COLLECTORS.map((name) => [
        name,
        mapKind(objectCount, (count) => ({ limits: { [name]: count } })),
      ]),
    ),
    textOf: ({ limits }) =>
      Object.fromEntries(
        COLLECTORS.map((name) => [name, String(limits[name])]),
      ),
  },
  {
    name: "manager",
    group: "Metrics",
    placeholder: "NAME=SELECTOR",
    defaultText: "one per command and container",
    summary:
      "Count what processes hold and do as this one's: comm:REGEX, pid:N, cgroup:REGEX or unit:NAME; the first that fits",
    form: "list",
    field: "managers",
    whileRunning: true,
    kind: mapKind(managerSelector, (manager) => ({ managers: [manager] })),
    textOf: ({ managers }) =>
      managers.length === 0 ? undefined : managers.map(formatManagerSelector),
  },
  {
    name: "interval",
    group: "Sampling",
    placeholder: "DURATION",
    defaultText: "500ms",
    summary: "Time between two samples, 20ms to 1h; units ms, s, m, h",
    form: "one",
    field: "intervalMs",
    whileRunning: true,
    kind: mapKind(interval, (intervalMs) => ({ intervalMs })),
    textOf: ({ intervalMs }) => formatDuration(intervalMs),
  },
  ...COLLECTORS.map((name): Setting => ({
    name: `interval-${name}`,
    group: "Sampling",
    placeholder: "DURATION",
    defaultText: "--interval",
    summary: `The same for ${name} alone`,
    form: "one",
    field: "intervalsMs",
    whileRunning: true,
    kind: mapKind(interval, (ms) => ({ intervalsMs: { [name]: ms } })),
    textOf({ intervalsMs }) {
      const ms = intervalsMs[name];
      return ms === undefined ? undefined : formatDuration(ms);
    },
  })),
  {
    name: "interval-holders",
    group: "Sampling",
    placeholder: "DURATION",
    defaultText: "5s",
    summary:
      "Time between two looks for who keeps objects alive, 1s to 1h; sooner when objects come or go",
    form: "one",
    field: "holdersIntervalMs",
    whileRunning: true,
    kind: mapKind(
      durationMs(1_000, 3_600_000, "5s"),
      (holdersIntervalMs) => ({ holdersIntervalMs }),
    ),
    textOf: ({ holdersIntervalMs }) => formatDuration(holdersIntervalMs),
  },
  {
    name: "backend",
    group: "Sampling",
    placeholder: "auto|iterator|walk",
    defaultText: "auto",
    summary: "How objects are read; auto takes the cheapest way that works",
    form: "one",
    field: "backend",
    whileRunning: false,
    kind: mapKind(
      oneOf<Config["backend"]>(["auto", "iterator", "walk"]),
      (backend) => ({ backend }),
    ),
    textOf: ({ backend }) => backend,
  },
  {
    name: "run-stats",
    group: "Sampling",
    placeholder: "on|off|window=ON/EVERY",
    defaultText: "on",
    summary:
      "Have the kernel count and time the runs of all programs: always, or as in window=100ms/1s",
    form: "one",
    field: "runStats",
    whileRunning: false,
    kind: mapKind(runStatsMode, (runStats) => ({ runStats })),
    textOf: ({ runStats }) => formatWindowMode(runStats),
  },
  {
    name: "operations",
    group: "Sampling",
    placeholder: "off|on|window=ON/EVERY",
    defaultText: "off",
    summary:
      "Count bpf() calls that use maps or load programs: always, or as in window=10s/100s",
    form: "one",
    field: "operations",
    whileRunning: false,
    kind: mapKind(operationsMode, (operations) => ({ operations })),
    textOf: ({ operations }) => formatWindowMode(operations),
  },
  {
    name: "map-cpu-entries",
    group: "Sampling",
    defaultText: "false",
    summary: "Tell of hash maps how many entries each CPU counted",
    form: "one",
    field: "mapCpuEntries",
    whileRunning: false,
    kind: mapKind(booleanWord, (mapCpuEntries) => ({ mapCpuEntries })),
    textOf: ({ mapCpuEntries }) => String(mapCpuEntries),
  },
  {
    name: "ring-losses",
    group: "Sampling",
    placeholder: "off|on",
    defaultText: "off",
    summary:
      "Count each event that finds no room in a ring buffer; every write into one takes longer",
    form: "one",
    field: "ringLosses",
    whileRunning: false,
    kind: mapKind(
      oneOf<Config["ringLosses"]>(["off", "on"]),
      (ringLosses) => ({ ringLosses }),
    ),
    textOf: ({ ringLosses }) => ringLosses,
  },
  {
    name: "include-self",
    group: "Sampling",
    defaultText: "false",
    summary: "Show the agent's own objects too",
    form: "one",
    field: "includeSelf",
    whileRunning: false,
    kind: mapKind(booleanWord, (includeSelf) => ({ includeSelf })),
    textOf: ({ includeSelf }) => String(includeSelf),
  },
  {
    name: "user",
    group: "Privileges",
    placeholder: "NAME|UID",
    defaultText: "the user that starts it",
    summary: "Run as this user once everything privileged is open",
    form: "one",
    field: "user",
    whileRunning: false,
    kind: mapKind(userName, (user) => ({ user })),
    textOf: ({ user }) => user,
  },
  {
    name: "keep-privileges",
    group: "Privileges",
    defaultText: "false",
    summary: "Give up no capability; the walk may stand in for the iterators",
    form: "one",
    field: "keepPrivileges",
    whileRunning: false,
    kind: mapKind(booleanWord, (keepPrivileges) => ({ keepPrivileges })),
    textOf: ({ keepPrivileges }) => String(keepPrivileges),
  },
  {
    name: "log-level",
    group: "Log",
    placeholder: "LEVEL",
    defaultText: "info",
    summary: "Least severe events to log: debug, info, warn or error",
    form: "one",
    field: "logLevel",
    whileRunning: true,
    kind: mapKind(
      oneOf<LogLevel>(["debug", "info", "warn", "error"]),
      (logLevel) => ({ logLevel }),
    ),
    textOf: ({ logLevel }) => logLevel,
  },
  {
    name: "log-format",
    group: "Log",
    placeholder: "text|json",
    defaultText: "text on a terminal, else json",
    summary: "Form of the log lines on standard error",
    form: "one",
    field: "logFormat",
    whileRunning: true,
    kind: mapKind(
      oneOf<LogFormat>(["text", "json"]),
      (logFormat) => ({ logFormat }),
    ),
    textOf: ({ logFormat }) => logFormat,
  },
];

/** What tells two texts of one source apart: the address of a list, the key of KEY=N; nothing where there is one value. */
export function identityOf({ form }: Setting, text: string): string {
  if (form === "one") return "";
  return form === "list" ? text : text.split("=", 1).join();
}
