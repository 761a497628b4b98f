/**
 * Owns the look-up of a kernel symbol in /proc/kallsyms. In: a port, a name. Out: its address, or undefined. The list has
 * more than 100,000 lines: it is read piece by piece, and only as far as needed.
 * @module
 */
import { Fd } from "./fd.ts";
import type { KernelPort } from "./port.ts";

const decoder = new TextDecoder();

/**
 * The address of a symbol of the kernel itself; undefined where there is none, and where addresses are hidden
 * (`kernel.kptr_restrict`, or no CAP_SYSLOG).
 */
export function symbolAddress(
  kernel: KernelPort,
  name: string,
): bigint | undefined {
  const number = kernel.open("/proc/kallsyms");
  if (number < 0) return undefined;
  using fd = new Fd(kernel, number);
  const chunk = new Uint8Array(4096);
  const wanted = new RegExp(`^([0-9a-f]+) \\S ${name}$`, "m");
  let text = "";
  for (;;) {
    const length = kernel.read(fd.number, chunk);
    if (length <= 0) return undefined;
    text += decoder.decode(chunk.subarray(0, length));
    const lines = text.lastIndexOf("\n") + 1;
    const whole = text.slice(0, lines);
    // A search for plain text is much faster, and nearly every piece is without it.
    const found = whole.includes(name) ? whole.match(wanted) : null;
    if (found !== null) return BigInt(`0x${found[1]}`) || undefined;
    text = text.slice(lines);
  }
}
