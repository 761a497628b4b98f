/**
 * Owns what each metric is on this machine. In: its entry in the catalog, and the rows of `check`: nothing is decided here that they do
 * not say. Out: exact, estimated, lower bound, or unavailable, with one sentence why and what would give it.
 * @module
 */
import type { CheckName } from "../check_names.ts";
import type { Metric } from "../metrics/metric.ts";
import type { CheckQuality, CheckRow } from "./check_rows.ts";

export interface Here {
  readonly quality: CheckQuality;
  /** One sentence; absent where nothing is to be said. */
  readonly reason?: string;
}

export interface HereOptions {
  readonly rows: readonly CheckRow[];
  readonly systemStats: boolean;
}

/** From the best to the worst. */
const ORDER: readonly CheckQuality[] = [
  "exact",
  "lower bound",
  "estimated",
  "unavailable",
];

export function hereOf(
  metric: Metric,
  { rows, systemStats }: HereOptions,
): Here {
  if (metric.systemStats === true && !systemStats) {
    return unavailable("off; --system-stats true shows it");
  }
  const needed = rowsOf(metric.needs, rows);
  const lacking = firstLack(metric, needed);
  if (lacking !== undefined) return unavailable(lacking);
  if (metric.parts !== undefined) {
    return ofParts(metric, metric.parts, needed, rows);
  }
  const by = needed.find(({ name }) => name === metric.qualityBy);
  const totals = metric.type === "gauge" ? undefined : by?.totalsQuality;
  const quality = totals ?? by?.quality ?? metric.quality;
  const reason = by === undefined || quality === "exact"
    ? by?.lacks && `without ${by.lacks}`
    : by.reason;
  return reason === undefined ? { quality } : { quality, reason };
}

/** There where one part is; as good as the worst of those that are. */
function ofParts(
  metric: Metric,
  parts: NonNullable<Metric["parts"]>,
  needed: readonly CheckRow[],
  rows: readonly CheckRow[],
): Here {
  const missing = new Map<string, string[]>();
  const lesser: string[] = [];
  const qualities: CheckQuality[] = [metric.quality];
  let there = 0;
  for (const [part, names] of Object.entries(parts)) {
    const own = [...needed, ...rowsOf(names, rows)];
    const lack = firstLack(metric, own);
    if (lack !== undefined) {
      missing.set(lack, [...missing.get(lack) ?? [], part]);
      continue;
    }
    there++;
    const quality = worst(own.flatMap((row) => row.quality ?? []));
    qualities.push(quality);
    if (isWorse(quality, metric.quality)) {
      const why = own.find((row) => row.quality === quality)?.reason;
      lesser.push(`${part} is ${quality}: ${why}`);
    }
  }
  const absent = [...missing].map(([why, without]) =>
    there === 0 ? why : `without ${without.join(", ")}: ${why}`
  );
  if (there === 0) return unavailable(absent.join("; "));
  const reason = [...absent, ...lesser].join("; ");
  const quality = worst(qualities);
  return reason === "" ? { quality } : { quality, reason };
}

function worst(qualities: readonly CheckQuality[]): CheckQuality {
  return qualities.reduce(
    (found, one) => isWorse(one, found) ? one : found,
    "exact",
  );
}

function isWorse(one: CheckQuality, than: CheckQuality): boolean {
  return ORDER.indexOf(one) > ORDER.indexOf(than);
}

function firstLack(
  { type }: Metric,
  rows: readonly CheckRow[],
): string | undefined {
  for (const { ok, quality, reason, remedy, noTotals } of rows) {
    if (!ok || quality === "unavailable") {
      return remedy === undefined ? reason : `${reason}; to get it: ${remedy}`;
    }
    if (quality === undefined) return reason;
    if (noTotals !== undefined && type !== "gauge") return noTotals;
  }
  return undefined;
}

function rowsOf(
  names: readonly CheckName[],
  rows: readonly CheckRow[],
): CheckRow[] {
  return names.flatMap((name) => rows.filter((row) => row.name === name));
}

function unavailable(reason: string): Here {
  return { quality: "unavailable", reason };
}
