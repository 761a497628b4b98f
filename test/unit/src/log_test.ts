/**
 * Owns the tests of src/log.ts. In: events and faulty sinks. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { LogFormat, LogLevel } from "../../../src/config/config.ts";
import {
  type ByteSink,
  createLog,
  type Log,
  stderrQueue,
  stderrWriter,
  stdoutWriter,
} from "../../../src/log.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";

const NOON_MS = Date.UTC(2026, 10, 24, 5, 53, 18, 123);
const NOON = "2026-11-24T05:53:18.123Z";
const ONE_SAFE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+\n$/u;

Deno.test("createLog() writes one text line per event, quoting values that are not one plain word", () => {
  const { log, lines } = recorded("text");
  log.info("listening", {
    address: "127.0.0.1:9464",
    objects: 3,
    id: 18446744073709551615n,
    ready: true,
    absent: undefined,
    empty: "",
    words: "a b",
    quote: 'a"b',
    equals: "a=b",
    path: "C:\\x",
    unicode: "ü",
    "odd name": 1,
  });
  log.error("stopped");
  assertEquals(lines, [
    `${NOON} INFO listening address=127.0.0.1:9464 objects=3 id=18446744073709551615 ready=true empty="" ` +
    'words="a b" quote="a\\"b" equals="a=b" path="C:\\\\x" unicode=ü "odd name"=1\n',
    `${NOON} ERROR stopped\n`,
  ]);
});

Deno.test("createLog() writes one JSON line per event, its own names first and never overwritten", () => {
  const { log, lines } = recorded("json");
  log.warn("late", {
    worker: "maps",
    lateMs: 1.5,
    id: 18446744073709551615n,
    level: "mine",
    absent: undefined,
  });
  assertEquals(lines, [
    `{"time":"${NOON}","level":"warn","message":"late","worker":"maps","lateMs":1.5,"id":"18446744073709551615","field_level":"mine"}\n`,
  ]);
});

Deno.test("createLog() drops events that are less severe than its level", () => {
  const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
  const written = levels.map((level) => {
    const { log, lines } = recorded("text", level);
    for (const each of levels) log[each]("x");
    return lines.length;
  });
  assertEquals(written, [4, 3, 2, 1]);
});

for (const format of ["text", "json"] as const) {
  Deno.test(`createLog() writes one safe ${format} line whatever the event holds`, () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, text, (message, name, value) => {
        const { log, lines } = recorded(format);
        log.info(message, { [name]: value, after: 1 });
        assertEquals(lines.length, 1);
        assertMatch(lines.join(), ONE_SAFE_LINE);
        if (format === "json") {
          const read = JSON.parse(lines.join());
          assertEquals(read.message, message);
          assertEquals(read.time, NOON);
        }
      }),
      { numRuns: 1000, examples: [["a\nb", "__proto__", "\u009b2J\u202e"]] },
    );
  });
}

Deno.test("createLog() counts the lines that cannot be written and goes on", () => {
  const lines: string[] = [];
  let full = true;
  const log = createLog({
    level: "info",
    format: "text",
    unixMs: () => NOON_MS,
    write: (line) => {
      if (full) throw new Error("No space left on device (os error 28)");
      lines.push(line);
    },
  });
  log.error("lost");
  log.error("lost too");
  log.debug("never meant to be written");
  full = false;
  log.info("written");
  assertEquals(log.lostLines(), 2);
  assertEquals(lines, [
    `${NOON} INFO written\n`,
    `${NOON} WARN Lines of this log could not be written before lines=2\n`,
  ]);
});

Deno.test("createLog() counts the lines that are lost after they were taken, and says so once one is written", async () => {
  const lines: string[] = [];
  let full = true;
  const log = createLog({
    level: "info",
    format: "text",
    unixMs: () => NOON_MS,
    write: (line) => {
      if (full) return Promise.reject(new Error("No space left on device"));
      lines.push(line);
      return Promise.resolve();
    },
  });
  log.error("lost");
  log.error("lost too");
  await log.flush();
  assertEquals(log.lostLines(), 2);
  full = false;
  log.info("written");
  await log.flush();
  assertEquals(lines, [
    `${NOON} INFO written\n`,
    `${NOON} WARN Lines of this log could not be written before lines=2\n`,
  ]);
});

Deno.test("createLog() leaves out what one cause repeats, and says how much", () => {
  const clock = new FakeClock();
  const { log, lines } = recorded("text", "info", clock);
  for (let i = 0; i < 15; i++) log.warn(`worker ${i} failed`);
  log.debug("worker 99 failed");
  assertEquals(lines.length, 10);
  clock.advance(60_000);
  assertEquals(lines.slice(10), [
    `${NOON} WARN Left out 5 more lines like: worker 10 failed left_out=5\n`,
  ]);
});

Deno.test("retune() changes level and format of what is logged from then on", () => {
  const { log, lines } = recorded("text", "warn");
  log.info("before");
  log.retune({ level: "debug", format: "json" });
  log.debug("after");
  assertEquals(lines, [
    `{"time":"${NOON}","level":"debug","message":"after"}\n`,
  ]);
});

Deno.test("flush() reports what was left out, and does not wait for long", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "text",
    unixMs: () => NOON_MS,
    clock,
    write: (line) => {
      lines.push(line);
      return new Promise<void>(() => {});
    },
  });
  for (let i = 0; i < 11; i++) log.info("again");
  const flushed = log.flush();
  assertEquals(lines.length, 11);
  clock.advance(200);
  await flushed;
  assertEquals(clock.pending, 0);
});

Deno.test("stderrQueue() hands lines to its sink without waiting for it", async () => {
  const written: string[] = [];
  const write = stderrQueue({
    write: (bytes) => {
      written.push(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
  });
  await Promise.all([write("one\n"), write("two\n")]);
  assertEquals(written, ["one\n", "two\n"]);
});

Deno.test("createLog() survives a clock beyond what a date can hold", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    unixMs: () => Number.NaN,
    write: (line) => lines.push(line),
  });
  log.info("x");
  assertEquals([lines.length, log.lostLines()], [0, 1]);
});

Deno.test("stderrWriter() goes on until a sink that takes three bytes at a time has the whole line", () => {
  const sink = new SlowSink(3);
  stderrWriter(sink)("größer\n");
  assertEquals(sink.text(), "größer\n");
});

Deno.test("stderrWriter() begins a new line after one that was cut off, not after one that was lost whole", () => {
  const sink = new SlowSink(4);
  const write = stderrWriter(sink);
  sink.failAfterWrites = 0;
  assertThrows(() => write("lost whole\n"), Error, "No space");
  sink.failAfterWrites = 1;
  assertThrows(() => write("cut off\n"), Error, "No space");
  sink.failAfterWrites = Infinity;
  write("next\n");
  write("last\n");
  assertEquals(sink.text(), "cut \nnext\nlast\n");
});

Deno.test("stdoutWriter() throws when a sink takes nothing, instead of asking for ever", () => {
  const write = stdoutWriter({ writeSync: () => 0 });
  assertThrows(() => write("x\n"), Error, "no byte was taken");
});

Deno.test("createLog() survives a full disk", () => {
  const file = Deno.openSync("/dev/full", { write: true });
  try {
    const log = createLog({
      level: "info",
      format: "text",
      unixMs: () => NOON_MS,
      write: stderrWriter(file),
    });
    log.info("x");
    assertEquals(log.lostLines(), 1);
  } finally {
    file.close();
  }
});

function recorded(
  format: LogFormat,
  level: LogLevel = "info",
  clock?: FakeClock,
): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = createLog({
    level,
    format,
    unixMs: () => NOON_MS,
    ...(clock && { clock }),
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

/** Takes at most `most` bytes at a time, and fails once `failAfterWrites` writes were taken. */
class SlowSink implements ByteSink {
  failAfterWrites = Infinity;
  readonly #most: number;
  readonly #bytes: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  writeSync(bytes: Uint8Array): number {
    if (this.failAfterWrites === 0) throw new Error("No space left on device");
    this.failAfterWrites -= 1;
    const taken = bytes.subarray(0, this.#most);
    this.#bytes.push(...taken);
    return taken.length;
  }

  text(): string {
    assert(this.#bytes.length > 0);
    return new TextDecoder().decode(Uint8Array.from(this.#bytes));
  }
}
