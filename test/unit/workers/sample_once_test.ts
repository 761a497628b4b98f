import { assert, assertEquals } from "@std/assert";
import type { CollectorName, FromWorker } from "../../../workers/protocol.ts";
import { type Rounds, sampleOnce } from "../../../workers/sample_once.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

interface Heard {
  readonly name: CollectorName;
  readonly message: FromWorker;
}

function listen(
  kernel: FakeKernel,
  leaveOut?: Parameters<typeof sampleOnce>[2]["leaveOut"],
): { heard: Heard[]; rounds: Rounds } {
  const heard: Heard[] = [];
  const rounds = sampleOnce(
    kernel,
    (message, name) => heard.push({ name, message }),
    { leaveOut, intervalMs: 500 },
  );
  return { heard, rounds };
}

function kinds(heard: readonly Heard[]): string[] {
  return heard.map(({ name, message }) =>
    "table" in message
      ? `${name} ${message.kind} ${message.table}`
      : `${name} ${message.kind}`
  );
}

Deno.test("sampleOnce() says what the workers would say, collector by collector", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 1 });
  kernel.addProgram({ id: 2 });
  const { heard } = listen(kernel);
  assertEquals(kinds(heard), [
    "maps ready",
    "maps births map",
    "maps block map",
    "maps buffers",
    "maps sampled",
    "programs ready",
    "programs births program",
    "programs block program",
    "programs block btf",
    "programs sampled",
    "links ready",
    "links block link",
    "links sampled",
  ]);
  assertEquals(kernel.openFds, 0);
});

Deno.test("sampleOnce() takes one more sample of everything for each again()", () => {
  const kernel = new FakeKernel();
  const { heard, rounds } = listen(kernel);
  heard.length = 0;
  kernel.advanceMs(500);
  rounds.again();
  rounds.again();
  const sampled = heard.filter(({ message }) => message.kind === "sampled");
  assertEquals(sampled.map(({ name }) => name), [
    ...["maps", "programs", "links"],
    ...["maps", "programs", "links"],
  ]);
  assertEquals(
    sampled.map(({ message }) => message.kind === "sampled" && message.tick),
    [2, 2, 2, 3, 3, 3],
  );
});

Deno.test("sampleOnce() leaves out the agent's own objects", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 1 });
  kernel.addMap({ id: 2 });
  const { heard } = listen(kernel, {
    map: [1],
    program: [],
    link: [],
    btf: [],
  });
  const births = heard.find(({ message }) => message.kind === "births");
  assert(births?.message.kind === "births");
  assertEquals(births.message.descriptions.map(({ id }) => id), [2]);
});

Deno.test("sampleOnce() answers with failures where nothing is permitted", () => {
  const { heard } = listen(new FakeKernel({ privileged: false }));
  const failures = heard.flatMap(({ message }) =>
    message.kind === "sampled" ? message.tables : []
  ).map(({ table, failure }) => [table, failure?.errno, failure?.unavailable]);
  assertEquals(failures, [
    ["map", "EPERM", true],
    ["program", "EPERM", true],
    ["btf", "EPERM", true],
    ["link", "EPERM", true],
  ]);
});
