/**
 * Owns the flags of `bench` beside its format: how many objects, how long, what it may cost. In: text. Out: flags for the catalog,
 * and their values as numbers.
 * @module
 */
import type { ValueKind } from "../config/value_kind.ts";
import type { ValueFlag } from "./flags.ts";

/** What `bench` is asked to measure. */
export interface BenchRequest {
  /** Own objects of each type that are made for the measurement, beside those that are there. */
  readonly objects: number;
  /** Length of each window over the agent. */
  readonly seconds: number;
  /** CPU time by wall time: 0.01 is 1 % of one core. */
  readonly budgetRatio: number;
}

/** The limit of open files ends it sooner: each object takes one. */
const MOST_OBJECTS = 1_000_000;
const MOST_SECONDS = 3600;

const objectNumber: ValueKind<number> = {
  type: "number",
  expects: `a whole number from 0 to ${MOST_OBJECTS}`,
  parse: (text) => decimal(text, /^\d{1,7}$/, (value) => value <= MOST_OBJECTS),
};

const windowSeconds: ValueKind<number> = {
  type: "number",
  expects: `a number of seconds from 0.1 to ${MOST_SECONDS}`,
  parse: (text) =>
    decimal(
      text,
      /^\d{1,4}(\.\d{1,3})?$/,
      (value) => value >= 0.1 && value <= MOST_SECONDS,
    ),
};

const corePercent: ValueKind<number> = {
  type: "text",
  expects: "a share of one core above 0% and up to 100%, as 1%",
  parse: (text) =>
    decimal(
      text.replace(/%$/, ""),
      text.endsWith("%") ? /^\d{1,3}(\.\d{1,3})?$/ : /$^/,
      (value) => value > 0 && value <= 100,
    ),
};

const KINDS = {
  objects: { kind: objectNumber, defaultText: "1000" },
  seconds: { kind: windowSeconds, defaultText: "2" },
  budget: { kind: corePercent, defaultText: "1%" },
} as const;

export const BENCH_FLAGS: readonly ValueFlag[] = [
  flag(
    "objects",
    "N",
    "Own maps, programs and links that are made, measured and removed",
  ),
  flag("seconds", "S", "How long the agent's CPU is measured by interval"),
  flag(
    "budget",
    "PERCENT",
    "Share of one core that the agent may take; the interval that keeps it is found",
  ),
];

/** @param options valid texts by the flags' names */
export function benchRequest(
  options: ReadonlyMap<string, string>,
): BenchRequest {
  return {
    objects: valueOf("objects", options),
    seconds: valueOf("seconds", options),
    budgetRatio: valueOf("budget", options) / 100,
  };
}

function valueOf(
  name: keyof typeof KINDS,
  options: ReadonlyMap<string, string>,
): number {
  const { kind, defaultText } = KINDS[name];
  const parsed = kind.parse(options.get(name) ?? defaultText);
  return parsed.ok ? parsed.value : NaN;
}

function flag(
  name: keyof typeof KINDS,
  placeholder: string,
  summary: string,
): ValueFlag {
  return {
    ...KINDS[name],
    name,
    group: "Output",
    takes: "value",
    placeholder,
    summary,
    commands: ["bench"],
  };
}

function decimal(
  text: string,
  form: RegExp,
  fits: (value: number) => boolean,
): { ok: true; value: number } | { ok: false } {
  const value = form.test(text) ? Number(text) : NaN;
  return fits(value) ? { ok: true, value } : { ok: false };
}
