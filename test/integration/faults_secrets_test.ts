/**
 * The agent of main.ts with a bearer token: the token is in no line of its log, no answer, no error, and in nothing that
 * another user could see of its process.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Agent, runAgent } from "../agent.ts";
import { kernelTest } from "../kernel/skip.ts";

/** What a header can carry, long enough that it cannot be found by chance. */
const TOKENS = fc.sample(
  fc.string({
    unit: fc.constantFrom(...Array.from(
      { length: 94 },
      (_, i) => String.fromCharCode(33 + i),
    )),
    minLength: 16,
    maxLength: 64,
  }),
  3,
);

/** A file that holds `text`, for its owner only. */
function fileOf(text: string): Disposable & { path: string } {
  const path = Deno.makeTempFileSync({ prefix: "bpfpulse-token-" });
  Deno.writeTextFileSync(path, text, { mode: 0o600 });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

const REQUESTS: readonly (readonly [method: string, path: string])[] = [
  ["GET", "/"],
  ["GET", "/metrics"],
  ["GET", "/metrics?collect[]=nothing"],
  ["GET", "/readyz"],
  ["GET", "/healthz"],
  ["GET", "/nothing"],
  ["POST", "/metrics"],
];

/** Everything that the agent answers to who has the token, who has almost the token, and who has none. */
async function answers(agent: Agent, token: string): Promise<string[]> {
  const texts: string[] = [];
  for (const [method, path] of REQUESTS) {
    for (
      const authorization of [`Bearer ${token}`, `Bearer ${token}x`, undefined]
    ) {
      const response = await fetch(`${agent.url}${path}`, {
        method,
        ...(authorization && { headers: { authorization } }),
      });
      const headers = [...response.headers].flat().join("\n");
      texts.push(`${method} ${path}\n${headers}\n${await response.text()}`);
    }
  }
  return texts;
}

for (const [i, token] of TOKENS.entries()) {
  kernelTest(
    `agent keeps token ${
      i + 1
    } of ${TOKENS.length} out of its log, its answers and its process`,
    async () => {
      using file = fileOf(`${token}\n`);
      await using agent = await Agent.start([
        "--auth-token-file",
        file.path,
        "--log-level",
        "debug",
      ]);
      assertEquals((await agent.get("/metrics")).status, 401);
      const said = await answers(agent, token);
      const proc = `/proc/${agent.pid}`;
      for (const name of ["cmdline", "environ", "comm"]) {
        said.push(await Deno.readTextFile(`${proc}/${name}`));
      }
      agent.kill("SIGTERM");
      assertEquals((await agent.ended()).code, 0);
      said.push(...agent.lines);
      assertEquals(said.filter((text) => text.includes(token)), []);
    },
  );
}

for (
  const [what, content] of [
    ["cannot be a token", "a secret with spaces 7Vb2"],
    ["is not alone in its file", "\na secret on the second line 7Vb2"],
  ] as const
) {
  kernelTest(`agent does not repeat what ${what}`, async () => {
    using file = fileOf(content);
    const { code, stdout, stderr } = await runAgent([
      "--auth-token-file",
      file.path,
      "--log-level",
      "error",
    ]);
    assertEquals([code, (stdout + stderr).includes("7Vb2")], [1, false]);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  });
}

kernelTest(
  "agent prints the token file's name with --print-config, and not what is in it",
  async () => {
    using file = fileOf("a-secret-7Vb2\n");
    const { code, stdout, stderr } = await runAgent([
      "--auth-token-file",
      file.path,
      "--print-config",
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(
      [stdout.includes(file.path), stdout.includes("7Vb2")],
      [true, false],
    );
  },
);
