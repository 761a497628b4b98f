/**
 * Owns the part of KernelPort's contract about BPF_OBJ_GET_INFO_BY_FD: how many bytes are answered, what is refused, and how
 * names and lists that lie elsewhere are asked for. In: a way to register. Out: registered tests.
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { objectInfo, openObject } from "../../ffi/bpf.ts";
import { E2BIG, EINVAL, ENOENT, ENOSPC } from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import type { KernelBuffer, KernelPort } from "../../ffi/port.ts";
import { read, textAt } from "../../ffi/struct.ts";
import {
  BPF,
  BTF_INFO,
  LINK_INFO,
  MAP_INFO,
  PROG_INFO,
} from "../../ffi/uapi.ts";
import { bpfWords, cString, loadReturnZero } from "../builders.ts";
import { hasSince } from "../kernel/since.ts";
import type { Register } from "./kernel_port.case.ts";

const RAW_TRACEPOINT_OPEN = 17;
const PROG_BIND_MAP = 35;
const RAW_TRACEPOINT_PROGRAM = 17;
/** Fires only when a test run ends, so the link costs the machine nothing. */
const TRACEPOINT = "bpf_test_finish";
/** The kernel's own BTF has the first id. */
const VMLINUX_BTF_ID = 1;

export function registerObjectInfo(register: Register): void {
  register("objectInfo() fills what was asked and no more", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const info = kernel.allocate(512);
    info.bytes.fill(0xee);
    info.bytes.fill(0, 0, 8);
    assertEquals(objectInfo(kernel, fd.number, info, 8), 8);
    assertGreater(info.view.getUint32(4, true), 0);
    assertEquals(info.bytes.findIndex((byte) => byte === 0xee), 8);
  });

  register("objectInfo() answers the kernel's own size at most", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const info = kernel.allocate(512);
    const filled = objectInfo(kernel, fd.number, info, 512);
    assertGreater(filled, 64);
    assertLess(filled, 512);
    info.bytes.fill(0);
    assertEquals(objectInfo(kernel, fd.number, info, filled), filled);
  });

  register("objectInfo() refuses input beyond its struct", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const info = kernel.allocate(512);
    info.bytes[511] = 1;
    assertEquals(objectInfo(kernel, fd.number, info, 512), -E2BIG);
    assertEquals(objectInfo(kernel, fd.number, info, 4104), -E2BIG);
  });

  register("objectInfo() describes a map", (kernel) => {
    using fd = new Fd(kernel, createMap(kernel, "map.one"));
    const info = kernel.allocate(MAP_INFO.size);
    const filled = objectInfo(kernel, fd.number, info, MAP_INFO.size);
    assertEquals(read(MAP_INFO.type, info.view, filled), 2);
    assertEquals(read(MAP_INFO.key_size, info.view, filled), 4);
    assertEquals(read(MAP_INFO.value_size, info.view, filled), 8);
    assertEquals(read(MAP_INFO.max_entries, info.view, filled), 3);
    assertEquals(read(MAP_INFO.name, info.view, filled), "map.one");
  });

  register(
    "objectInfo() lists as many of a program's maps as fit",
    (kernel) => {
      using program = new Fd(kernel, loadReturnZero(kernel));
      using first = new Fd(kernel, createMap(kernel, "first"));
      using second = new Fd(kernel, createMap(kernel, "second"));
      for (const map of [first, second, first]) {
        const words = [program.number, map.number, 0];
        assertEquals(bpfWords(kernel, PROG_BIND_MAP, words), 0);
      }
      const expected = [first, second].map((map) => idOf(kernel, map));
      const info = kernel.allocate(PROG_INFO.size);
      const ids = kernel.allocate(128);
      for (const room of [0, 1, 2, 3]) {
        info.bytes.fill(0);
        ids.bytes.fill(0);
        info.words[52 / 4] = room;
        if (room > 0) pointTo(info, 56, ids);
        const filled = objectInfo(kernel, program.number, info, PROG_INFO.size);
        assertEquals(read(PROG_INFO.nr_map_ids, info.view, filled), 2);
        assertEquals(
          [...ids.words.subarray(0, 3)],
          [0, 1, 2].map((i) => i < room ? expected[i] ?? 0 : 0),
        );
      }
    },
  );

  register("objectInfo() wants the size of a program's records", (kernel) => {
    using fd = new Fd(kernel, loadReturnZero(kernel));
    const info = kernel.allocate(PROG_INFO.size);
    const { func_info_rec_size, nr_func_info } = PROG_INFO;
    const ask = (recordBytes: number, count: number): number => {
      info.bytes.fill(0);
      info.words[func_info_rec_size.offset / 4] = recordBytes;
      info.words[nr_func_info.offset / 4] = count;
      return objectInfo(kernel, fd.number, info, PROG_INFO.size);
    };
    const filled = ask(0, 0);
    assertEquals(read(func_info_rec_size, info.view, filled), 8);
    assertEquals(read(nr_func_info, info.view, filled), 0);
    assertEquals(ask(8, 1), filled);
    assertEquals(read(nr_func_info, info.view, filled), 0);
    assertEquals(ask(4, 1), -EINVAL);
    assertEquals(ask(4, 0), -EINVAL);
    assertEquals(ask(0, 1), -EINVAL);
  });

  register("objectInfo() copies as much of BTF as fits", (kernel) => {
    if (!kernelBtfIsAnObject(kernel)) return;
    using fd = new Fd(kernel, openObject(kernel, "btf", VMLINUX_BTF_ID));
    const info = kernel.allocate(BTF_INFO.size);
    const types = kernel.allocate(128);
    pointTo(info, BTF_INFO.btf.offset, types);
    info.words[BTF_INFO.btf_size.offset / 4] = 3;
    const filled = objectInfo(kernel, fd.number, info, BTF_INFO.size);
    // The magic number, version 1, and nothing beyond what was asked.
    assertEquals([...types.bytes.subarray(0, 5)], [0x9f, 0xeb, 1, 0, 0]);
    assertGreater(read(BTF_INFO.btf_size, info.view, filled) ?? 0, 24);
  });

  register("objectInfo() copies a BTF object's name", (kernel) => {
    if (!kernelBtfIsAnObject(kernel)) return;
    using fd = new Fd(kernel, openObject(kernel, "btf", VMLINUX_BTF_ID));
    const info = kernel.allocate(BTF_INFO.size);
    const name = kernel.allocate(64);
    const ask = (room: number): number => {
      info.bytes.fill(0);
      pointTo(info, BTF_INFO.name_address.offset, name);
      info.words[BTF_INFO.name_len.offset / 4] = room;
      return objectInfo(kernel, fd.number, info, BTF_INFO.size);
    };
    assertEquals(ask(64), BTF_INFO.size);
    assertEquals(textAt(name.view, 0, 64), "vmlinux");
    assertEquals(read(BTF_INFO.name_len, info.view, 32), 7);
    assertEquals(read(BTF_INFO.kernel_btf, info.view, 32), 1);
    assertEquals(read(BTF_INFO.id, info.view, 32), VMLINUX_BTF_ID);
    assertEquals(ask(8), BTF_INFO.size);
    assertEquals(ask(7), -ENOSPC);
    assertEquals(textAt(name.view, 0, 64), "vmlinu");
    assertEquals(read(BTF_INFO.id, info.view, 32), VMLINUX_BTF_ID);
    assertEquals(ask(0), -EINVAL);
    info.bytes.fill(0);
    assertEquals(objectInfo(kernel, fd.number, info, BTF_INFO.size), 32);
    assertGreater(read(BTF_INFO.btf_size, info.view, 32) ?? 0, 0);
  });

  register("objectInfo() copies a link's name on a second call", (kernel) => {
    using program = new Fd(
      kernel,
      loadReturnZero(kernel, { type: RAW_TRACEPOINT_PROGRAM }),
    );
    using link = new Fd(kernel, openRawTracepoint(kernel, program, TRACEPOINT));
    const info = kernel.allocate(LINK_INFO.size);
    const name = kernel.allocate(64);
    const { tp_name, tp_name_len } = LINK_INFO.raw_tracepoint;
    const ask = (room: number, pointer: boolean): number => {
      info.bytes.fill(0);
      if (pointer) pointTo(info, tp_name.offset, name);
      info.words[tp_name_len.offset / 4] = room;
      return objectInfo(kernel, link.number, info, LINK_INFO.size);
    };
    const filled = ask(0, false);
    assertGreater(filled, tp_name_len.offset + 3);
    assertEquals(read(LINK_INFO.type, info.view, filled), 1);
    const { length } = TRACEPOINT;
    assertEquals(read(tp_name_len, info.view, filled), length + 1);
    assertEquals(ask(length + 1, true), filled);
    assertEquals(textAt(name.view, 0, 64), TRACEPOINT);
    assertEquals(ask(length, true), -ENOSPC);
    assertEquals(textAt(name.view, 0, 64), TRACEPOINT.slice(0, -1));
    assertEquals(info.words[0], 0);
    assertEquals(ask(5, false), -EINVAL);
    assertEquals(ask(0, true), -EINVAL);
  });

  register("a link keeps its program until it is closed", (kernel) => {
    const info = kernel.allocate(LINK_INFO.size);
    let link: Fd;
    {
      using program = new Fd(
        kernel,
        loadReturnZero(kernel, { type: RAW_TRACEPOINT_PROGRAM }),
      );
      link = new Fd(kernel, openRawTracepoint(kernel, program, TRACEPOINT));
    }
    const filled = objectInfo(kernel, link.number, info, LINK_INFO.size);
    const programId = read(LINK_INFO.prog_id, info.view, filled);
    const linkId = read(LINK_INFO.id, info.view, filled);
    assert(programId !== undefined && linkId !== undefined);
    new Fd(kernel, openObject(kernel, "program", programId))[Symbol.dispose]();
    link[Symbol.dispose]();
    assertEquals(openObject(kernel, "link", linkId), -ENOENT);
  });

  register("a raw tracepoint needs a name the kernel has", (kernel) => {
    using program = new Fd(
      kernel,
      loadReturnZero(kernel, { type: RAW_TRACEPOINT_PROGRAM }),
    );
    assertEquals(openRawTracepoint(kernel, program, "no_such"), -ENOENT);
    using filter = new Fd(kernel, loadReturnZero(kernel));
    assertEquals(openRawTracepoint(kernel, filter, TRACEPOINT), -EINVAL);
  });
}

/** Before 5.11 its BTF has no id; on a machine just booted there may be no other. */
function kernelBtfIsAnObject(kernel: KernelPort): boolean {
  if (hasSince(kernel, "5.11")) return true;
  assertEquals(openObject(kernel, "btf", VMLINUX_BTF_ID), -ENOENT);
  return false;
}

function createMap(kernel: KernelPort, name: string): number {
  const words = new Array(12).fill(0);
  words.splice(0, 4, 2, 4, 8, 3);
  new TextEncoder().encode(name).forEach((byte, i) => {
    words[7 + (i >> 2)] |= byte << (8 * (i & 3));
  });
  return bpfWords(kernel, BPF.MAP_CREATE, words);
}

function openRawTracepoint(
  kernel: KernelPort,
  program: Fd,
  tracepoint: string,
): number {
  const name = cString(kernel, tracepoint);
  const words = [name.addressLow, name.addressHigh, program.number];
  return bpfWords(kernel, RAW_TRACEPOINT_OPEN, words);
}

function pointTo(info: KernelBuffer, offset: number, to: KernelBuffer): void {
  info.words[offset / 4] = to.addressLow;
  info.words[offset / 4 + 1] = to.addressHigh;
}

function idOf(kernel: KernelPort, map: Fd): number {
  const info = kernel.allocate(MAP_INFO.size);
  const filled = objectInfo(kernel, map.number, info, MAP_INFO.size);
  return read(MAP_INFO.id, info.view, filled) ?? 0;
}
