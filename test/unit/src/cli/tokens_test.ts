import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseArgs } from "node:util";
import type { Flag } from "../../../../src/cli/flags.ts";
import { type Token, tokenize } from "../../../../src/cli/tokens.ts";

const FLAGS = [
  { name: "listen", takes: "value" },
  { name: "rates", takes: "nothing" },
] as unknown as readonly Flag[];

Deno.test("tokenize() cuts what getopt_long() would cut", () => {
  assertEquals(tokenize(["once", "--listen", "-1", "--rates", "-x=1"], FLAGS), [
    { kind: "word", text: "once" },
    { kind: "flag", typed: "--listen", value: "-1", inline: false },
    { kind: "flag", typed: "--rates", value: undefined, inline: false },
    { kind: "flag", typed: "-x=1", value: undefined, inline: false },
  ]);
  assertEquals(tokenize(["--listen=", "--", "--listen"], FLAGS), [
    { kind: "flag", typed: "--listen", value: "", inline: true },
    { kind: "word", text: "--listen" },
  ]);
});

Deno.test("tokenize() cuts long flags and words as node:util does", () => {
  const argument = fc.constantFrom(
    ...["--listen", "--listen=", "--listen=a=b", "--rates", "--rates=x", "-"],
    ...["--", "---", "--=", "--=a", "--other", "word", "", "--listen "],
  );
  fc.assert(fc.property(fc.array(argument, { maxLength: 6 }), (args) => {
    const { tokens } = parseArgs({
      args,
      options: { listen: { type: "string" }, rates: { type: "boolean" } },
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    const expected = tokens.flatMap<Token>((token) =>
      token.kind === "positional"
        ? [{ kind: "word" as const, text: token.value }]
        : token.kind === "option"
        ? [{
          kind: "flag" as const,
          typed: token.rawName,
          value: token.value,
          inline: token.inlineValue === true,
        }]
        : []
    );
    assertEquals(tokenize(args, FLAGS), expected);
  }));
});
