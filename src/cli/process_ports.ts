/**
 * Owns what parsing needs of this process. In: the process. Out: ports.
 * @module
 */
import { readRegularFile } from "../config/text_file.ts";
import { stderrIsTerminal } from "../log.ts";
import type { ParsePorts } from "./parse.ts";

export function processPorts(): Omit<ParsePorts, "requirable"> {
  return {
    stderrIsTerminal: stderrIsTerminal(),
    env: Deno.env.toObject(),
    readTextFile: readRegularFile,
  };
}
