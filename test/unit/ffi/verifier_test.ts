/**
 * Owns the tests of ffi/verifier.ts. In: a fake kernel whose verifier says what a test has it say. Out: assertions.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { EACCES, EINVAL, EPERM } from "../../../ffi/errno.ts";
import { loadOrRefusal, type Refusal } from "../../../ffi/verifier.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

/** Refuses programs, the first `times` of them, and logs why where it is asked to. */
class StrictKernel extends FakeKernel {
  logsAsked = 0;
  readonly #log: string;
  readonly #errno: number;
  #times: number;

  constructor(log: string, errno: number, times = Infinity) {
    super();
    this.#log = log;
    this.#errno = errno;
    this.#times = times;
  }

  override bpf(
    command: number,
    attr: Uint8Array<ArrayBuffer>,
    size: number,
  ): number {
    if (this.#times-- <= 0) return super.bpf(command, attr, size);
    const view = new DataView(attr.buffer);
    if (view.getUint32(24, true) !== 0) {
      this.logsAsked++;
      const address = Number(view.getBigUint64(32, true));
      const into = this.memory.resolve(address, view.getUint32(28, true));
      assert(into !== undefined);
      new TextEncoder().encodeInto(this.#log, into);
    }
    return -this.#errno;
  }
}

function load(kernel: FakeKernel): number | Refusal {
  const instructions = kernel.allocate(16);
  instructions.bytes.set([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95]);
  return loadOrRefusal(kernel, { type: 1, instructions, instructionCount: 2 });
}

Deno.test("loadOrRefusal() answers a descriptor without asking for a log", () => {
  const kernel = new StrictKernel("", EACCES, 0);
  const fd = load(kernel);
  assert(typeof fd === "number" && fd >= 0);
  assertEquals([kernel.logsAsked, kernel.bpfCalls], [0, 1]);
});

Deno.test("loadOrRefusal() has the verifier's complaint, not its sums", () => {
  const log = "0: R1=ctx() R10=fp0\n0: (79) r7 = *(u64 *)(r1 +8)\n" +
    "R7 invalid mem access 'trusted_ptr_or_null_'\n" +
    "verification time 35 usec\nstack depth 0\n" +
    "processed 3 insns (limit 1000000) max_states_per_insn 0\n";
  const refusal = load(new StrictKernel(log, EACCES));
  assertEquals(refusal, {
    errno: EACCES,
    reason: "R7 invalid mem access 'trusted_ptr_or_null_'",
    log: log.split("\n").slice(0, 3),
  });
});

Deno.test("loadOrRefusal() keeps the last lines of a long log", () => {
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`);
  const refusal = load(new StrictKernel(lines.join("\n"), EINVAL));
  assert(typeof refusal !== "number");
  assertEquals(refusal.log, lines.slice(-20));
});

Deno.test("loadOrRefusal() names the errno where the verifier was not even asked", () => {
  const refusal = { errno: EPERM, reason: "EPERM", log: [] };
  assertEquals(load(new StrictKernel("", EPERM)), refusal);
});

Deno.test("loadOrRefusal() takes a program that loads the second time", () => {
  const kernel = new StrictKernel("", EACCES, 1);
  assertEquals(typeof load(kernel), "number");
});
