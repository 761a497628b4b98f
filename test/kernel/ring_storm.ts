/**
 * Owns a thread that makes empty ring buffers and frees them again, as fast as it can, while a test looks at rings. In: a message with how
 * long, and where to write the ids of the rings, their number first. Out: a message when it is done.
 * @module
 */
import { createMap, MAP_TYPES, objectId, openLibc } from "../../ffi/mod.ts";

/** What the thread is told. */
export interface Storm {
  readonly forMs: number;
  readonly ids: SharedArrayBuffer;
}

const RING_BYTES = 1 << 14;
/** That are there at once. */
const AT_ONCE = 6;

/** Ids that a storm wrote. */
export function stormIds(buffer: SharedArrayBuffer): Set<number> {
  const ids = new Uint32Array(buffer);
  return new Set(ids.subarray(1, 1 + ids[0]));
}

function storm({ forMs, ids: buffer }: Storm): void {
  const kernel = openLibc();
  const ids = new Uint32Array(buffer);
  const endsAtMs = kernel.monotonicMs() + forMs;
  const fds: number[] = [];
  while (kernel.monotonicMs() < endsAtMs && ids[0] + 1 < ids.length) {
    const fd = createMap(kernel, {
      type: MAP_TYPES.indexOf("ringbuf"),
      keyBytes: 0,
      valueBytes: 0,
      maxEntries: RING_BYTES,
      name: "storm",
    });
    if (fd < 0) {
      throw new Error(`Cannot make a ring: expected one, found ${fd}`);
    }
    ids[++ids[0]] = objectId(kernel, fd);
    fds.push(fd);
    if (fds.length > AT_ONCE) kernel.close(fds.shift() ?? -1);
  }
  for (const fd of fds) kernel.close(fd);
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Storm>) => void) | null;
  postMessage?: (message: string) => void;
  readonly WorkerGlobalScope?: unknown;
};
if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = ({ data }) => {
    storm(data);
    scope.postMessage?.("done");
  };
}
