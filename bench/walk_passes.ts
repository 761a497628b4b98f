/**
 * Owns our side of bench/walk.ts: the walk of ffi/objects.ts behind such lines as bench/c/walk.c has. In: arguments
 * `map|program|link INFO_BYTES`, and on stdin a number of passes a line. Out: `NANOSECONDS OBJECTS CHECKSUM` a line.
 * @module
 */
// deno-lint-ignore-file no-console -- its stdout is what it is for
import {
  EAGAIN,
  errnoName,
  type ObjectKind,
  ObjectWalk,
  openLibc,
} from "../ffi/mod.ts";
import type { WalkVisitor } from "../ffi/mod.ts";

const [kind, infoBytes] = Deno.args;
const kernel = openLibc();
const walk = new ObjectWalk(kernel, kind as ObjectKind, Number(infoBytes));
let objects = 0;
let checksum = 0;
const visitor: WalkVisitor = {
  leaveOut: () => false,
  visit(_id, info): void {
    checksum = (checksum + info.words[1]) >>> 0;
    objects++;
  },
  skip(id, errno): void {
    // A link that somebody else is only making at this moment.
    if (errno === EAGAIN) return;
    throw new Error(`Cannot read object ${id}: ${errnoName(errno)}`);
  },
};

const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const line of input) {
  checksum = 0;
  const start = performance.now();
  for (let passes = Number(line); passes > 0; passes--) {
    objects = 0;
    const failure = walk.run(visitor);
    if (failure !== undefined) {
      throw new Error(
        `Cannot walk: ${failure.call} failed: ${errnoName(failure.errno)}`,
      );
    }
  }
  const ns = Math.round((performance.now() - start) * 1e6);
  console.log(`${ns} ${objects} ${checksum}`);
}
