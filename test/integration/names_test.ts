/**
 * Owns the check of ffi/names.ts against the running kernel. In: the enums in its BTF, as bpftool prints them. Out:
 * assertions: what the kernel has, we call by the same name; we may know more than it has. Ignored, with the reason on a
 * line that starts with SKIP, where there is no bpftool or no BTF.
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  ATTACH_TYPES,
  LINK_TYPES,
  MAP_TYPES,
  PROG_TYPES,
} from "../../ffi/names.ts";

const BTF = "/sys/kernel/btf/vmlinux";

const dump = dumpBtf();
const skip = typeof dump === "string" ? undefined : dump.skip;
if (skip !== undefined) {
  // deno-lint-ignore no-console -- the runner counts this line
  console.log(`SKIP names against the kernel's BTF: ${skip}`);
}

const CASES: [enumName: string, prefix: string, names: readonly string[]][] = [
  ["bpf_map_type", "BPF_MAP_TYPE_", MAP_TYPES],
  ["bpf_prog_type", "BPF_PROG_TYPE_", PROG_TYPES],
  ["bpf_link_type", "BPF_LINK_TYPE_", LINK_TYPES],
  ["bpf_attach_type", "BPF_", ATTACH_TYPES],
];

for (const [enumName, prefix, names] of CASES) {
  Deno.test({
    name: `names of enum ${enumName} are the running kernel's`,
    ignore: skip !== undefined,
    fn() {
      const byValue = enumerators(String(dump), enumName);
      assertGreater(byValue.size, 10);
      for (const [value, aliases] of byValue) {
        const ours = names[value];
        assert(
          ours !== undefined,
          `${enumName} ${value} (${aliases}) has no name here`,
        );
        const theirs = aliases.map((alias) => plain(alias, prefix));
        assert(
          theirs.includes(ours),
          `${enumName} ${value} is ${theirs} in the kernel, ${ours} here`,
        );
      }
      assertEquals(Math.max(...byValue.keys()), byValue.size - 1);
    },
  });
}

/** An enumerator in bpftool's style: lower case, without its prefix. */
function plain(enumerator: string, prefix: string): string {
  return enumerator.replace(prefix, "").toLowerCase();
}

/** Every enumerator of an enum by its value, but the count that ends it. */
function enumerators(text: string, enumName: string): Map<number, string[]> {
  const body = text.match(new RegExp(`enum ${enumName} \\{([^}]*)\\}`));
  assert(body, `no enum ${enumName} in the kernel's BTF`);
  const byValue = new Map<number, string[]>();
  for (const [, name, value] of body[1].matchAll(/(\w+) = (\d+)/g)) {
    if (/^_*MAX_/.test(name)) continue;
    byValue.set(Number(value), [...byValue.get(Number(value)) ?? [], name]);
  }
  return byValue;
}

function dumpBtf(): string | { skip: string } {
  try {
    const { success, stdout, stderr } = new Deno.Command("bpftool", {
      args: ["btf", "dump", "file", BTF, "format", "c"],
    }).outputSync();
    const decoder = new TextDecoder();
    return success
      ? decoder.decode(stdout)
      : { skip: decoder.decode(stderr).trim() };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { skip: "there is no bpftool" };
  }
}
