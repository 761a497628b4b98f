/** Owns the tests of workers/left_open.ts. @module */
import { assertEquals } from "@std/assert";
import type { KernelPort } from "../../../ffi/mod.ts";
import { closeLeftOpen } from "../../../workers/left_open.ts";
import type { Opened } from "../../../workers/protocol.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

/** Far above those that are opened to read. */
const FIRST = 100;
const WINDOW = { onMs: 100, everyMs: 1_000 };
const DRAIN = {
  linkFd: 5,
  linkId: 1,
  programId: 2,
  form: "typed",
  recordBytes: 8,
  fields: [],
  absent: {},
} as const;

function operations(mode: "on" | typeof WINDOW): Opened["operations"] {
  const programs = { enterFd: 3, exitFd: 4, ids: [7] };
  return { mode, hook: "tracepoint", drain: DRAIN, programs };
}

/** What is closed of: a file, what holds statistics, a link of program 7, one of another program. */
function closedOf(
  name: Parameters<typeof closeLeftOpen>[1],
  opened: Opened,
): number[] {
  const fake = new FakeKernel();
  const targets = ["/dev/null", "anon_inode:bpf-stats", "anon_inode:bpf-link"];
  fake.files.addDirectory(
    "/proc/self/fd",
    () => targets.map((_, i) => `${FIRST + i}`),
  );
  [7, 8].forEach((program, i) =>
    fake.files.addFile(
      `/proc/self/fdinfo/${FIRST + 2 + i}`,
      `pos:\t0\nlink_type:\ttracing\nlink_id:\t1\nprog_id:\t${program}\n`,
    )
  );
  const closed: number[] = [];
  const close = fake.close.bind(fake);
  const kernel: KernelPort = Object.assign(fake, {
    close(fd: number) {
      if (fd < FIRST) return close(fd);
      closed.push(fd);
      return 0;
    },
  });
  const readLink = (path: string) =>
    new TextEncoder().encode(
      targets[Number(path.split("/").at(-1)) - FIRST],
    );
  closeLeftOpen(kernel, name, opened, readLink);
  return closed;
}

Deno.test("closeLeftOpen() ends the windows that the programs worker left open, and closes nothing else", () => {
  const opened = {
    runStats: { window: WINDOW },
    operations: operations(WINDOW),
  };
  assertEquals(closedOf("programs", opened), [FIRST + 1, FIRST + 2]);
  assertEquals(closedOf("maps", opened), []);
});

Deno.test("closeLeftOpen() leaves alone what is not kept in windows", () => {
  assertEquals(closedOf("programs", { operations: operations("on") }), []);
  assertEquals(closedOf("programs", {}), []);
});
