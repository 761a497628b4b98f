/**
 * Owns the fake kernel's BPF_OBJ_GET_INFO_BY_FD. In: an object, the caller's buffer, how many bytes of the struct this
 * kernel knows. Out: the struct's bytes in that buffer and how many they are, or -errno.
 * Source: kernel/bpf/syscall.c bpf_*_get_info_by_fd(), kernel/bpf/btf.c btf_get_info_by_fd(), fill_link_info() of each link.
 * @module
 */
import {
  E2BIG,
  EFAULT,
  EINVAL,
  ENAMETOOLONG,
  ENOSPC,
} from "../../ffi/errno.ts";
import type { FakeMemory } from "./fake_memory.ts";
import { type FakeObject, MAX_INFO_BYTES } from "./fake_objects.ts";
import { linkNameAt } from "./info_layouts.ts";

const PAGE_BYTES = 4096;
const PATH_MAX = 4096;

/** Calls are synchronous: one pair of structs serves them all. */
const inputBytes = new Uint8Array(MAX_INFO_BYTES);
const inputView = new DataView(inputBytes.buffer);
const outputBytes = new Uint8Array(MAX_INFO_BYTES);
const outputView = new DataView(outputBytes.buffer);

/** What the command was asked, and by whom. */
export interface InfoRequest {
  readonly memory: FakeMemory;
  readonly address: number;
  readonly askedBytes: number;
  /** Size of the struct in this kernel. */
  readonly knownBytes: number;
  /** Without it the sizes of a program's code are withheld. */
  readonly privileged: boolean;
}

/** @returns how many bytes were filled, or -errno */
export function fillInfo(object: FakeObject, request: InfoRequest): number {
  const { memory, address, askedBytes, knownBytes } = request;
  if (askedBytes > PAGE_BYTES) return -E2BIG;
  const user = memory.resolve(address, askedBytes);
  if (!user) return -EFAULT;
  for (let at = knownBytes; at < askedBytes; at++) {
    if (user[at] !== 0) return -E2BIG;
  }
  const filled = Math.min(askedBytes, knownBytes);
  inputBytes.fill(0).set(user.subarray(0, filled));
  outputBytes.set(object.info);
  const result = finish(object, inputView, outputView, request);
  // Of a BTF object the struct is filled even when its name did not fit.
  if (result === 0 || object.kind === "btf") {
    user.set(outputBytes.subarray(0, filled));
  }
  return result === 0 ? filled : result;
}

/** What depends on the caller's input. Answers 0 or -errno. */
function finish(
  object: FakeObject,
  input: DataView,
  output: DataView,
  request: InfoRequest,
): number {
  switch (object.kind) {
    case "map":
      return 0;
    case "program":
      return finishProgram(object, input, output, request);
    case "btf":
      return finishBtf(object, input, output, request.memory);
    case "link":
      return finishLink(object, input, output, request.memory);
  }
}

/** Where a program's info has its record sizes, and what they are: bpf_func_info, bpf_line_info, an address. */
const RECORDS = [
  { size: 132, count: 144, bytes: 8 },
  { size: 172, count: 148, bytes: 16 },
  { size: 176, count: 168, bytes: 8 },
] as const;

function finishProgram(
  object: FakeObject,
  input: DataView,
  output: DataView,
  { memory, privileged }: InfoRequest,
): number {
  for (const { size, count, bytes } of RECORDS) {
    const given = input.getUint32(size, true);
    if (
      given !== bytes && (given !== 0 || input.getUint32(count, true) !== 0)
    ) {
      return -EINVAL;
    }
    output.setUint32(size, bytes, true);
  }
  const mapsFit = copyWords(memory, input, output, {
    count: 52,
    pointer: 56,
    words: object.mapIds,
    each: 1,
  });
  if (!mapsFit) return -EFAULT;
  if (!privileged) {
    output.setUint32(16, 0, true);
    output.setUint32(20, 0, true);
    return 0;
  }
  const functionsFit = copyWords(memory, input, output, {
    count: 144,
    pointer: 136,
    // struct bpf_func_info: insn_off, type_id
    words: object.functionTypeIds.flatMap((typeId, i) => [i * 2, typeId]),
    each: 2,
  });
  return functionsFit ? 0 : -EFAULT;
}

/** Copies as many records of `each` words as the caller has room for, and says how many there are. */
function copyWords(
  memory: FakeMemory,
  input: DataView,
  output: DataView,
  list: {
    count: number;
    pointer: number;
    words: readonly number[];
    each: number;
  },
): boolean {
  const { count, pointer, words, each } = list;
  const wanted = Math.min(input.getUint32(count, true) * each, words.length);
  const address = addressAt(input, pointer);
  output.setUint32(count, words.length / each, true);
  setAddress(output, pointer, address);
  if (wanted === 0) return true;
  const into = memory.resolve(address, wanted * 4);
  if (!into) return false;
  const view = new DataView(into.buffer, into.byteOffset);
  for (let i = 0; i < wanted; i++) view.setUint32(i * 4, words[i], true);
  return true;
}

function finishBtf(
  object: FakeObject,
  input: DataView,
  output: DataView,
  memory: FakeMemory,
): number {
  const address = addressAt(input, 16);
  const room = input.getUint32(24, true);
  if ((address === 0) !== (room === 0)) return -EINVAL;
  const typesAt = addressAt(input, 0);
  const { typeBytes } = object;
  const copied = Math.min(input.getUint32(8, true), typeBytes.length);
  if (copied > 0) {
    const into = memory.resolve(typesAt, copied);
    if (!into) return -EFAULT;
    into.set(typeBytes.subarray(0, copied));
  }
  setAddress(output, 0, typesAt);
  setAddress(output, 16, address);
  output.setUint32(24, object.outOfLineName.length, true);
  return address === 0
    ? 0
    : copyText(memory, address, room, object.outOfLineName);
}

function finishLink(
  object: FakeObject,
  input: DataView,
  output: DataView,
  memory: FakeMemory,
): number {
  const place = linkNameAt(output);
  if (!place) return 0;
  const address = addressAt(input, place.pointer);
  const room = input.getUint32(place.length, true);
  if ((address === 0) !== (room === 0)) return -EINVAL;
  const name = object.outOfLineName;
  setAddress(output, place.pointer, address);
  output.setUint32(place.length, name.length + 1, true);
  if (place.tooLong === "ENAMETOOLONG") {
    if (name.length + 1 > (room === 0 ? PATH_MAX : Math.min(room, PATH_MAX))) {
      return -ENAMETOOLONG;
    }
  }
  return address === 0 ? 0 : copyText(memory, address, room, name);
}

/** As bpf_copy_to_user(): all of it with a NUL, or what fits, a NUL, and -ENOSPC. */
function copyText(
  memory: FakeMemory,
  address: number,
  room: number,
  text: Uint8Array,
): number {
  const copied = Math.min(text.length, room - 1);
  const into = memory.resolve(address, copied + 1);
  if (!into) return -EFAULT;
  into.set(text.subarray(0, copied));
  into[copied] = 0;
  return copied < text.length ? -ENOSPC : 0;
}

function addressAt(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function setAddress(view: DataView, offset: number, address: number): void {
  view.setBigUint64(offset, BigInt(address), true);
}
