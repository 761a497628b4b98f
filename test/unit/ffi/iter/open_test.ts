import { assert, assertEquals } from "@std/assert";
import {
  Btf,
  EPERM,
  iterationsOf,
  IteratorSession,
  MAP_BIRTH,
  MAP_TICK,
  openIterator,
  openPinned,
  PinPlace,
} from "../../../../ffi/mod.ts";
import { fakeKernelBtf, WANTED } from "../../../fakes/fake_btf.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const LINK_CREATE = 28;
const OBJ_PIN = 6;
const PROBE_READ_KERNEL = 113;
const NO_CPUS = { bases: [] };

function setUp(lacks: readonly string[] = []) {
  const kernel = new FakeKernel().giveIterators(lacks);
  return { kernel, btf: Btf.scan(fakeKernelBtf(lacks), WANTED) };
}

/** Whether a program calls a helper. */
function calls(code: Uint8Array, helper: number): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  for (let at = 0; at < code.length; at += 8) {
    if (code[at] === 0x85 && view.getInt32(at + 4, true) === helper) {
      return true;
    }
  }
  return false;
}

/** Whether a program has `offset` in a load, or adds it to a pointer. */
function touches(code: Uint8Array, offset: number): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  for (let at = 0; at < code.length; at += 8) {
    const isLoad = (code[at] & 7) === 1;
    if (isLoad && view.getInt16(at + 2, true) === offset) return true;
    if (code[at] === 0x07 && view.getInt32(at + 4, true) === offset) {
      return true;
    }
  }
  return false;
}

Deno.test("openIterator() takes the typed form where it loads, with every field", () => {
  const { kernel, btf } = setUp();
  const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS);
  assert(typeof opened !== "string", String(opened));
  assertEquals([opened.form, opened.absent], ["typed", {}]);
  assertEquals(
    opened.fields,
    MAP_TICK.fields.slice(0, 3).map(({ name }) => name).concat(
      MAP_TICK.fields.flatMap(({ name }) =>
        name.startsWith("live.") ? [name] : []
      ),
    ),
  );
  assert(opened.linkId > 0 && opened.programId > 0);
  // The link alone is open.
  assertEquals(kernel.openFds, 1);
});

Deno.test("openIterator() reads by bpf_probe_read_kernel() where the verifier trusts no type", () => {
  const { kernel, btf } = setUp();
  kernel.verifier = (code) =>
    calls(code, PROBE_READ_KERNEL) ? undefined : "R7 invalid mem access";
  const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS);
  assert(typeof opened !== "string", String(opened));
  assertEquals([opened.form, opened.absent], ["probe", {}]);
});

Deno.test("openIterator() does without the field that the verifier refuses in every form", () => {
  const { kernel, btf } = setUp();
  const extra = btf.member("bpf_map", "map_extra")?.byteOffset ?? 0;
  kernel.verifier = (code) =>
    touches(code, extra) ? "R7 has no map_extra" : undefined;
  const opened = openIterator(kernel, btf, MAP_BIRTH, NO_CPUS);
  assert(typeof opened !== "string", String(opened));
  assertEquals(opened.form, "typed");
  assertEquals(opened.absent, { "info.map_extra": "the verifier refuses it" });
  assertEquals(kernel.openFds, 1);
});

Deno.test("openIterator() answers the verifier's first reason where no form loads", () => {
  const { kernel, btf } = setUp();
  kernel.verifier = (code) =>
    calls(code, PROBE_READ_KERNEL) ? "later" : "R7 invalid mem access";
  assertEquals(
    openIterator(kernel, btf, MAP_TICK, NO_CPUS),
    "the verifier says: R7 invalid mem access",
  );
  assertEquals(kernel.openFds, 0);
});

Deno.test("openIterator() says which required member the kernel lacks", () => {
  const { kernel, btf } = setUp(["bpf_map.map_type"]);
  assertEquals(
    openIterator(kernel, btf, MAP_TICK, NO_CPUS),
    "this kernel has no bpf_map.map_type",
  );
});

Deno.test("openIterator() says that the kernel lacks the iterator", () => {
  const { kernel, btf } = setUp(["bpf_iter_bpf_map"]);
  assertEquals(
    openIterator(kernel, btf, MAP_TICK, NO_CPUS),
    "this kernel has no iterator over bpf_map",
  );
});

Deno.test("openIterator() leaves nothing open where the link is refused", () => {
  const { kernel, btf } = setUp();
  kernel.fail(LINK_CREATE, EPERM);
  assertEquals(
    openIterator(kernel, btf, MAP_TICK, NO_CPUS),
    "BPF_LINK_CREATE failed: EPERM",
  );
  assertEquals(kernel.openFds, 0);
});

/** Opens a pinned iterator over maps: what it is, and how a pass went after privileges were given up. */
function pin(kernel: FakeKernel, btf: Btf) {
  using pins = new PinPlace(kernel);
  const opened = openPinned(kernel, btf, MAP_TICK, NO_CPUS, pins);
  assert(typeof opened !== "string", String(opened));
  return opened;
}

Deno.test("openPinned() gives a pin without a name, read without privilege and without bpf()", () => {
  const { kernel, btf } = setUp();
  kernel.addMap({ id: 5 });
  const opened = JSON.parse(JSON.stringify(pin(kernel, btf)));
  // The link and the place of its pin: no mount.
  assertEquals([kernel.openFds, kernel.pins.size], [2, 0]);
  kernel.privileged = false;
  const before = kernel.bpfCalls;
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, opened),
    opened.recordBytes,
  );
  for (let i = 0; i < 2; i++) {
    assertEquals([session.run(), session.count], [undefined, 1]);
  }
  assertEquals(kernel.bpfCalls, before);
});

Deno.test("openPinned() takes the mounted bpffs where none can be made, and leaves nothing there", () => {
  const { kernel, btf } = setUp();
  kernel.bpffsMounted = true;
  kernel.mountDetached = () => -EPERM;
  assert(pin(kernel, btf).pinFd !== undefined);
  assertEquals([kernel.openFds, kernel.pins.size], [2, 0]);
});

Deno.test("openPinned() does without a pin where there is no bpffs, or pinning fails", () => {
  const { kernel, btf } = setUp();
  kernel.mountDetached = () => -EPERM;
  assertEquals("pinFd" in pin(kernel, btf), false);
  const other = setUp();
  other.kernel.fail(OBJ_PIN, EPERM);
  assertEquals("pinFd" in pin(other.kernel, other.btf), false);
  assertEquals([kernel.openFds, other.kernel.openFds], [1, 1]);
});

Deno.test("openIterator() does without one type's entries that the verifier refuses, and keeps the others", () => {
  const { kernel, btf } = setUp();
  const id = btf.structId("lpm_trie") ?? 0;
  kernel.verifier = (code) => {
    const view = new DataView(code.buffer, code.byteOffset, code.length);
    for (let at = 0; at < code.length; at += 8) {
      // r2 = the type that is cast to
      const isCast = code[at] === 0xb7 && (code[at + 1] & 0xf) === 2;
      if (isCast && view.getInt32(at + 4, true) === id) return "no such trie";
    }
    return calls(code, PROBE_READ_KERNEL) ? "R7 is no number" : undefined;
  };
  const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS);
  assert(typeof opened !== "string", String(opened));
  assertEquals(opened.absent, { "live.lpm_trie": "the verifier refuses it" });
  assert(opened.fields.includes("live.hash"));
});
