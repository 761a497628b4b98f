/**
 * Fuzzes the HTTP interface of a real agent with schemathesis (PyPI), from its own /openapi.json. In: `--short` for CI. Out:
 * the tool's report; exit 1 for whatever it finds; a SKIP line and 0 where the tool is not there.
 *
 * The stream never ends, so the tool cannot read it: test/unit and test/integration have it.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { Agent } from "../agent.ts";
import { skip, whyNoKernel } from "../kernel/skip.ts";

const SECONDS = Deno.args.includes("--short") ? 10 : 50;

/** The command, or undefined where there is none. `SCHEMATHESIS` names one that is not on the path. */
function tool(): string | undefined {
  for (const name of [Deno.env.get("SCHEMATHESIS"), "schemathesis", "st"]) {
    if (name === undefined) continue;
    try {
      const { success } = new Deno.Command(name, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      }).outputSync();
      if (success) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

async function fuzz(command: string): Promise<number> {
  await using agent = await Agent.start();
  await agent.ready();
  const child = new Deno.Command(command, {
    args: [
      ...["run", `${agent.url}/openapi.json`, "--no-color"],
      ...["--max-time", String(SECONDS), "--max-examples", "200"],
      ...["--phases", "examples,coverage,fuzzing", "--checks", "all"],
      // Without --auth-token-file there is nothing to ignore.
      ...["--exclude-checks", "ignored_auth"],
      ...["--exclude-path", "/api/v1/stream"],
      ...["--request-timeout", "5", "--continue-on-failure"],
    ],
    stdin: "null",
  }).spawn();
  const { code } = await child.status;
  for (const { message } of agent.complaints) {
    console.log(`The agent complained: ${message}`);
  }
  return code !== 0 || agent.complaints.length > 0 ? 1 : 0;
}

const command = tool();
const noKernel = whyNoKernel();
if (command === undefined) {
  skip("fuzzing of the API", "needs schemathesis: pip install schemathesis");
} else if (noKernel !== undefined) {
  skip("fuzzing of the API", noKernel);
} else {
  Deno.exit(await fuzz(command));
}
