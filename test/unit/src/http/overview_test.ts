/** Owns the tests of src/http/overview.ts. @module */
import {
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { createHash } from "node:crypto";
import {
  aCollector,
  aNewCollector,
  fakeNode,
  someFacts,
  someTables,
  unavailableTables,
  UNPRIVILEGED,
} from "./fake_node.ts";

/** The page without white space between words and tags, so that layout of the source does not matter. */
async function pageText(
  changes: Parameters<typeof fakeNode>[0] = {},
): Promise<string> {
  const answer = await fakeNode(changes).app.request("/");
  assertEquals(answer.status, 200);
  return (await answer.text()).replace(/\s+/g, " ");
}

Deno.test("GET / shows totals, statistics and collectors of one instant", async () => {
  const page = await pageText({
    tables: someTables({ created: 1234, destroyed: 1200 }),
  });
  assertStringIncludes(page, ">2.0 KiB<");
  assertStringIncludes(page, ">2,024 bytes<");
  assertStringIncludes(page, "+1,234 −1,200 since start");
  assertStringIncludes(page, "kept on by this agent");
  assertStringIncludes(page, "walk, exact");
  assertStringIncludes(page, ">250 ms<");
  assertStringIncludes(page, 'datetime="2026-01-02T03:04:05.000Z"');
  assertStringIncludes(page, 'href="/metrics?collect[]=objects"');
  assertNotMatch(page, /What is missing/);
});

Deno.test("GET / escapes whatever the kernel or an error put into a string", async () => {
  const hostile = `"><script>alert('x')</script><img src=x>&amp;`;
  const page = await pageText({
    collectors: [
      aCollector({ status: "failing", lastError: hostile }),
      aCollector({ backendReason: hostile }),
    ],
    tables: unavailableTables(hostile),
    facts: {
      ...UNPRIVILEGED,
      missing: [{ capability: hostile, gives: hostile, how: hostile }],
      runStats: { agent: false, reason: hostile },
    },
  });
  assertNotMatch(page, /<script|<img/);
  assertStringIncludes(page, "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)");
  assertStringIncludes(page, "&amp;amp;");
});

Deno.test("GET / lets in its own style and nothing else", async () => {
  const answer = await fakeNode().app.request("/");
  const page = await answer.text();
  const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = answer.headers.get("content-security-policy") ?? "";
  assertStringIncludes(policy, "default-src 'none'");
  assertStringIncludes(policy, `style-src 'sha256-${hash}'`);
  assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
  assertEquals(answer.headers.get("x-frame-options"), "DENY");
  assertNotMatch(page, /<script|\son\w+=|style="|url\(|@import|src=/);
  assertNotMatch(page.replaceAll("http://www.w3.org/2000/svg", ""), /https?:/);
});

Deno.test("GET / says what is missing, and shows a dash for what is not known", async () => {
  const page = await pageText({
    collectors: [aNewCollector()],
    tables: unavailableTables("it needs CAP_SYS_ADMIN"),
    facts: UNPRIVILEGED,
  });
  assertMatch(page, /What is missing/);
  assertStringIncludes(page, "run the agent as root");
  assertStringIncludes(page, ">not ready<");
  assertStringIncludes(page, "not by this agent: BPF_ENABLE_STATS failed");
  assertNotMatch(page, /class="value">0/);
});

Deno.test("GET / tells who keeps run-time statistics on", async () => {
  const table: ReadonlyArray<
    [Parameters<typeof someFacts>[0], string]
  > = [
    [
      {
        runStats: {
          agent: true,
          sysctl: false,
          other: false,
          floorNs: 46.3,
          costNs: 68,
        },
      },
      "kept on by this agent; they add 68 ns to each run of a program; they tell 46.3 ns of a run of an empty program",
    ],
    [
      {
        runStats: {
          agent: true,
          window: { onMs: 100, everyMs: 1_000 },
          sysctl: false,
          other: false,
        },
      },
      "kept on for 100ms of every 1s; CPU shares: estimated; totals: lower bound, counted 10 % of the time",
    ],
    [
      { runStats: { agent: false, sysctl: true, other: true } },
      "by kernel.bpf_stats_enabled",
    ],
    [
      { runStats: { agent: false, sysctl: false, other: true } },
      "kept on by another process",
    ],
    [
      { runStats: { agent: false, sysctl: false, other: false } },
      "this agent was asked not to keep them",
    ],
  ];
  for (const [changes, expected] of table) {
    const page = await pageText({ facts: someFacts(changes) });
    assertStringIncludes(page, expected);
  }
});

Deno.test("GET / marks a page of last good samples, and a process that cannot serve", async () => {
  const page = await pageText({
    collectors: [
      aCollector({ status: "restarting", overdueInARow: 10, restarts: 3 }),
    ],
    tables: someTables({ status: "stale", reason: "the worker ended" }),
  });
  assertStringIncludes(page, "last good sample; the worker ended");
  assertStringIncludes(page, ">unhealthy<");
});

Deno.test("GET / cuts an error that would push the rest off the screen", async () => {
  const page = await pageText({
    collectors: [aCollector({ lastError: "x".repeat(5000) })],
  });
  assertNotMatch(page, /x{201}/);
});
