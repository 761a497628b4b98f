/**
 * Owns the BTF of programs that have functions of their own, which the kernel asks for where helpers call them back. In: names, and
 * how many arguments each takes. Out: a blob, and the type of each function in it. Source: Documentation/bpf/btf.rst,
 * kernel/bpf/verifier.c check_btf_func().
 * @module
 */
import type { Assembler } from "../asm/assemble.ts";
import { loadBtf, objectInfo, type ProgramFunctions } from "../bpf.ts";
import { KIND } from "../btf/kinds.ts";
import { Fd } from "../fd.ts";
import type { KernelPort } from "../port.ts";
import { BTF_INFO } from "../uapi.ts";
import { bufferOf } from "../instructions.ts";

/** One function of a program; the first is the main one. */
export interface OwnFunction {
  /** As C has it; its label in the assembler, but the main one's. */
  readonly name: string;
  /** Each one is 64 bits wide, whatever it is. */
  readonly argumentCount: number;
}

const MAGIC = 0xeb9f;
const VERSION = 1;
const HEADER_BYTES = 24;
const NUMBER = 1;

/** As BPF_PROG_LOAD is told of them. */
export interface LoadedFunctions extends ProgramFunctions {
  /** Of the BTF object, which is the agent's own; 0 where it cannot be had. */
  readonly btfId: number;
}

/** Calls `use` with what BPF_PROG_LOAD is told of the functions of a program, or answers -errno: BTF could not be loaded. */
export function withFunctions<T>(
  kernel: KernelPort,
  asm: Assembler,
  functions: readonly OwnFunction[],
  use: (told: LoadedFunctions) => T,
): T | number {
  const blob = functionBtf(functions);
  const number = loadBtf(kernel, bufferOf(kernel, blob), blob.length);
  if (number < 0) return number;
  // The program keeps the BTF.
  using fd = new Fd(kernel, number);
  const info = new Uint32Array(
    functions.flatMap((
      { name },
      i,
    ) => [i === 0 ? 0 : asm.slotOf(name), typeOf(i)]),
  );
  return use({
    btfFd: fd.number,
    info: bufferOf(kernel, new Uint8Array(info.buffer)),
    count: functions.length,
    btfId: idOf(kernel, fd.number),
  });
}

function idOf(kernel: KernelPort, btfFd: number): number {
  const info = kernel.allocate(BTF_INFO.size);
  const filled = objectInfo(kernel, btfFd, info, BTF_INFO.size);
  return filled < BTF_INFO.id.offset + 4
    ? 0
    : BTF_INFO.id.get(info.view, BTF_INFO.id.offset);
}

/** Behind the number: of each function its prototype, then itself. */
function typeOf(index: number): number {
  return NUMBER + 2 * (index + 1);
}

/** A BTF blob with one function for each of `functions`. */
export function functionBtf(
  functions: readonly OwnFunction[],
): Uint8Array<ArrayBuffer> {
  let strings = "\0";
  const nameOf = (name: string): number => {
    const at = strings.length;
    strings += `${name}\0`;
    return at;
  };
  const argument = nameOf("a");
  const types = [nameOf("u64"), KIND.INT << 24, 8, 64];
  functions.forEach(({ name, argumentCount }, i) => {
    types.push(0, KIND.FUNC_PROTO << 24 | argumentCount, NUMBER);
    for (let n = 0; n < argumentCount; n++) types.push(argument, NUMBER);
    types.push(nameOf(name), KIND.FUNC << 24, typeOf(i) - 1);
  });
  const typeBytes = types.length * 4;
  const blob = new Uint8Array(HEADER_BYTES + typeBytes + strings.length);
  const view = new DataView(blob.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint32(4, HEADER_BYTES, true);
  view.setUint32(12, typeBytes, true);
  view.setUint32(16, typeBytes, true);
  view.setUint32(20, strings.length, true);
  blob.set(new Uint8Array(new Uint32Array(types).buffer), HEADER_BYTES);
  new TextEncoder().encodeInto(
    strings,
    blob.subarray(HEADER_BYTES + typeBytes),
  );
  return blob;
}
