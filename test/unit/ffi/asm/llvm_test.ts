/**
 * Holds the assembler and the disassembler to LLVM: the same text gives the same bytes, and the same bytes the same meaning.
 * In: every form of forms.ts, llvm-mc and llvm-objdump. Out: assertions. What this LLVM cannot write is said by a SKIP line.
 * @module
 */
import { assertEquals, assertGreater } from "@std/assert";
import { Assembler } from "../../../../ffi/asm/assemble.ts";
import { disassemble } from "../../../../ffi/asm/disassemble.ts";
import { skip } from "../../../kernel/skip.ts";
import { type Form, FORMS } from "./forms.ts";

const NAME = "Assembler and disassemble() agree with LLVM on every form";
/** Makes the operand of a jump a legal one, and keeps sides in step. */
const FILLER = "r0 = 0";

interface Listed {
  readonly bytes: string;
  readonly text: string;
}

function run(command: string, args: string[]): { ok: boolean; text: string } {
  const { success, stdout, stderr } = new Deno.Command(command, { args })
    .outputSync();
  const text = new TextDecoder().decode(success ? stdout : stderr);
  return { ok: success, text };
}

function whyNoLlvm(): string | undefined {
  for (const tool of ["llvm-mc", "llvm-objdump"]) {
    try {
      run(tool, ["--version"]);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return `there is no ${tool}`;
      throw error;
    }
  }
  return undefined;
}

/** Line numbers, from 0, that LLVM cannot read, none of them where it wrote `object`. */
function assembleBy(lines: readonly string[], object: string): Set<number> {
  const source = `${object}.s`;
  Deno.writeTextFileSync(source, `${lines.join("\n")}\n`);
  const { ok, text } = run("llvm-mc", [
    "-triple=bpfel",
    "-mattr=+alu32",
    "-filetype=obj",
    "-o",
    object,
    source,
  ]);
  const bad = [...text.matchAll(/\.s:(\d+):\d+: error/g)];
  if (!ok && bad.length === 0) throw new Error(text);
  return new Set(ok ? [] : bad.map(([, line]) => Number(line) - 1));
}

/** Instructions of an object file, by llvm-objdump; of two slots one line each. */
function list(object: string): Listed[] {
  const { text } = run("llvm-objdump", ["-d", "--mattr=+alu32", object]);
  const listed: Listed[] = [];
  for (const line of text.split("\n")) {
    const [, hex, words] =
      line.match(/^\s*\d+:\s((?:[0-9a-f]{2} ?){8,16})\s*(.*)$/) ?? [];
    if (hex === undefined) continue;
    const bytes = hex.replaceAll(" ", "");
    listed.push({ bytes, text: words.trim() });
  }
  return listed;
}

/** One way to write what the verifier and LLVM write differently: numbers, targets of jumps, blanks. */
function meaning(text: string): string {
  return text
    .replace(/^\d+: \([0-9a-f]{2}\) /, "")
    .replace(/ <[^<> ]+>$/, "")
    .replace(/\bhelper#|\bkernel-function#/, "")
    .replace("goto pc", "goto ")
    .replace(/ ll$/, "")
    // A load into the lower half clears the upper one, so both names are right; stores take the lower half anyway.
    .replace(/^w(\d+)(?= = \*)/, "r$1")
    .replace(/(?<=^\*\(.*\) = )w/, "r")
    .replace(/([+-]) (\d)/g, "$1$2")
    .replace(/-?\b(?:0x[0-9a-f]+|\d+)\b(?!\))/g, (number) => {
      const value = number.startsWith("-")
        ? -BigInt(number.slice(1))
        : BigInt(number);
      const bits = text.includes("ll") || value > 0xffff_ffffn ? 64 : 32;
      return String(BigInt.asUintN(bits, value));
    });
}

function ours({ write }: Form): Uint8Array {
  const asm = new Assembler();
  write(asm);
  asm.move("r0", 0).label("there").move("r0", 0);
  return asm.assemble();
}

const reason = whyNoLlvm();
if (reason !== undefined) skip(NAME, reason);

Deno.test({
  name: NAME,
  ignore: reason !== undefined,
  fn() {
    const folder = Deno.makeTempDirSync({ prefix: "llvm-" });
    try {
      const object = `${folder}/forms.o`;
      const all = FORMS.map(({ llvm }) => llvm);
      const unreadable = assembleBy(all, object);
      if (unreadable.size > 0) {
        const texts = [...unreadable].map((line) => all[line]);
        skip(`llvm-mc on ${texts.join(", ")}`, "this LLVM cannot write them");
      }
      const forms = FORMS.filter((_, line) => !unreadable.has(line));
      assertGreater(forms.length, 100);
      const lines = forms.flatMap(({ llvm }) => [llvm, FILLER, FILLER]);
      assertEquals(assembleBy(lines, object), new Set());
      const theirs = list(object);
      assertEquals(theirs.length, lines.length);
      for (const [i, form] of forms.entries()) {
        const { bytes, text } = theirs[i * 3];
        const code = ours(form);
        assertEquals(
          code.toHex().slice(0, bytes.length),
          bytes,
          form.llvm,
        );
        assertEquals(meaning(disassemble(code)[0]), meaning(text), form.llvm);
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
