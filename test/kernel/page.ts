/**
 * Owns the reading of a metrics page in the Prometheus text format, strictly: what it does not know is an error. In: text.
 * Out: samples by family and by series. Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
 * @module
 */

export interface PageSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One page. */
export class Page {
  /** By name and labels, as they are written. */
  readonly series: ReadonlyMap<string, PageSample>;
  /** As `# TYPE` tells it. */
  readonly types: ReadonlyMap<string, string>;
  readonly #byName = new Map<string, PageSample[]>();

  /** @throws {SyntaxError} at the first line that is no Prometheus text, and for a series that is there twice */
  constructor(text: string) {
    const series = new Map<string, PageSample>();
    const types = new Map<string, string>();
    for (const line of text.split("\n")) {
      if (line === "" || line.startsWith("# HELP ")) continue;
      const type = line.match(/^# TYPE (\S+) (\w+)$/);
      if (type) {
        types.set(type[1], type[2]);
        continue;
      }
      const [key, sample] = parseSample(line);
      if (series.has(key)) {
        throw new SyntaxError(`Cannot read a page: twice ${key}`);
      }
      series.set(key, sample);
      const named = this.#byName.get(sample.name);
      if (named === undefined) this.#byName.set(sample.name, [sample]);
      else named.push(sample);
    }
    this.series = series;
    this.types = types;
  }

  /** All series of a name, in the page's order. */
  samples(name: string): readonly PageSample[] {
    return this.#byName.get(name) ?? [];
  }

  /** The series of a name by one of its labels, as `map_id`. */
  by(name: string, label: string): Map<string, PageSample> {
    return new Map(
      this.samples(name).map((sample) => [sample.labels[label], sample]),
    );
  }

  /** The value of the one series of a name that has these labels, or undefined. */
  value(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): number | undefined {
    return this.samples(name).find((sample) =>
      Object.entries(labels).every(([key, value]) =>
        sample.labels[key] === value
      )
    )?.value;
  }

  /** Series that may never fall: counters, and the sums and buckets of histograms. */
  counters(): Map<string, number> {
    const counters = new Map<string, number>();
    for (const [key, { name, value }] of this.series) {
      const family = name.replace(/_(bucket|sum|count)$/, "");
      const type = this.types.get(name) ?? this.types.get(family);
      if (type === "counter" || type === "histogram") counters.set(key, value);
    }
    return counters;
  }
}

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\["\\n])*)"(,|$)/y;

function parseSample(line: string): [key: string, sample: PageSample] {
  const match = line.match(SAMPLE);
  if (!match) throw new SyntaxError(`Cannot read a page: ${line}`);
  const [, name, labelText = "", valueText] = match;
  const value = { "+Inf": Infinity, "-Inf": -Infinity }[valueText] ??
    Number(valueText);
  if (Number.isNaN(value) && valueText !== "NaN") {
    throw new SyntaxError(`Cannot read a page: ${line}`);
  }
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const label = LABEL.exec(labelText);
    if (!label) throw new SyntaxError(`Cannot read a page: ${line}`);
    labels[label[1]] = label[2].replace(
      /\\(.)/g,
      (_, c: string) => c === "n" ? "\n" : c,
    );
  }
  return [`${name}{${labelText}}`, { name, labels, value }];
}
