import { assert, assertEquals } from "@std/assert";
import {
  AheadMap,
  BPF,
  Btf,
  EPERM,
  MAP_TICK,
  openIterator,
} from "../../../../ffi/mod.ts";
import { fakeKernelBtf, WANTED } from "../../../fakes/fake_btf.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const NO_CPUS = { bases: [] };
/** Instructions that load a descriptor's map, or its value. */
const LOAD_IMMEDIATE_64 = 0x18;

function setUp(lacks: readonly string[] = []) {
  const kernel = new FakeKernel().giveIterators(lacks);
  return { kernel, btf: Btf.scan(fakeKernelBtf(lacks), WANTED) };
}

/** Of the programs that are loaded, by whether they have a map. */
function programsLoaded(kernel: FakeKernel): boolean[] {
  const loaded: boolean[] = [];
  kernel.verifier = (code) => {
    loaded.push(hasMap(code));
    return undefined;
  };
  return loaded;
}

function hasMap(code: Uint8Array): boolean {
  for (let at = 0; at < code.length; at += 8) {
    if (code[at] === LOAD_IMMEDIATE_64) return true;
  }
  return false;
}

Deno.test("AheadMap is the agent's own, and gone once the programs are", () => {
  const { kernel, btf } = setUp();
  {
    using ahead = new AheadMap(kernel, btf);
    assertEquals(ahead.mapIds, [kernel.tables.map.idAfter(0) ?? 0]);
    const loaded = programsLoaded(kernel);
    const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS, {
      aheadFd: ahead.mapFd,
    });
    assert(typeof opened !== "string", String(opened));
    assertEquals([opened.form, opened.absent, loaded], ["typed", {}, [true]]);
    kernel.close(opened.linkFd);
  }
  assertEquals([kernel.openFds, kernel.tables.map.size], [0, 0]);
});

Deno.test("AheadMap has no map where no number can be followed, or none can be made", () => {
  const old = setUp(["bpf_rdonly_cast"]);
  using none = new AheadMap(old.kernel, old.btf);
  const refused = setUp();
  refused.kernel.fail(BPF.MAP_CREATE, EPERM);
  using other = new AheadMap(refused.kernel, refused.btf);
  assertEquals([none.mapFd, other.mapFd], [undefined, undefined]);
  assertEquals([none.mapIds, other.mapIds], [[], []]);
});

Deno.test("openIterator() gives up touching ahead before it gives up types", () => {
  const { kernel, btf } = setUp();
  using ahead = new AheadMap(kernel, btf);
  kernel.verifier = (code) => hasMap(code) ? "R0 leaks addr" : undefined;
  const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS, {
    aheadFd: ahead.mapFd,
  });
  assert(typeof opened !== "string", String(opened));
  assertEquals([opened.form, opened.absent], ["typed", {}]);
});

Deno.test("openIterator() touches nothing ahead where the kernel numbers no objects", () => {
  const { kernel, btf } = setUp(["bpf_iter_meta.seq_num"]);
  using ahead = new AheadMap(kernel, btf);
  const loaded = programsLoaded(kernel);
  const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS, {
    aheadFd: ahead.mapFd,
  });
  assert(typeof opened !== "string", String(opened));
  assertEquals([opened.form, loaded], ["typed", [false]]);
});

Deno.test("openIterator() still does without a field that the verifier refuses beside touching ahead", () => {
  const { kernel, btf } = setUp();
  using ahead = new AheadMap(kernel, btf);
  const cookie = btf.member("bpf_map", "cookie")?.byteOffset ?? 0;
  kernel.verifier = (code) => loads(code, cookie) ? "no cookie" : undefined;
  const opened = openIterator(kernel, btf, MAP_TICK, NO_CPUS, {
    aheadFd: ahead.mapFd,
  });
  assert(typeof opened !== "string", String(opened));
  assertEquals(opened.absent.cookie, "the verifier refuses it");
});

/** Whether a program has `offset` in a load, or adds it to a pointer. */
function loads(code: Uint8Array, offset: number): boolean {
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
