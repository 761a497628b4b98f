/**
 * Owns the order of the configuration's sources: flags over variables over the file over defaults. In: what the flags assign,
 * the environment, a way to read the file. Out: the resolved configuration, or one sentence about what is wrong.
 * @module
 */
import { type Environment, readEnvironment } from "./environment.ts";
import {
  type Assignment,
  defaultConfig,
  resolveConfig,
  type Resolved,
} from "./resolve.ts";
import {
  type FileRefusal,
  readConfigFile,
  type ReadTextFile,
} from "./text_file.ts";

export interface ConfigSources {
  readonly flags: readonly Assignment[];
  /** What --config says; else BPFPULSE_CONFIG does. */
  readonly configPath: string | undefined;
  readonly env: Environment;
  readonly stderrIsTerminal: boolean;
  readonly readTextFile: ReadTextFile;
}

/** Never rejects, whatever the variables and the file are. */
export async function loadConfig(
  sources: ConfigSources,
): Promise<Resolved | FileRefusal> {
  const variables = readEnvironment(sources.env);
  if (typeof variables === "string") return wrong(variables);
  const path = sources.configPath ?? variables.configPath;
  const file = path === undefined ? [] : await readFile(path, sources);
  if ("message" in file) return file;
  const resolved = resolveConfig(defaultConfig(sources.stderrIsTerminal), [
    file,
    variables.assignments,
    sources.flags,
  ]);
  return typeof resolved === "string" ? wrong(resolved) : resolved;
}

async function readFile(
  path: string,
  { readTextFile }: ConfigSources,
): Promise<Assignment[] | FileRefusal> {
  const text = readConfigFile(path, readTextFile);
  if (typeof text !== "string") return text;
  const { readConfigText } = await import("./file.ts");
  const read = readConfigText(path, text);
  return typeof read === "string" ? wrong(read) : read;
}

function wrong(message: string): FileRefusal {
  return { exitCode: 2, message };
}
