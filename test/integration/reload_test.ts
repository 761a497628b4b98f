/**
 * SIGHUP on a running agent: what changes, what waits for a restart, and that a file that is wrong changes nothing.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Agent } from "../agent.ts";

/** A folder with a configuration and a token, gone with the test. */
class Files implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "bpfpulse-reload-" });

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  write(name: string, text: string): string {
    Deno.writeTextFileSync(this.path(name), text);
    return this.path(name);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function logged(agent: Agent, text: string): Promise<void> {
  await agent.eventually(
    `log line with ${text}`,
    () => agent.lines.some((line) => line.includes(text)),
  );
}

async function intervals(agent: Agent): Promise<number[]> {
  const { text } = await agent.get("/readyz");
  return JSON.parse(text).collectors.map(
    ({ intervalSeconds }: { intervalSeconds: number }) => intervalSeconds,
  );
}

Deno.test("agent takes over at SIGHUP what can change, and names what needs a restart", async () => {
  using files = new Files();
  const path = files.write("a.yaml", "interval: 200ms\nsystem-stats: true\n");
  await using agent = await Agent.start(["--config", path]);
  assertEquals(await intervals(agent), [0.2, 0.2, 0.2]);
  files.write(
    "a.yaml",
    "interval: 1s\ninterval-links: 2s\ninterval-holders: 2s\nsystem-stats: false\nrun-stats: off\n",
  );
  agent.kill("SIGHUP");
  await logged(agent, '"message":"Reloaded"');
  assertEquals(await intervals(agent), [1, 1, 2]);
  await logged(agent, "holdersIntervalMs");
  await logged(agent, "The new value of run-stats needs a restart");
  const page = await agent.page();
  assertEquals(page.samples("process_cpu_seconds_total"), []);
});

Deno.test("agent keeps its configuration at SIGHUP when the file is wrong or gone, with one warning each", async () => {
  using files = new Files();
  const path = files.write("a.yaml", "interval: 200ms\n");
  await using agent = await Agent.start(["--config", path]);
  files.write("a.yaml", "intervall: 1s\n");
  agent.kill("SIGHUP");
  await logged(
    agent,
    `Keeping the configuration as it is: Cannot use ${path}:1: expected a setting, found \\"intervall\\"; did you mean interval?`,
  );
  await Deno.remove(path);
  agent.kill("SIGHUP");
  await logged(
    agent,
    `Keeping the configuration as it is: Cannot read ${path}`,
  );
  assertEquals(await intervals(agent), [0.2, 0.2, 0.2]);
  assertEquals(agent.complaints.length, 2);
});

Deno.test("agent answers only to the token in its file, and to the new one after SIGHUP", async () => {
  using files = new Files();
  const path = files.write("token", "first-secret\nignored\n");
  await using agent = await Agent.start(["--auth-token-file", path]);
  const statusWith = async (token?: string) => {
    const headers = token === undefined
      ? undefined
      : { authorization: `Bearer ${token}` };
    const answer = await fetch(`${agent.url}/metrics`, headers && { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  assertEquals(await statusWith(), 401);
  assertEquals(await statusWith("second-secret"), 401);
  assertEquals(await statusWith("first-secret"), 200);
  files.write("token", "second-secret\n");
  agent.kill("SIGHUP");
  await logged(agent, '"message":"Reloaded"');
  assertEquals(await statusWith("first-secret"), 401);
  assertEquals(await statusWith("second-secret"), 200);
  files.write("token", "\n");
  agent.kill("SIGHUP");
  await logged(agent, "the one that was read before stays");
  assertEquals(await statusWith("second-secret"), 200);
  assertStringIncludes((await agent.get("/healthz")).text, "ok");
  assertEquals(agent.lines.filter((line) => line.includes("-secret")), []);
});
