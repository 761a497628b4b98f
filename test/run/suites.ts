/**
 * Owns what the gate consists of, in its order: what fails fastest first. In: nothing. Out: the suites, each with the
 * arguments that the runtime is started with.
 * @module
 */

export interface Suite {
  readonly name: string;
  readonly args: readonly string[];
  /** Made of tests; absent: it counts as one. */
  readonly folder?: string;
  /** Part of `deno task ok`. */
  readonly quick: boolean;
}

function tests(name: string, quick = false): Suite {
  const folder = `test/${name}`;
  return {
    name,
    // Types are checked by a suite of their own, once.
    args: ["test", "--no-check", "-A", folder],
    folder,
    quick,
  };
}

export const SUITES: readonly Suite[] = [
  { name: "format", args: ["fmt", "--check"], quick: true },
  { name: "lint", args: ["lint"], quick: true },
  { name: "types", args: ["check"], quick: true },
  tests("unit", true),
  tests("contract"),
  tests("property"),
  tests("golden", true),
  tests("integration"),
  {
    name: "kernels",
    args: ["run", "-A", "test/kernels/run.ts", "--short"],
    folder: "test/kernels",
    quick: false,
  },
];
