/**
 * Owns the log: one line for each event, as text or JSON, on standard error. In: events. Out: lines to the given `write`.
 * Nothing in an event can break its line or reach a terminal raw, no cause can fill a disk (log_limit.ts), and a write that
 * fails or does not end (log_queue.ts) never reaches the caller.
 * The only file of the product that touches the console's streams.
 * @module
 */
import type { Clock } from "./clock.ts";
import type { LogFormat, LogLevel } from "./config/config.ts";
import { escapeUnsafe, safeJson } from "./config/quoted.ts";
import { type AsyncByteSink, LineQueue } from "./log_queue.ts";
import { CauseLimit, type LeftOut } from "./log_limit.ts";

/** An undefined one is left out; a bigint becomes a string in JSON. */
export type LogFields = Readonly<
  Record<string, string | number | bigint | boolean | undefined>
>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Lines that could not be written since the start: a full disk, a closed pipe, a reader that does not read. */
  lostLines(): number;
  /** Changes what is written from now on. */
  retune(style: LogStyle): void;
  /** Reports what was left out, and waits until all lines are written or lost, but not for long: for the end of the process. */
  flush(): Promise<void>;
}

export interface LogStyle {
  /** Less severe events are dropped. */
  readonly level: LogLevel;
  readonly format: LogFormat;
}

export interface LogOptions extends LogStyle {
  /** Takes one line with its newline; may throw. A promise that it answers is broken where the line is lost later. */
  readonly write: (line: string) => unknown;
  /** Unix time in milliseconds. */
  readonly unixMs: () => number;
  /** By which lines are counted for their cause; without it none is left out, and flush() waits for as long as it takes. */
  readonly clock?: Pick<Clock, "monotonicMs" | "after">;
}

/** How long the end of the process waits for its last lines. */
const FLUSH_WITHIN_MS = 200;

interface LogEvent {
  readonly unixMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
};

/** Names that a JSON line has of its own; a field of such a name is written as `field_<name>`. */
const RESERVED: ReadonlySet<string> = new Set(["time", "level", "message"]);

/** A value that needs no quotes: it cannot be taken for anything but one word. */
const PLAIN_VALUE = /^[^\s"=\\]+$/;

export function createLog(options: LogOptions): Log {
  const { clock, unixMs, write } = options;
  let { level: least, format }: LogStyle = options;
  let lost = 0;
  let lostUntold = 0;
  let last: Promise<void> | undefined;
  const limit = clock && new CauseLimit(clock, tellLeftOut);

  /** Every event passes here and nowhere else: the place for whatever drops or joins events. */
  function emit(level: LogLevel, message: string, fields: LogFields = {}) {
    if (SEVERITY[level] < SEVERITY[least]) return;
    if (limit?.admits(level, message) === false) return;
    put(level, message, fields);
  }

  function put(level: LogLevel, message: string, fields: LogFields): void {
    try {
      const event = { unixMs: unixMs(), level, message, fields };
      const formatEvent = format === "json" ? formatJson : formatText;
      const writing = write(formatEvent(event) + "\n");
      if (!(writing instanceof Promise)) return tellLost();
      last = writing.then(tellLost, countLost);
    } catch {
      countLost();
    }
  }

  function countLost(): void {
    lost += 1;
    lostUntold += 1;
  }

  /** A line was written, so that this one may be, too. */
  function tellLost(): void {
    if (lostUntold === 0) return;
    const lines = lostUntold;
    lostUntold = 0;
    put("warn", "Lines of this log could not be written before", { lines });
  }

  function tellLeftOut({ level, message, count }: LeftOut): void {
    put(level, `Left out ${count} more lines like: ${message}`, {
      left_out: count,
    });
  }

  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    lostLines: () => lost,
    retune(style) {
      least = style.level;
      format = style.format;
    },
    async flush() {
      limit?.reportAll();
      if (clock === undefined) return await last;
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(FLUSH_WITHIN_MS, () => late.resolve());
      await Promise.race([last, late.promise]);
      cancel();
    },
  };
}

/** What a writer needs of a stream; Deno.stderr, Deno.stdout and Deno.FsFile have it. */
export interface ByteSink {
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes whole lines to standard error, and throws what the stream throws. Where a line was cut off by an error the
 * next one begins on a line of its own.
 */
export function stderrWriter(
  sink: ByteSink = Deno.stderr,
): (line: string) => void {
  return lineWriter(sink);
}

/** Writes whole lines to standard error without ever waiting for it; the promise of a line that is lost is broken. */
export function stderrQueue(
  sink: AsyncByteSink = Deno.stderr,
): (line: string) => Promise<void> {
  const queue = new LineQueue(sink);
  return (line) => queue.write(line);
}

/** As stderrWriter() for standard output, for what a command prints. */
export function stdoutWriter(
  sink: ByteSink = Deno.stdout,
): (line: string) => void {
  return lineWriter(sink);
}

/** Whether a person may be reading standard error. */
export function stderrIsTerminal(): boolean {
  return Deno.stderr.isTerminal();
}

/** Size of the terminal that standard output is; undefined where it is none. */
export function stdoutScreen():
  | ReturnType<typeof Deno.consoleSize>
  | undefined {
  return Deno.stdout.isTerminal() ? Deno.consoleSize() : undefined;
}

function lineWriter(sink: ByteSink): (line: string) => void {
  const encoder = new TextEncoder();
  let cutOff = false;
  return function write(line: string): void {
    const bytes = encoder.encode(cutOff ? `\n${line}` : line);
    for (let at = 0; at < bytes.length;) {
      const written = sink.writeSync(bytes.subarray(at));
      // A sink that takes nothing and does not say why would be asked for ever.
      if (written === 0) throw new Error("Cannot write: no byte was taken");
      at += written;
      cutOff = at < bytes.length;
    }
  };
}

function formatText(event: LogEvent): string {
  const time = new Date(event.unixMs).toISOString();
  const head = `${time} ${event.level.toUpperCase()} ${
    escapeUnsafe(event.message)
  }`;
  return presentFields(event.fields).reduce(
    (line, [name, value]) => `${line} ${word(name)}=${word(String(value))}`,
    head,
  );
}

function formatJson(event: LogEvent): string {
  const fields = presentFields(event.fields).map(([name, value]) => [
    RESERVED.has(name) ? `field_${name}` : name,
    typeof value === "bigint" ? String(value) : value,
  ]);
  return safeJson(Object.fromEntries([
    ["time", new Date(event.unixMs).toISOString()],
    ["level", event.level],
    ["message", event.message],
    ...fields,
  ]));
}

function presentFields(fields: LogFields): [string, LogFields[string]][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined);
}

/** As it is where that is one plain word, else as a JSON string. */
function word(text: string): string {
  const json = safeJson(text);
  return PLAIN_VALUE.test(text) && json === `"${text}"` ? text : json;
}
