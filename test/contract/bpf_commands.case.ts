/**
 * Owns the part of KernelPort's contract about bpf() commands: ids, descriptors, the form of attributes, programs that are
 * loaded and run. In: a way to register. Out: registered tests.
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  enableRunTimeStats,
  loadProgram,
  nextObjectId,
  objectInfo,
  type ObjectKind,
  openObject,
  testRunProgram,
} from "../../ffi/bpf.ts";
import {
  E2BIG,
  EBADF,
  EBADFD,
  EFAULT,
  EINVAL,
  ENOENT,
  ENOTSUPP,
} from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import type { KernelPort } from "../../ffi/port.ts";
import { read } from "../../ffi/struct.ts";
import { BPF, PROG_INFO } from "../../ffi/uapi.ts";
import { bpfWords, loadReturnZero } from "../builders.ts";
import { hasSince } from "../kernel/since.ts";
import type { Register } from "./kernel_port.case.ts";

const KINDS: readonly ObjectKind[] = ["map", "program", "link", "btf"];
const NO_SUCH_ID = 0x7fff_fff0;
const NO_SUCH_FD = 1_000_000;
const KPROBE = 2;
const PACKET_BYTES = 14;

export function registerBpfCommands(register: Register): void {
  register("nextObjectId() ascends and ends with ENOENT", (kernel) => {
    for (const kind of KINDS) {
      let last = 0;
      let next = nextObjectId(kernel, kind, 0);
      for (; next > 0; next = nextObjectId(kernel, kind, next)) {
        assertGreater(next, last, kind);
        last = next;
      }
      assertEquals(next, -ENOENT, kind);
    }
  });

  register("nextObjectId() refuses an id that none can follow", (kernel) => {
    for (const kind of KINDS) {
      assertEquals(nextObjectId(kernel, kind, 0x7fff_ffff), -EINVAL, kind);
    }
  });

  register("openObject() answers ENOENT for a missing id", (kernel) => {
    for (const kind of KINDS) {
      assertEquals(openObject(kernel, kind, NO_SUCH_ID), -ENOENT, kind);
    }
  });

  register("bpf() refuses a byte beyond the command's last field", (kernel) => {
    const tails: [command: number, end: number][] = [
      [BPF.PROG_GET_NEXT_ID, 8],
      [BPF.MAP_GET_NEXT_ID, 8],
      [BPF.LINK_GET_NEXT_ID, 8],
      [BPF.BTF_GET_NEXT_ID, 8],
      [BPF.PROG_GET_FD_BY_ID, 4],
      [BPF.LINK_GET_FD_BY_ID, 4],
      [BPF.MAP_GET_FD_BY_ID, 12],
      [BPF.BTF_GET_FD_BY_ID, 16],
      [BPF.OBJ_GET_INFO_BY_FD, 16],
      [BPF.ENABLE_STATS, 4],
      [BPF.PROG_TEST_RUN, 76],
    ];
    for (const [command, end] of tails) {
      const words = new Array(end / 4 + 1).fill(0);
      words[end / 4] = 1;
      assertEquals(bpfWords(kernel, command, words), -EINVAL, `${command}`);
    }
  });

  register("bpf() takes a long attribute whose tail is zero", (kernel) => {
    const number = loadReturnZero(kernel);
    using fd = new Fd(kernel, number);
    assertEquals(bpfWords(kernel, BPF.PROG_GET_NEXT_ID, [0], 4096), 0);
    assertEquals(fd.number, number);
  });

  register("bpf() refuses what is beyond the kernel's union", (kernel) => {
    const words = new Array(512).fill(0);
    words[511] = 1;
    assertEquals(bpfWords(kernel, BPF.PROG_GET_NEXT_ID, words), -E2BIG);
    assertEquals(bpfWords(kernel, BPF.PROG_GET_NEXT_ID, [0], 4104), -E2BIG);
  });

  register("bpf() answers EINVAL for an unknown command", (kernel) => {
    assertEquals(bpfWords(kernel, 4000, [0]), -EINVAL);
  });

  register(
    "bpf() answers EBADF or EBADFD for a descriptor nobody has",
    (kernel) => {
      const info = kernel.allocate(128);
      assertEquals(objectInfo(kernel, NO_SUCH_FD, info, 64), -EBADFD);
      assertEquals(objectInfo(kernel, -1, info, 64), -EBADFD);
      assertEquals(
        testRunProgram(kernel, NO_SUCH_FD, info, PACKET_BYTES, 1),
        -EBADF,
      );
    },
  );

  register("bpf() answers EINVAL for a descriptor of a file", (kernel) => {
    using fd = new Fd(kernel, kernel.open("/proc/sys/kernel/ostype"));
    const info = kernel.allocate(128);
    assertEquals(objectInfo(kernel, fd.number, info, 64), -EINVAL);
  });

  register("objectInfo() answers EFAULT for a wild address", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const words = [fd.number, 64, 16, 0];
    assertEquals(bpfWords(kernel, BPF.OBJ_GET_INFO_BY_FD, words), -EFAULT);
  });

  register("enableRunTimeStats() refuses another kind", (kernel) => {
    assertEquals(bpfWords(kernel, BPF.ENABLE_STATS, [7]), -EINVAL);
  });

  register("loadProgram() makes a program that is listed", (kernel) => {
    let id: number | undefined;
    {
      using fd = new Fd(kernel, loadReturnZero(kernel, { name: "listed.1" }));
      const info = kernel.allocate(PROG_INFO.size);
      const filled = objectInfo(kernel, fd.number, info, PROG_INFO.size);
      id = read(PROG_INFO.id, info.view, filled);
      assert(id !== undefined && id > 0);
      assertEquals(nextObjectId(kernel, "program", id - 1), id);
      using again = new Fd(kernel, openObject(kernel, "program", id));
      info.bytes.fill(0);
      objectInfo(kernel, again.number, info, PROG_INFO.size);
      assertEquals(read(PROG_INFO.type, info.view, filled), 1);
      assertEquals(read(PROG_INFO.name, info.view, filled), "listed.1");
      assertEquals(read(PROG_INFO.xlated_prog_len, info.view, filled), 16);
      assertEquals(
        read(PROG_INFO.verified_insns, info.view, filled),
        hasSince(kernel, "5.16") ? 2 : undefined,
      );
    }
    assertEquals(openObject(kernel, "program", id), -ENOENT);
  });

  register("loadProgram() answers as the kernel for bad input", (kernel) => {
    assertEquals(loadReturnZero(kernel, { name: "no-dash" }), -EINVAL);
    assertEquals(loadReturnZero(kernel, { type: 4000 }), -EINVAL);
    const instructions = kernel.allocate(8);
    const empty = { type: 1, instructions, instructionCount: 0 };
    assertEquals(loadProgram(kernel, empty), -E2BIG);
  });

  register("testRunProgram() raises run_cnt while stats are on", (kernel) => {
    using stats = new Fd(kernel, enableRunTimeStats(kernel));
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const packet = kernel.allocate(PACKET_BYTES);
    assertEquals(
      testRunProgram(kernel, fd.number, packet, PACKET_BYTES, 10),
      0,
    );
    const info = kernel.allocate(PROG_INFO.size);
    const filled = objectInfo(kernel, fd.number, info, PROG_INFO.size);
    assertEquals(read(PROG_INFO.run_cnt, info.view, filled), 10);
    assertGreater(read(PROG_INFO.run_time_ns, info.view, filled) ?? 0, 0);
    assertGreater(stats.number, 2);
  });

  register("testRunProgram() refuses half a packet", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const packet = kernel.allocate(PACKET_BYTES);
    assertEquals(testRunProgram(kernel, fd.number, packet, 13, 1), -EINVAL);
  });

  register("testRunProgram() answers ENOTSUPP for a kprobe", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel, { type: KPROBE }));
    assertEquals(runOnce(kernel, fd), -ENOTSUPP);
  });
}

function runOnce(kernel: KernelPort, fd: Fd): number {
  const packet = kernel.allocate(PACKET_BYTES);
  return testRunProgram(kernel, fd.number, packet, PACKET_BYTES, 1);
}
