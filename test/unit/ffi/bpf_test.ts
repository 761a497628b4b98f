/**
 * Owns the tests of ffi/bpf.ts: the bytes of each attribute, and what is made of the kernel's answers. In: a port that
 * records, and the fake kernel. Out: assertions.
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  BPF_F_NO_PREALLOC,
  createIterator,
  createIteratorLink,
  createMap,
  enableRunTimeStats,
  loadBtf,
  loadProgram,
  nextIdCall,
  nextObjectId,
  objectInfo,
  openObject,
  testRunProgram,
} from "../../../ffi/bpf.ts";
import { EINTR, EINVAL, ENOENT, EPERM } from "../../../ffi/errno.ts";
import { read } from "../../../ffi/struct.ts";
import { BPF, PROG_INFO } from "../../../ffi/uapi.ts";
import { loadReturnZero } from "../../builders.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

interface Call {
  readonly command: number;
  readonly attr: Uint8Array;
}

/** Records what bpf() is given, exactly as long as it says. */
class RecordingKernel extends FakeKernel {
  readonly seen: Call[] = [];

  override bpf(
    command: number,
    attr: Uint8Array<ArrayBuffer>,
    size: number,
  ): number {
    this.seen.push({ command, attr: attr.slice(0, size) });
    return 0;
  }
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

Deno.test("nextObjectId() encodes start_id and a zeroed next_id", () => {
  const kernel = new RecordingKernel();
  objectInfo(kernel, 5, kernel.allocate(88), 88);
  kernel.seen.length = 0;
  nextObjectId(kernel, "map", 7);
  nextObjectId(kernel, "program", 8);
  nextObjectId(kernel, "link", 9);
  nextObjectId(kernel, "btf", 10);
  assertEquals(kernel.seen, [
    { command: 12, attr: words(7, 0) },
    { command: 11, attr: words(8, 0) },
    { command: 31, attr: words(9, 0) },
    { command: 23, attr: words(10, 0) },
  ]);
});

Deno.test("openObject() encodes the id alone", () => {
  const kernel = new RecordingKernel();
  openObject(kernel, "map", 7);
  openObject(kernel, "program", 8);
  openObject(kernel, "link", 9);
  openObject(kernel, "btf", 0xffff_ffff);
  assertEquals(kernel.seen, [
    { command: 14, attr: words(7) },
    { command: 13, attr: words(8) },
    { command: 30, attr: words(9) },
    { command: 19, attr: words(0xffff_ffff) },
  ]);
});

Deno.test("objectInfo() encodes descriptor, length and both halves", () => {
  const kernel = new RecordingKernel();
  const info = kernel.allocate(88);
  assertEquals(info.addressHigh > 0, true);
  assertEquals(objectInfo(kernel, 5, info, 88), 88);
  assertEquals(kernel.seen, [{
    command: 15,
    attr: words(5, 88, info.addressLow, info.addressHigh),
  }]);
});

Deno.test("enableRunTimeStats() asks for run time", () => {
  const kernel = new RecordingKernel();
  enableRunTimeStats(kernel);
  assertEquals(kernel.seen, [{ command: 32, attr: words(0) }]);
});

Deno.test("loadProgram() encodes every field that it is given", () => {
  const kernel = new RecordingKernel();
  const instructions = kernel.allocate(16);
  loadProgram(kernel, {
    type: 26,
    instructions,
    instructionCount: 2,
    name: "abcdefgh",
    expectedAttachType: 28,
    attachBtfId: 1234,
  });
  const [{ command, attr }] = kernel.seen;
  const view = new DataView(attr.buffer);
  const licence = Number(view.getBigUint64(16, true));
  const expected = new Uint8Array(120);
  expected.set(
    words(26, 2, instructions.addressLow, instructions.addressHigh),
  );
  expected.set(attr.subarray(16, 24), 16);
  expected.set(new TextEncoder().encode("abcdefgh"), 48);
  expected.set(words(28), 68);
  expected.set(words(1234), 108);
  assertEquals(command, 5);
  assertEquals(attr, expected);
  assertEquals(
    new TextDecoder().decode(kernel.memory.string(licence)),
    "GPL",
  );
});

Deno.test("loadProgram() encodes what its functions are", () => {
  const kernel = new RecordingKernel();
  const instructions = kernel.allocate(16);
  const info = kernel.allocate(24);
  const functions = { btfFd: 9, info, count: 3 };
  const spec = { type: 26, instructions, instructionCount: 2, functions };
  loadProgram(kernel, spec);
  const [{ attr }] = kernel.seen;
  assertEquals(
    attr.subarray(72, 92),
    words(9, 8, info.addressLow, info.addressHigh, 3),
  );
});

Deno.test("loadBtf() encodes where the types are and how many bytes", () => {
  const kernel = new RecordingKernel();
  const blob = kernel.allocate(100);
  loadBtf(kernel, blob, 100);
  assertEquals(kernel.seen, [{
    command: 18,
    attr: words(blob.addressLow, blob.addressHigh, 0, 0, 100, 0, 0),
  }]);
});

Deno.test("createMap() encodes flags where there are some", () => {
  const kernel = new RecordingKernel();
  const spec = { type: 1, keyBytes: 8, valueBytes: 16, maxEntries: 5 };
  createMap(kernel, { ...spec, name: "m", flags: BPF_F_NO_PREALLOC });
  createMap(kernel, { ...spec, name: "m" });
  assertEquals(
    kernel.seen.map(({ attr }) => attr.subarray(0, 20)),
    [words(1, 8, 16, 5, 1), words(1, 8, 16, 5, 0)],
  );
});

Deno.test("loadProgram() leaves nothing of a call before in its attribute", () => {
  const kernel = new RecordingKernel();
  const instructions = kernel.allocate(16);
  const spec = { type: 1, instructions, instructionCount: 2 };
  loadProgram(kernel, { ...spec, name: "fifteen_letters", attachBtfId: 9 });
  loadProgram(kernel, spec);
  const [, { attr }] = kernel.seen;
  assertEquals(attr.subarray(24), new Uint8Array(96));
});

Deno.test("loadProgram() cuts a name at 15 bytes, with its NUL", () => {
  const kernel = new RecordingKernel();
  const instructions = kernel.allocate(16);
  loadProgram(kernel, {
    type: 1,
    instructions,
    instructionCount: 2,
    name: "0123456789abcdefghij",
  });
  const [{ attr }] = kernel.seen;
  assertEquals(
    new TextDecoder().decode(attr.subarray(48, 64)),
    "0123456789abcde\0",
  );
});

Deno.test("loadProgram() encodes where the verifier's log goes", () => {
  const kernel = new RecordingKernel();
  const instructions = kernel.allocate(16);
  const buffer = kernel.allocate(4096);
  const spec = { type: 1, instructions, instructionCount: 2 };
  loadProgram(kernel, { ...spec, log: { buffer, level: 2 } });
  loadProgram(kernel, spec);
  const [withLog, without] = kernel.seen.map(({ attr }) => attr.slice(24, 40));
  assertEquals(
    withLog,
    words(2, 4096, buffer.addressLow, buffer.addressHigh),
  );
  assertEquals(without, new Uint8Array(16));
});

Deno.test("createIteratorLink() encodes limits only where there are any", () => {
  const kernel = new RecordingKernel();
  const buffer = kernel.allocate(16);
  createIteratorLink(kernel, 7, { buffer, sizeBytes: 16 });
  createIteratorLink(kernel, 8);
  const { addressLow, addressHigh } = buffer;
  assertEquals(kernel.seen, [
    {
      command: 28,
      attr: words(7, 0, 28, 0, addressLow, addressHigh, 16),
    },
    { command: 28, attr: words(8, 0, 28, 0) },
  ]);
});

Deno.test("createIterator() encodes the link and no flags", () => {
  const kernel = new RecordingKernel();
  createIteratorLink(kernel, 7);
  createIterator(kernel, 9);
  assertEquals(kernel.seen[1], { command: 33, attr: words(9, 0) });
});

Deno.test("testRunProgram() encodes input and repeat", () => {
  const kernel = new RecordingKernel();
  const input = kernel.allocate(14);
  testRunProgram(kernel, 5, input, 14, 10);
  const { addressLow, addressHigh } = input;
  assertEquals(kernel.seen, [{
    command: 10,
    attr: words(5, 0, 14, 0, addressLow, addressHigh, 0, 0, 10, 0, 0, 0),
  }]);
});

Deno.test("nextIdCall() names the command as the headers do", () => {
  assertEquals(nextIdCall("map"), "BPF_MAP_GET_NEXT_ID");
  assertEquals(nextIdCall("program"), "BPF_PROG_GET_NEXT_ID");
  assertEquals(nextIdCall("link"), "BPF_LINK_GET_NEXT_ID");
  assertEquals(nextIdCall("btf"), "BPF_BTF_GET_NEXT_ID");
});

Deno.test("nextObjectId() answers the id above, then ENOENT", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 5 });
  kernel.addMap({ id: 0x7fff_fffe });
  assertEquals(nextObjectId(kernel, "map", 0), 5);
  assertEquals(nextObjectId(kernel, "map", 5), 0x7fff_fffe);
  assertEquals(nextObjectId(kernel, "map", 0x7fff_fffe), -ENOENT);
  assertEquals(nextObjectId(kernel, "program", 0), -ENOENT);
});

Deno.test("a call that a signal interrupts is repeated", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 5 });
  kernel.interrupt(8);
  assertEquals(nextObjectId(kernel, "map", 0), 5);
  assertEquals(kernel.bpfCalls, 9);
});

Deno.test("a call that is interrupted for ever answers EINTR", () => {
  const kernel = new FakeKernel();
  kernel.interrupt(Infinity);
  assertEquals(nextObjectId(kernel, "map", 0), -EINTR);
  assertEquals(openObject(kernel, "map", 5), -EINTR);
});

Deno.test("a repeated call is encoded as the first", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 5 });
  kernel.addMap({ id: 6 });
  kernel.interrupt(3);
  assertEquals(nextObjectId(kernel, "map", 5), 6);
});

Deno.test("every command answers EPERM without privilege", () => {
  const kernel = new FakeKernel({ privileged: false });
  kernel.addMap({ id: 5 });
  assertEquals(nextObjectId(kernel, "map", 0), -EPERM);
  assertEquals(openObject(kernel, "map", 5), -EPERM);
  assertEquals(enableRunTimeStats(kernel), -EPERM);
  assertEquals(loadReturnZero(kernel), -EPERM);
  assertEquals(kernel.openFds, 0);
});

Deno.test("a command that the kernel lacks answers EINVAL", () => {
  const kernel = new FakeKernel({
    lacks: [BPF.LINK_GET_NEXT_ID, BPF.ENABLE_STATS],
  });
  assertEquals(nextObjectId(kernel, "link", 0), -EINVAL);
  assertEquals(enableRunTimeStats(kernel), -EINVAL);
});

Deno.test("attributes are short enough for the first kernel with their command", () => {
  // union bpf_attr was 48 bytes in 4.13 (BPF_*_GET_NEXT_ID), 120 in 5.8 (BPF_ENABLE_STATS).
  const first = new FakeKernel({ attrBytes: 48, infoBytes: { map: 24 } });
  first.addMap({ id: 5 });
  assertEquals(nextObjectId(first, "map", 0), 5);
  const fd = openObject(first, "map", 5);
  assertEquals(objectInfo(first, fd, first.allocate(88), 88), 24);
  assertEquals(first.close(fd), 0);
  const later = new FakeKernel({ attrBytes: 120 });
  assertEquals(later.close(enableRunTimeStats(later)), 0);
  assertEquals(later.close(loadReturnZero(later)), 0);
});

Deno.test("runs are counted only while somebody keeps statistics on", () => {
  const kernel = new FakeKernel();
  const fd = loadReturnZero(kernel);
  const packet = kernel.allocate(14);
  const info = kernel.allocate(PROG_INFO.size);
  const runs = (): number | undefined => {
    assertEquals(testRunProgram(kernel, fd, packet, 14, 10), 0);
    const filled = objectInfo(kernel, fd, info, PROG_INFO.size);
    return read(PROG_INFO.run_cnt, info.view, filled);
  };
  assertEquals(runs(), 0);
  const stats = enableRunTimeStats(kernel);
  assertEquals(runs(), 10);
  assertEquals(kernel.close(stats), 0);
  assertEquals(runs(), 10);
  kernel.statsOther = true;
  assertEquals(runs(), 20);
  kernel.statsOther = false;
  kernel.statsSysctl = true;
  assertEquals(runs(), 30);
  assertEquals(kernel.close(fd), 0);
});
