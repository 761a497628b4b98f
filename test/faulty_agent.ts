/**
 * Owns agents of which a worker goes wrong, some at a moment that the test chooses. In: a fault of test/fixtures/agents/. Out: the running
 * agent, a file that brings the fault about, what the agent tells of that worker.
 * @module
 */
import { Agent, type StartOptions } from "./agent.ts";

const ROOT = new URL("./fixtures/agents/", import.meta.url).pathname;

/** Starts the agent with the worker of a fixture, sampling every 50 ms. */
export function startFaulty(
  fault: string,
  env: StartOptions["env"] = {},
  args: readonly string[] = [],
): Promise<Agent> {
  return Agent.start(["--interval", "50ms", ...args], {
    root: ROOT,
    env: { FIXTURE_FAULT: fault, ...env },
  });
}

/** A file that the fixtures look for at the path in FIXTURE_TRIGGER. */
export interface Trigger extends Disposable {
  readonly path: string;
  set(): void;
  unset(): void;
}

/** Not set; removed at the end. */
export function trigger(): Trigger {
  const folder = Deno.makeTempDirSync({ prefix: "bpfpulse-trigger-" });
  const path = `${folder}/now`;
  return {
    path,
    set: () => Deno.writeTextFileSync(path, ""),
    unset: () => Deno.removeSync(path),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** The maps worker, as /readyz tells of it. */
export async function mapsCollector(
  agent: Agent,
): Promise<Record<string, unknown>> {
  const { collectors } = JSON.parse((await agent.get("/readyz")).text);
  return collectors.find((each: { name: string }) => each.name === "maps");
}
