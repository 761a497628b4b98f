/**
 * Owns what others say of the machine's kernel objects: the tests' own C reader, which knows every field, and bpftool,
 * which may be older than the kernel. In: a kind. Out: rows by id.
 * @module
 */
import type { ObjectKind } from "../../ffi/mod.ts";
import { compile } from "./compile.ts";

/** One object as a reader tells it: the names are the reader's. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: number };

/** Every object of `kind` on this machine, by the C reader. 64-bit values are strings. */
export function readInfo(kind: ObjectKind): Map<number, Row> {
  const text = output(compile("info"), [kind]);
  return byId(text.split("\n").filter(Boolean).map((line) => JSON.parse(line)));
}

const BPFTOOL_NAME = { map: "map", program: "prog", link: "link", btf: "btf" };

/** Why bpftool cannot be asked, or undefined where it can. */
export function whyNoBpftool(): string | undefined {
  try {
    output("bpftool", ["version"]);
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no bpftool";
    throw error;
  }
}

/** Every object of `kind` on this machine, by bpftool. Cookies and cgroup ids beyond 2^53 are not exact. */
export function readBpftool(kind: ObjectKind): Map<number, Row> {
  const text = output("bpftool", ["-j", BPFTOOL_NAME[kind], "show"]);
  return byId(text === "" ? [] : JSON.parse(text));
}

/** The kernel's types as a C header, by bpftool. */
export function readTypesHeader(): string {
  const file = "/sys/kernel/btf/vmlinux";
  return output("bpftool", ["btf", "dump", "file", file, "format", "c"]);
}

function byId(rows: readonly Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}

function output(command: string, args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args })
    .outputSync();
  if (!success) {
    throw new Error(
      `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
    );
  }
  return new TextDecoder().decode(stdout);
}
