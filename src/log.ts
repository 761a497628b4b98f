/**
 * Owns the log: one line for each event, as text or JSON, on standard error. In: events. Out: lines to the given `write`.
 * Nothing in an event can break its line or reach a terminal raw, and a write that fails never reaches the caller.
 * The only file of the product that touches the console's streams.
 * @module
 */
import type { LogFormat, LogLevel } from "./config/config.ts";
import { escapeUnsafe, safeJson } from "./config/quoted.ts";

/** An undefined one is left out; a bigint becomes a string in JSON. */
export type LogFields = Readonly<
  Record<string, string | number | bigint | boolean | undefined>
>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Lines that could not be written since the start: a full disk, a closed pipe. */
  lostLines(): number;
}

export interface LogOptions {
  /** Less severe events are dropped. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one line with its newline; may throw. */
  readonly write: (line: string) => void;
  /** Unix time in milliseconds. */
  readonly unixMs: () => number;
}

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
  const formatEvent = options.format === "json" ? formatJson : formatText;
  let lost = 0;

  /** Every event passes here and nowhere else: the place for whatever drops or joins events. */
  function emit(level: LogLevel, message: string, fields: LogFields = {}) {
    if (SEVERITY[level] < SEVERITY[options.level]) return;
    try {
      const event = { unixMs: options.unixMs(), level, message, fields };
      options.write(formatEvent(event) + "\n");
    } catch {
      lost += 1;
    }
  }

  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    lostLines: () => lost,
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

/** The same for standard output, for what a command prints. */
export function stdoutWriter(
  sink: ByteSink = Deno.stdout,
): (line: string) => void {
  return lineWriter(sink);
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
