/** Owns the tests of workers/programs/operations_pass.ts. @module */
import { assert, assertEquals } from "@std/assert";
import {
  BPF,
  END,
  ENOMEM,
  EPERM,
  PROG_INFO,
  ROW,
  UNTIMED_BUCKET,
} from "../../../../ffi/mod.ts";
import {
  LOAD_STRIDE,
  OPERATIONS,
} from "../../../../workers/operations_model.ts";
import {
  type Counts,
  OperationsReader,
} from "../../../../workers/programs/operations_pass.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const ITERATION = 500;
const EXIT_PROGRAM = 92;

interface Given {
  readonly mapId?: number;
  readonly pid?: number;
  readonly command: number;
  readonly errno?: number;
  readonly count?: number;
  readonly sumNs?: number;
  readonly startNs?: number;
}

function record(
  {
    mapId = 0,
    pid = 1,
    command,
    errno = 0,
    count = 1,
    sumNs = 0,
    startNs = 5e6,
  }: Given,
): Uint8Array {
  const bytes = new Uint8Array(ROW.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(ROW.mapId, mapId, true);
  view.setUint32(ROW.pid, pid, true);
  view.setUint32(ROW.command, command, true);
  view.setUint32(ROW.errno, errno, true);
  view.setBigUint64(ROW.count, BigInt(count), true);
  view.setBigUint64(ROW.sumNs, BigInt(sumNs), true);
  view.setBigUint64(ROW.startNs, BigInt(startNs), true);
  view.setBigUint64(ROW.cgroupId, 2n ** 63n + 1n, true);
  bytes.set(new TextEncoder().encode(`user${pid}`), ROW.comm.offset);
  return bytes;
}

/** What the kernel found no room for, at the end of each pass. */
function end(lost = 0): Uint8Array {
  return record({ command: END, count: lost });
}

/** A kernel that iterates over these passes, one after the other, and skips runs meanwhile. */
function reading(
  passes: readonly (readonly Uint8Array[] | number)[],
  skipped: readonly (number | undefined)[] = [],
): OperationsReader {
  const fake = new FakeKernel();
  let [pass, at, asked] = [-1, 0, 0];
  const kernel = Object.assign(fake, {
    bpf(command: number, attr: Uint8Array<ArrayBuffer>) {
      const view = new DataView(attr.buffer, attr.byteOffset);
      if (command === BPF.ITER_CREATE) {
        [pass, at] = [pass + 1, 0];
        return ITERATION;
      }
      assertEquals(command, BPF.OBJ_GET_INFO_BY_FD);
      assertEquals(view.getUint32(0, true), EXIT_PROGRAM);
      const misses = skipped[asked++];
      if (misses === undefined) return -EPERM;
      const address = view.getUint32(8, true) +
        view.getUint32(12, true) * 2 ** 32;
      const info = fake.memory.resolve(address, PROG_INFO.size);
      assert(info !== undefined);
      new DataView(info.buffer, info.byteOffset).setBigUint64(
        PROG_INFO.recursion_misses.offset,
        BigInt(misses),
        true,
      );
      return 0;
    },
    read(fd: number, into: Uint8Array<ArrayBuffer>) {
      assertEquals(fd, ITERATION);
      const records = passes[pass];
      if (typeof records === "number") return -records;
      if (at === records.length) return 0;
      into.set(records[at++]);
      return ROW.bytes;
    },
    close: () => 0,
  });
  const drain = {
    linkFd: 90,
    linkId: 1,
    programId: 1,
    form: "typed",
    recordBytes: ROW.bytes,
    fields: [],
    absent: {},
  } as const;
  return new OperationsReader(kernel, drain, EXIT_PROGRAM);
}

function countsOf(reader: OperationsReader): Counts {
  const counts = reader.read();
  assert(typeof counts !== "string", `${counts}`);
  return counts;
}

Deno.test("OperationsReader.read() tells operations by map, process, operation and errno, processes once", () => {
  const reader = reading([[
    record({ mapId: 7, command: BPF.MAP_LOOKUP_ELEM, count: 2 ** 33 + 1 }),
    record({ mapId: 7, command: BPF.MAP_LOOKUP_ELEM, errno: 2, count: 3 }),
    record({ mapId: 9, pid: 2, command: BPF.MAP_DELETE_BATCH }),
    // The same pid, given out again.
    record({ mapId: 9, pid: 2, startNs: 6e6, command: BPF.MAP_GET_NEXT_KEY }),
    record({ command: 999 }),
    end(),
  ]]);
  const { processes, rows } = countsOf(reader);
  const one = {
    pid: 1,
    startedAtMs: 5,
    comm: "user1",
    cgroupId: "9223372036854775809",
  };
  assertEquals(processes, [
    one,
    { ...one, pid: 2, comm: "user2" },
    { ...one, pid: 2, comm: "user2", startedAtMs: 6 },
  ]);
  // deno-fmt-ignore -- a row a line
  assertEquals([...rows], [
    7, 0, OPERATIONS.indexOf("lookup"), 0, 2 ** 33 + 1,
    7, 0, OPERATIONS.indexOf("lookup"), 2, 3,
    9, 1, OPERATIONS.indexOf("delete_batch"), 0, 1,
    9, 2, OPERATIONS.indexOf("get_next"), 0, 1,
  ]);
});

Deno.test("OperationsReader.read() puts loads of a process and an errno into one row, by bucket", () => {
  const load = (bucket: number, sumNs: number, errno = 0, count = 1) =>
    record({ mapId: bucket, command: BPF.PROG_LOAD, errno, count, sumNs });
  const reader = reading([[
    load(0, 50_000, 0, 2),
    load(3, 700_000),
    load(UNTIMED_BUCKET, 0),
    load(UNTIMED_BUCKET - 1, 6e9, 13),
    end(),
  ]]);
  const { loads } = countsOf(reader);
  assertEquals(loads.length, 2 * LOAD_STRIDE);
  assertEquals([...loads.subarray(0, 8)], [0, 0, 1, 0.75, 2, 0, 0, 1]);
  assertEquals([...loads.subarray(LOAD_STRIDE, LOAD_STRIDE + 4)], [
    0,
    13,
    0,
    6_000,
  ]);
  assertEquals(loads.at(-1), 1);
});

Deno.test("OperationsReader.read() adds failed attachments up over commands", () => {
  const failed = (command: number, errno: number, count: number) =>
    record({ command, errno, count });
  const reader = reading([[
    failed(BPF.LINK_CREATE, 9, 2),
    failed(BPF.PROG_ATTACH, 9, 3),
    failed(BPF.RAW_TRACEPOINT_OPEN, 22, 1),
    end(),
  ]]);
  assertEquals([...countsOf(reader).attachFailures], [0, 9, 5, 0, 22, 1]);
});

Deno.test("OperationsReader.read() tells what was lost and skipped since its last reading, and nothing of before", () => {
  const reader = reading([[end(4)], [end(4)], [end(10)]], [3, 3, 5, 12]);
  const told = [0, 1, 2].map(() => {
    const { lost, skipped } = countsOf(reader);
    return [lost, skipped];
  });
  assertEquals(told, [[0, 0], [0, 2], [6, 7]]);
});

Deno.test("OperationsReader.read() leaves out skipped runs where the kernel does not tell", () => {
  const counts = countsOf(reading([[end()]]));
  assertEquals("skipped" in counts, false);
});

Deno.test("OperationsReader.read() says in one sentence why there is nothing, and reads on", () => {
  const reader = reading([
    ENOMEM,
    [record({ command: BPF.MAP_LOOKUP_ELEM })],
    [end()],
  ]);
  assertEquals(reader.read(), "read of an iterator failed: ENOMEM");
  assertEquals(
    reader.read(),
    "a pass over the counts of operations has no end",
  );
  assertEquals(countsOf(reader).rows.length, 0);
});
