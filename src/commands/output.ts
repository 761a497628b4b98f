/**
 * Owns what a command that prints and ends gives back. In: nothing. Out: CommandOutput; `main.ts` writes it and exits.
 * @module
 */

/** Done; something outside is in the way; bad usage; only a new process helps. */
export const EXIT = { done: 0, failed: 1, usage: 2, cannotGoOn: 70 } as const;

export interface CommandOutput {
  /** For standard output, with a final newline; empty where there is nothing to show. */
  readonly stdout: string;
  /** For standard error: one line for each thing that is missing, without newlines. */
  readonly stderr: readonly string[];
  readonly exitCode: (typeof EXIT)[keyof typeof EXIT];
}

/** Where standard output goes, as it decides how tables are cut. */
export interface Layout {
  /** Columns of the screen, at least 80; Infinity where nothing is to be cut. */
  readonly widthColumns: number;
  /** Rows of one table that are shown; Infinity for all. */
  readonly maxRows: number;
}

const LEAST_COLUMNS = 80;
const LEAST_ROWS = 10;
/** Lines of `once` that are not rows: totals, titles, heads. */
const OTHER_LINES = 20;
const TABLES = 3;

/**
 * A screen gets what it can hold, the first rows of each table being those that matter; a file or a pipe gets everything,
 * whole, unless COLUMNS says how wide.
 * @param screen of standard output, where that is a terminal
 * @param columnsVariable the variable COLUMNS
 */
export function layoutFor(
  screen: { readonly columns: number; readonly rows: number } | undefined,
  columnsVariable?: string,
): Layout {
  const columns = /^\d{1,4}$/.test(columnsVariable ?? "")
    ? Number(columnsVariable)
    : screen?.columns ?? Infinity;
  return {
    widthColumns: Math.max(LEAST_COLUMNS, columns),
    maxRows: screen === undefined ? Infinity : Math.max(
      LEAST_ROWS,
      Math.floor((screen.rows - OTHER_LINES) / TABLES),
    ),
  };
}

/** What was asked for, with its final newline. */
export function printed(stdout: string): CommandOutput {
  return { stdout, stderr: [], exitCode: EXIT.done };
}

/** One sentence, without its newline. */
export function failed(
  exitCode: CommandOutput["exitCode"],
  sentence: string,
): CommandOutput {
  return { stdout: "", stderr: [sentence], exitCode };
}

/**
 * Writes what a command gave back, standard output first.
 * @returns the exit code: 1 also where the output could not be written; a reader that has seen enough (`| head`) is no failure
 */
export function emit(
  { stdout, stderr, exitCode }: CommandOutput,
  write: {
    readonly stdout: (text: string) => void;
    readonly stderr: (line: string) => void;
  },
): CommandOutput["exitCode"] {
  let code: CommandOutput["exitCode"] = exitCode;
  const sentences = [...stderr];
  try {
    if (stdout !== "") write.stdout(stdout);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) {
      code = 1;
      sentences.push(`Cannot write to standard output: ${whatHappened(error)}`);
    }
  }
  try {
    for (const sentence of sentences) write.stderr(`${sentence}\n`);
  } catch {
    // Nobody reads them, and there is nowhere else to say so.
  }
  return code;
}

function whatHappened(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
