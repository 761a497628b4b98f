/**
 * Holds Btf to the C compiler: offsets and sizes of members of the running kernel's structs, ours and those of a program that
 * cc builds from bpftool's dump of the same BTF. In: /sys/kernel/btf/vmlinux. Out: assertions. Needs no privilege.
 * @module
 */
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { Btf, type Member, openLibc, readBtf } from "../../ffi/mod.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { BTF_MEMBERS, BTF_WANTED } from "../kernel/btf_members.ts";
import { runText, whyNoCompiler } from "../kernel/compile.ts";
import { readTypesHeader, whyNoBpftool } from "../kernel/reference.ts";
import { skip } from "../kernel/skip.ts";

const NAMES_OF_A_CALLER = { structs: ["bpf_map"], functions: [] };

function kernelTypes(): Btf {
  const bytes = readBtf(openLibc());
  assert(typeof bytes !== "number", `errno ${bytes}`);
  return Btf.scan(bytes, BTF_WANTED);
}

/** Where `member` is, in words that a C program can print. */
function words(struct: string, path: string, member: Member): string {
  const { byteOffset, sizeBytes, bitField } = member;
  return bitField === undefined
    ? `${struct} ${path} at ${byteOffset}, ${sizeBytes} bytes`
    : `${struct} ${path} at bit ${
      byteOffset * 8 + bitField.bitOffset
    }, ${bitField.bitSize} bits`;
}

/** A C statement that prints the same. Bits are found by setting them, an array without an end has no size in C. */
function statement(struct: string, path: string, member: Member): string {
  const type = `struct ${struct}`;
  if (member.bitField !== undefined) {
    return `{ static ${type} s; s.${path} = -1; bits("${struct} ${path}", &s, sizeof s); }`;
  }
  const size = member.sizeBytes === 0
    ? "0ul"
    : `sizeof ((${type} *)0)->${path}`;
  return `printf("${struct} ${path} at %lu, %lu bytes\\n", __builtin_offsetof(${type}, ${path}), ${size});`;
}

const PRELUDE = `
#include "types.h"
extern int printf(const char *, ...);
static void bits(const char *what, const void *from, unsigned long size) {
  const unsigned char *bytes = from;
  unsigned long first = 0, count = 0;
  for (unsigned long i = size * 8; i-- > 0;)
    if (bytes[i / 8] >> i % 8 & 1) first = i, count++;
  printf("%s at bit %lu, %lu bits\\n", what, first, count);
}
`;

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;
const noReference = noBtf ?? whyNoCompiler() ?? whyNoBpftool();
const OFFSETS = "Btf.member() says of the kernel's structs what cc says";
const REST = "Btf.scan() takes the kernel's own BTF";
if (noReference !== undefined) skip(OFFSETS, noReference);
if (noBtf !== undefined) skip(REST, noBtf);

Deno.test({
  name: OFFSETS,
  ignore: noReference !== undefined,
  fn() {
    using btf = kernelTypes();
    const ours: string[] = [];
    const statements: string[] = [];
    for (const [struct, path] of BTF_MEMBERS) {
      const member = btf.member(struct, path);
      if (member === undefined) continue;
      ours.push(words(struct, path, member));
      statements.push(statement(struct, path, member));
    }
    for (const struct of BTF_WANTED.structs) {
      const size = btf.sizeOf(struct);
      if (size === undefined) continue;
      ours.push(`${struct} ${size} bytes`);
      statements.push(
        `printf("${struct} %lu bytes\\n", sizeof (struct ${struct}));`,
      );
    }
    // Fewer would mean that names of the list are wrong, not that the kernel lacks them.
    assertGreater(ours.length, 100);
    const source = `${PRELUDE}int main(void) {\n${statements.join("\n")}\n}`;
    const theirs = runText("offsets", source, { "types.h": readTypesHeader() });
    assertEquals(ours, theirs.trimEnd().split("\n"));
  },
});

Deno.test({
  name: REST,
  ignore: noBtf !== undefined,
  fn() {
    using btf = kernelTypes();
    assertGreater(btf.typeCount, 10_000);
    for (const name of BTF_WANTED.functions) {
      assertEquals(
        btf.functionId(name),
        kernelBtf()?.attachTarget(name),
        name,
      );
    }
    assertEquals(btf.member("bpf_map", "no_such_member"), undefined);
    // What it points to is not part of the struct.
    assertEquals(btf.member("bpf_prog", "aux.id"), undefined);
  },
});

Deno.test({
  name: "Btf[Symbol.dispose]() gives the bytes back at once",
  ignore: noBtf !== undefined,
  fn() {
    const bytes = readBtf(openLibc());
    assert(typeof bytes !== "number");
    const btf = Btf.scan(bytes, NAMES_OF_A_CALLER);
    const id = btf.structId("bpf_map");
    btf[Symbol.dispose]();
    assertEquals(bytes.length, 0);
    assertEquals(btf.structId("bpf_map"), id);
    assertThrows(() => btf.sizeOf("bpf_map"), Error, "after it was disposed");
    btf[Symbol.dispose]();
  },
});
