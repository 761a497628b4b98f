/**
 * Owns one cold process of bench/btf.ts: reads and scans the kernel's BTF as the agent's start does, then again and again. In:
 * an argument, how many warm scans. Out: one line of JSON on stdout.
 * @module
 */
// deno-lint-ignore-file no-console -- its stdout is what it is for
import {
  Btf,
  errnoName,
  keepAllocatorSmall,
  openLibc,
  readBtf,
  readText,
} from "../ffi/mod.ts";
import { BTF_MEMBERS, BTF_WANTED } from "../test/kernel/btf_members.ts";
import { median } from "./figures.ts";

/** Figures of one process. Memory is RssAnon. */
export interface BtfFigures {
  readonly types: number;
  readonly fileBytes: number;
  readonly readMs: number;
  readonly scanMs: number;
  /** All members of BTF_MEMBERS. */
  readonly lookUpMs: number;
  readonly warmReadMs: number;
  readonly warmScanMs: number;
  readonly beforeKiB: number;
  /** While the Btf is held. */
  readonly heldKiB: number;
  /** Once it is disposed, before any collection of garbage. */
  readonly afterKiB: number;
}

const kernel = openLibc();

function rssAnonKiB(): number {
  const status = readText(kernel, "/proc/self/status") ?? "";
  return Number(status.match(/^RssAnon:\s+(\d+) kB$/m)?.[1]);
}

function readWhole(): Uint8Array<ArrayBuffer> {
  const bytes = readBtf(kernel);
  if (typeof bytes !== "number") return bytes;
  throw new Error(`Cannot measure: the kernel's BTF: ${errnoName(-bytes)}`);
}

/** Milliseconds of reading, scanning and looking up. */
function pass(): Pick<BtfFigures, "readMs" | "scanMs" | "lookUpMs"> & {
  btf: Btf;
  fileBytes: number;
} {
  const start = performance.now();
  const bytes = readWhole();
  const fileBytes = bytes.length;
  const read = performance.now();
  const btf = Btf.scan(bytes, BTF_WANTED);
  const scanned = performance.now();
  for (const [struct, path] of BTF_MEMBERS) btf.member(struct, path);
  return {
    readMs: read - start,
    scanMs: scanned - read,
    lookUpMs: performance.now() - scanned,
    btf,
    fileBytes,
  };
}

keepAllocatorSmall();
rssAnonKiB();
const beforeKiB = rssAnonKiB();
const { btf, ...cold } = pass();
const heldKiB = rssAnonKiB();
btf[Symbol.dispose]();
const afterKiB = rssAnonKiB();

const warmReadMs: number[] = [];
const warmScanMs: number[] = [];
for (let i = Number(Deno.args[0] ?? 20); i > 0; i--) {
  const warm = pass();
  warm.btf[Symbol.dispose]();
  warmReadMs.push(warm.readMs);
  warmScanMs.push(warm.scanMs);
}
const figures: BtfFigures = {
  types: btf.typeCount,
  ...cold,
  warmReadMs: median(warmReadMs),
  warmScanMs: median(warmScanMs),
  beforeKiB,
  heldKiB,
  afterKiB,
};
console.log(JSON.stringify(figures));
