/**
 * Owns what the tests of parse() share. In: what differs from an empty environment and no file. Out: ports; a configuration.
 * @module
 */
import { fail } from "@std/assert";
import { parse, type ParsePorts } from "../../../../src/cli/parse.ts";
import type { Config } from "../../../../src/config/config.ts";

/** What may follow in a sentence without reaching a terminal raw. */
export const ONE_SAFE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;

export function ports(given: Partial<ParsePorts> = {}): ParsePorts {
  return {
    stderrIsTerminal: true,
    env: {},
    readTextFile() {
      throw new Deno.errors.NotFound("no such file");
    },
    requirable: ["maps", "programs", "btf"],
    ...given,
  };
}

export async function configOf(
  args: readonly string[],
  given = ports(),
): Promise<Config> {
  const invocation = await parse(args, given);
  if (invocation.kind !== "serve") {
    fail(`Cannot read ${JSON.stringify(args)}: ${JSON.stringify(invocation)}`);
  }
  return invocation.config;
}
