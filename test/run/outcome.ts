/**
 * Owns what the gate learns from a child's output. In: the lines that `deno test` prints, one after another. Out: counts,
 * and how many tests on the real kernel ran. A test that cannot run is ignored, and a line `SKIP what: why` says why; such
 * a line within a test that ran says which part of it could not be checked.
 * @module
 */

/** How one suite ended. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Tests on the real kernel that passed or failed, and those that were ignored. */
  readonly kernelRan: number;
  readonly kernelSkipped: number;
  /** What follows SKIP, in the order it was printed, each once. */
  readonly reasons: readonly string[];
}

/** The outcome of a check that is not made of tests. */
export function singleOutcome(success: boolean): Outcome {
  return {
    passed: success ? 1 : 0,
    failed: success ? 0 : 1,
    skipped: 0,
    kernelRan: 0,
    kernelSkipped: 0,
    reasons: [],
  };
}

/** `name ... ok (3ms)`, at the start of a line: steps are indented, and are not counted. */
const VERDICT = /^(?:\S.*) \.\.\. (ok|FAILED|ignored)\b/;
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/;
/** The last line of a program that sums up tests of its own, as counts() writes it. */
const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;
const RUNNING = /^running \d+ tests? from (?:\.\/)?(.*)$/;
const SKIP = /^SKIP (.+)$/;

/** Reads the plain output (NO_COLOR) of one `deno test`, or of a program that ends with a line of counts. */
export class TestOutput {
  readonly #isOnKernel: (file: string) => boolean;
  readonly #reasons = new Set<string>();
  #onKernel = false;
  #kernelRan = 0;
  #kernelSkipped = 0;
  #summary: RegExpMatchArray | undefined;

  /** @param isOnKernel whether the tests of a file, as `test/unit/a_test.ts`, reach the real kernel */
  constructor(isOnKernel: (file: string) => boolean) {
    this.#isOnKernel = isOnKernel;
  }

  /** Takes the next line, without its line feed. */
  line(line: string): void {
    const skip = line.match(SKIP);
    if (skip !== null) this.#reasons.add(skip[1]);
    const running = line.match(RUNNING);
    if (running !== null) this.#onKernel = this.#isOnKernel(running[1]);
    const verdict = line.match(VERDICT);
    if (verdict !== null && this.#onKernel) {
      if (verdict[1] === "ignored") this.#kernelSkipped++;
      else this.#kernelRan++;
    }
    this.#summary = line.match(SUMMARY) ?? line.match(COUNTS) ?? this.#summary;
  }

  /** What came of it, given how the child ended: one that fails without a failed test counts as one failed. */
  end(success: boolean): Outcome {
    const [passed, failed, skipped] = [1, 2, 3].map((group) =>
      Number(this.#summary?.[group] ?? 0)
    );
    return {
      passed,
      // A child that ends well without a summary has not run its tests either.
      failed: success && this.#summary !== undefined
        ? failed
        : Math.max(1, failed),
      skipped,
      kernelRan: this.#kernelRan,
      kernelSkipped: this.#kernelSkipped,
      reasons: [...this.#reasons],
    };
  }
}

/** The sum of all suites. */
export function total(outcomes: readonly Outcome[]): Outcome {
  const sum = (key: Exclude<keyof Outcome, "reasons">): number =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  return {
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
    kernelRan: sum("kernelRan"),
    kernelSkipped: sum("kernelSkipped"),
    reasons: [...new Set(outcomes.flatMap(({ reasons }) => reasons))],
  };
}

/** `12 passed, 0 failed`, and `, 1 skipped` where any was. */
export function counts({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : "");
}
