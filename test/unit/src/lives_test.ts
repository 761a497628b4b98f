/** Owns the tests of src/lives.ts. In: a kernel's side that a test makes up. Out: assertions on what prepare() does in which order. */
import { assert, assertEquals, assertMatch, fail } from "@std/assert";
import { parse } from "../../../src/cli/parse.ts";
import type { KernelSide } from "../../../src/kernel_side.ts";
import {
  type Note,
  prepare,
  type Prepared,
  type Refused,
  type Sampling,
} from "../../../src/lives.ts";
import type { Acquired, AcquireOptions } from "../../../workers/acquire.ts";
import { noIterators } from "../../../workers/iterators.ts";
import type { Estate, HandOverOptions } from "../../../workers/lives.ts";
import { NO_IDS } from "../../../workers/protocol.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { someFacts } from "../../state_builders.ts";
import { ports } from "./cli/parse_ports.ts";

const NOBODY = { uid: 65534, gid: 65534, name: "nobody" };
const NOT_EXECUTED = "Cannot execute the agent again: it is a test";

interface Node {
  readonly hasPrivileges?: boolean;
  readonly unreadable?: string;
  readonly acquired?: Partial<Acquired>;
  readonly firstUnprivilegedPort?: number;
  readonly bound?: number | string;
}

/** What was called, in order, and what was handed over. */
interface Told {
  readonly calls: string[];
  asked?: AcquireOptions;
  estate?: Estate<Note>;
  options?: HandOverOptions;
}

/** The part of KernelSide that prepare() may use; whatever else it touches fails the test. */
function sideOf(node: Node, told: Told): KernelSide {
  const note = <T>(call: string, answer: T): T => {
    told.calls.push(call);
    return answer;
  };
  const side: Partial<KernelSide> = {
    clock: new FakeClock(),
    findUser: (name) =>
      name === "nobody" ? NOBODY : `Cannot run as another user: ${name}`,
    unreadableBy: () => note("unreadableBy", node.unreadable),
    hasPrivileges: () => node.hasPrivileges ?? true,
    firstUnprivilegedPort: () => node.firstUnprivilegedPort ?? 1024,
    holdSignals: () => note("holdSignals", undefined),
    bind: () => note("bind", node.bound ?? 77),
    acquire(options) {
      told.asked = options;
      return Promise.resolve(note("acquire", {
        facts: someFacts(),
        ownIds: NO_IDS,
        iterators: noIterators("a test"),
        newestIds: {},
        fds: [5, 6],
        keep: [],
        [Symbol.dispose]() {},
        ...node.acquired,
      }));
    },
    handOver(estate, options) {
      told.estate = estate as Estate<unknown> as Estate<Note>;
      told.options = options;
      return note("handOver", NOT_EXECUTED);
    },
  };
  return new Proxy(side as KernelSide, {
    get: (target, name) =>
      Reflect.get(target, name) ?? fail(`prepare() touches ${String(name)}`),
  });
}

async function prepared(
  args: readonly string[],
  node: Node = {},
  env: Readonly<Record<string, string>> = {},
): Promise<{ answer: Prepared | Refused; told: Told }> {
  const invocation = await parse(args, ports({ env }));
  assert("config" in invocation, JSON.stringify(invocation));
  const told: Told = { calls: [] };
  const answer = await prepare(invocation as Sampling, sideOf(node, told));
  return { answer, told };
}

function temporary(name: string, text?: string): Disposable & { path: string } {
  const folder = Deno.makeTempDirSync({ prefix: "bpfpulse-lives-" });
  const path = `${folder}/${name}`;
  if (text !== undefined) Deno.writeTextFileSync(path, text);
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("prepare() answers 2 to a user who is none, before anything is opened", async () => {
  const { answer, told } = await prepared(["--user", "nobdy"]);
  assertEquals(answer, {
    exitCode: 2,
    message: "Cannot run as another user: nobdy",
  });
  assertEquals(told.calls, []);
});

Deno.test("prepare() answers 1 to a user who cannot read what the agent runs from", async () => {
  const { answer, told } = await prepared(["--user", "nobody"], {
    unreadable: "/root/deno",
  });
  assert("exitCode" in answer);
  assertEquals(answer.exitCode, 1);
  assertMatch(
    answer.message,
    /^Cannot run as user nobody: expected \/root\/deno to be readable by it, .*compiled binary/,
  );
  assertEquals(told.calls, ["unreadableBy"]);
});

Deno.test("prepare() answers 1 to secrets that cannot be used, and shows none of them", async () => {
  using none = temporary("token");
  const missing = await prepared(["--auth-token-file", none.path]);
  assertEquals(missing.answer, {
    exitCode: 1,
    message:
      `Cannot read ${none.path} of --auth-token-file: there is no such file`,
  });
  using wrong = temporary("key", "top secret, no PEM");
  const { answer, told } = await prepared([
    ...["--tls-cert", wrong.path, "--tls-key", wrong.path],
  ]);
  assert("exitCode" in answer);
  assertEquals(answer.exitCode, 1);
  assertMatch(answer.message, /^Cannot use the TLS certificate: /);
  assertEquals(answer.message.includes("top secret"), false);
  assertEquals(told.calls, ["holdSignals"]);
});

Deno.test("prepare() reads no secret for a command that serves nothing", async () => {
  const { told } = await prepared(["once"], {}, {
    BPFPULSE_AUTH_TOKEN_FILE: "/nowhere",
  });
  assertEquals(told.calls, ["acquire", "handOver"]);
  assertEquals(told.estate?.note.secrets, {});
});

Deno.test("prepare() answers 1 to a backend that does not work here", async () => {
  const message = "Cannot use backend iterator: maps: a test";
  for (const args of [[], ["--keep-privileges"], ["check"], ["once"]]) {
    const { answer, told } = await prepared(
      [...args, "--backend", "iterator"],
      { acquired: { refused: message } },
    );
    assertEquals(answer, { exitCode: 1, message });
    assertEquals(told.calls.at(-1), "acquire");
    assertEquals(told.asked?.backend, "iterator");
  }
});

Deno.test("prepare() holds signals for serve alone, and only where another life follows", async () => {
  const serve = await prepared([]);
  assertEquals(serve.told.calls, ["holdSignals", "acquire", "handOver"]);
  for (const command of ["once", "check"]) {
    const { told } = await prepared([command]);
    assertEquals(told.calls, ["acquire", "handOver"]);
  }
  const { answer, told } = await prepared([], { hasPrivileges: false });
  assertEquals(told.calls, ["acquire"]);
  assert("acquired" in answer);
});

Deno.test("prepare() stays in this life with --keep-privileges, and reads the secrets here", async () => {
  using token = temporary("token", "s3cret\n");
  const { answer, told } = await prepared([
    ...["--keep-privileges", "--listen", "127.0.0.1:80"],
    ...["--auth-token-file", token.path],
  ]);
  assertEquals(told.calls, ["acquire"]);
  assertEquals(told.asked?.keepPrivileges, true);
  assert("acquired" in answer);
  assertEquals(answer.secrets, { token: "s3cret", tls: undefined });
  assertEquals(answer.listeners, []);
});

Deno.test("prepare() goes into another life for a user, though there is nothing to give up", async () => {
  const { answer, told } = await prepared(["--user", "nobody"], {
    hasPrivileges: false,
  });
  assertEquals(answer, { exitCode: 1, message: NOT_EXECUTED });
  assertEquals(told.options, { fds: [], user: NOBODY });
});

Deno.test("prepare() hands over what was acquired, the note, and the listeners' descriptors", async () => {
  using token = temporary("token", "s3cret\n");
  const keep = [{ capability: "CAP_SYS_ADMIN", why: "a test" }] as const;
  const { answer, told } = await prepared(
    [
      ...["--listen", "127.0.0.1:80", "--listen", "127.0.0.1:9464"],
      ...["--listen", "localhost:443", "--auth-token-file", token.path],
    ],
    { acquired: { keep } },
  );
  assertEquals(answer, { exitCode: 1, message: NOT_EXECUTED });
  assertEquals(told.calls, ["holdSignals", "acquire", "bind", "handOver"]);
  assertEquals(told.options, { fds: [77], user: undefined });
  assertEquals(told.estate?.acquired.fds, [5, 6]);
  assertEquals(told.estate?.acquired.keep, [...keep, {
    capability: "CAP_NET_BIND_SERVICE",
    why: "localhost is looked up when port 443 is listened on",
  }]);
  const note = told.estate?.note;
  assertEquals(note?.secrets.token, "s3cret");
  assertEquals(note?.listeners, [
    { address: { host: "127.0.0.1", port: 80 }, fd: 77 },
  ]);
});

Deno.test("prepare() has nothing in the note that JSON has not, for it crosses as JSON", async () => {
  const lines = [
    [],
    ["--user", "nobody", "--log-format", "text", "--max-series", "7"],
    ["once", "--rates", "--format", "prom", "--interval-maps", "2s"],
    ["check", "--require", "maps,btf", "--format", "json"],
  ];
  for (const args of lines) {
    const invocation = (await prepared(args)).told.estate?.note.invocation;
    assertEquals(JSON.parse(JSON.stringify(invocation)), invocation);
  }
});

Deno.test("prepare() binds nothing where the kernel gives every port to anybody", async () => {
  const { told } = await prepared(["--listen", "127.0.0.1:80"], {
    firstUnprivilegedPort: 0,
  });
  assertEquals(told.calls, ["holdSignals", "acquire", "handOver"]);
});

Deno.test("prepare() answers 1 to an address that cannot be bound, and hands nothing over", async () => {
  const { answer, told } = await prepared(["--listen", "127.0.0.1:80"], {
    bound: "EADDRINUSE",
  });
  assertEquals(answer, {
    exitCode: 1,
    message:
      "Cannot listen on 127.0.0.1:80: the port is in use; choose another one with --listen",
  });
  assertEquals(told.calls.at(-1), "bind");
});

const WINDOW = { onMs: 100, everyMs: 1_000 };

Deno.test("prepare() has runs counted where the command is to tell what ran", async () => {
  const cases = [
    [[], "on"],
    [["--run-stats", "off"], "off"],
    [["--run-stats", "window=100ms/1s"], WINDOW],
    [["check", "--run-stats", "window=100ms/1s"], WINDOW],
    [["check"], "on"],
    [["once"], "off"],
    [["once", "--rates"], "on"],
    // Its two samples are a window of their own.
    [["once", "--rates", "--run-stats", "window=100ms/1s"], "on"],
    [["once", "--rates", "--run-stats", "off"], "off"],
  ] as const;
  for (const [args, counted] of cases) {
    const { told } = await prepared(args);
    assertEquals(told.asked?.runStats, counted, args.join(" "));
  }
});
