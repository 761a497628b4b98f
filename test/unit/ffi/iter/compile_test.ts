import { assert, assertEquals, assertThrows } from "@std/assert";
import { Btf, MAP_BIRTH, MAP_TICK, PROGRAM_TICK } from "../../../../ffi/mod.ts";
import { compile } from "../../../../ffi/iter/compile.ts";
import { Absent } from "../../../../ffi/iter/emitter.ts";
import { fakeKernelBtf, WANTED } from "../../../fakes/fake_btf.ts";

const OPTIONS = {
  form: "typed",
  without: new Set<string>(),
  perCpu: { bases: [1n, 2n] },
} as const;

function btf(...lacks: string[]): Btf {
  return Btf.scan(fakeKernelBtf(lacks), WANTED);
}

Deno.test("compile() has stand-ins take the place of a field that the kernel lacks", () => {
  const here = compile(btf(), MAP_TICK, OPTIONS);
  assertEquals([here.recordBytes, here.absent], [24, {}]);
  const older = compile(btf("bpf_map.cookie"), MAP_TICK, OPTIONS);
  assertEquals(older.recordBytes, 40);
  assertEquals(older.fields.slice(2), [
    "key_size",
    "value_size",
    "max_entries",
    "map_flags",
    "name",
  ]);
  const { cookie, ...live } = older.absent;
  assertEquals(cookie, "this kernel has no bpf_map.cookie");
  // Entries have no place there.
  assertEquals(new Set(Object.values(live)), new Set([cookie]));
  assert(Object.keys(live).every((name) => name.startsWith("live.")));
});

Deno.test("compile() leaves out what it is told to, and says so", () => {
  const without = new Set(["info.btf_id"]);
  const { fields, absent } = compile(btf(), MAP_BIRTH, { ...OPTIONS, without });
  assert(!fields.includes("info.btf_id"));
  assertEquals(absent, { "info.btf_id": "the verifier refuses it" });
});

Deno.test("compile() throws Absent where a required field cannot be", () => {
  const error = assertThrows(
    () => compile(btf("bpf_map.id"), MAP_TICK, OPTIONS),
    Absent,
  );
  assertEquals(error.message, "this kernel has no bpf_map.id");
});

Deno.test("compile() has no sums where the memory of each CPU is not known", () => {
  const perCpu = { bases: [] };
  const { fields, absent } = compile(btf(), PROGRAM_TICK, {
    ...OPTIONS,
    perCpu,
  });
  assertEquals(fields, ["id", "type", "load_time"]);
  assertEquals(Object.keys(absent), [
    "run_time_ns",
    "run_cnt",
    "recursion_misses",
  ]);
});

Deno.test("compile() makes a program with a map of bases no longer for more CPUs", () => {
  const length = (cpus: number, mapFd?: number) =>
    compile(btf(), PROGRAM_TICK, {
      ...OPTIONS,
      perCpu: {
        bases: new Array(cpus).fill(1n),
        ...(mapFd === undefined ? {} : { mapFd }),
      },
    }).code.length;
  assertEquals(length(2, 9), length(1024, 9));
  assert(length(1024) > 100 * length(1024, 9));
});

Deno.test("compile() takes the next way where the kernel lacks the first", () => {
  const older = compile(btf("bpf_prog.stats"), PROGRAM_TICK, OPTIONS);
  assertEquals(older.absent, {});
});
