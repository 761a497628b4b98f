/**
 * Owns a process that holds a ring buffer, produces and consumes, and keeps the truth about it, and what looks at rings beside it. In: the
 * ring's size, commands of test/kernel/c/ring_producer.c. Out: what the process counted, rows.
 * @module
 */
import { assert } from "@std/assert";
import {
  Btf,
  closeRings,
  type KernelPort,
  type OpenRings,
  openRings,
  PinPlace,
  readBtf,
  RING_FUNCTIONS,
  RING_STRUCTS,
} from "../../ffi/mod.ts";
import { RING_COLUMNS } from "../../workers/maps/buffers_model.ts";
import type { RingCollector } from "../../workers/maps/rings.ts";
import { compile } from "./compile.ts";

/** Since the ring was made. */
export interface RingTruth {
  readonly events: number;
  readonly discards: number;
  /** Reservations that failed. */
  readonly refused: number;
  readonly bytes: number;
}

/** A row by the names of its columns. */
export type RingRow = Readonly<Record<typeof RING_COLUMNS[number], number>>;

/** The row of one ring; undefined where there is none. */
export function rowOf(
  { rows }: { readonly rows: Float64Array },
  mapId: number,
): RingRow | undefined {
  for (let at = 0; at < rows.length; at += RING_COLUMNS.length) {
    if (rows[at] !== mapId) continue;
    return Object.fromEntries(
      RING_COLUMNS.map((name, i) => [name, rows[at + i]]),
    ) as Record<typeof RING_COLUMNS[number], number>;
  }
  return undefined;
}

export interface OpenedRings extends Disposable {
  readonly rings: OpenRings;
}

/** What the maps worker opens. */
export function openRingsHere(
  kernel: KernelPort,
  forms?: readonly ("typed" | "probe")[],
): OpenedRings {
  const bytes = readBtf(kernel);
  assert(typeof bytes !== "number", `no BTF: ${bytes}`);
  using btf = Btf.scan(bytes, {
    structs: [...RING_STRUCTS],
    functions: [...RING_FUNCTIONS],
    enumerators: [],
  });
  using pins = new PinPlace(kernel);
  const rings = openRings(kernel, btf, pins, forms && { forms });
  assert(typeof rings !== "string", String(rings));
  return { rings, [Symbol.dispose]: () => closeRings(kernel, rings) };
}

/** The row of a producer's ring. */
export function rowFor(
  collector: RingCollector,
  { mapId }: RingProducer,
): RingRow {
  const found = rowOf(collector, mapId);
  assert(found !== undefined, `no row of map ${mapId}`);
  return found;
}

export class RingProducer implements AsyncDisposable {
  readonly mapId: number;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #pending = "";

  private constructor(
    child: Deno.ChildProcess,
    lines: ReadableStreamDefaultReader<string>,
    first: string,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#writer = child.stdin.getWriter();
    this.mapId = Number(first.replace("ready ", ""));
  }

  /** Starts one, and waits until its ring is there. */
  static async start(
    sizeBytes: number,
    kind: "kernel" | "user" | "overwrite" = "kernel",
  ): Promise<RingProducer> {
    const child = new Deno.Command(compile("ring_producer"), {
      args: [String(sizeBytes), ...(kind === "kernel" ? [] : [kind])],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await lines.read();
    if (value === undefined) {
      throw new Error("Cannot start a ring's producer: it ended at once");
    }
    return new RingProducer(child, lines, value.trim());
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Gives a command, and waits until it is done. */
  async tell(command: string): Promise<RingTruth> {
    await this.#writer.write(new TextEncoder().encode(`${command}\n`));
    while (!this.#pending.includes("\n")) {
      const { value } = await this.#lines.read();
      if (value === undefined) {
        throw new Error(`Cannot have a producer ${command}: it ended`);
      }
      this.#pending += value;
    }
    const end = this.#pending.indexOf("\n");
    const [events, discards, refused, bytes] = this.#pending.slice(0, end)
      .split(" ").slice(1).map(Number);
    this.#pending = this.#pending.slice(end + 1);
    return { events, discards, refused, bytes };
  }

  /** As the end of an owner by SIGKILL. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#child.status;
    await this.#lines.cancel().catch(() => {});
  }
}

/** Looks as often as the collector wants to until `work` is done, and once more. */
export async function looking<T>(
  collector: RingCollector,
  work: Promise<T>,
): Promise<T> {
  let isDone = false;
  const done = work.finally(() => isDone = true);
  while (!isDone) {
    collector.look();
    await new Promise((resolve) =>
      setTimeout(resolve, Math.floor(collector.nextDelayMs))
    );
  }
  collector.look();
  return await done;
}
