import { assertEquals, assertThrows } from "@std/assert";
import {
  initMessage,
  parseFromWorker,
  parseToWorker,
  PROTOCOL_VERSION,
  ProtocolError,
  versioned,
} from "../../../workers/protocol.ts";

const OWN = { map: [1], program: [2], link: [3], btf: [4] };

Deno.test("parseFromWorker() gives a worker's message as it was sent", () => {
  const message = versioned({ kind: "stopped", epoch: 2 });
  assertEquals(parseFromWorker(structuredClone(message)), message);
});

Deno.test("parseToWorker() gives the first message as it was sent", () => {
  const init = initMessage(1, 500, OWN);
  assertEquals(parseToWorker(structuredClone(init)), init);
});

Deno.test("initMessage() leaves nothing out when the agent's own objects are wanted", () => {
  const init = initMessage(1, 500, undefined);
  assertEquals(init.leaveOut, { map: [], program: [], link: [], btf: [] });
});

for (
  const [data, found] of [
    [undefined, "expected an object, found undefined"],
    ["ready", "expected an object, found string"],
    [{}, "expected version 4, found undefined"],
    [{ version: 1, kind: "ready" }, "expected version 4, found 1"],
    [
      { version: PROTOCOL_VERSION, kind: "gossip" },
      'expected one of ready, backend, block, births, sampled, holders, stopped, found "gossip"',
    ],
    [
      { version: PROTOCOL_VERSION },
      "expected one of ready, backend, block, births, sampled, holders, stopped, found undefined",
    ],
    [
      { version: PROTOCOL_VERSION, kind: "stopped", epoch: "2" },
      "expected a number as stopped.epoch, found string",
    ],
    [
      { version: PROTOCOL_VERSION, kind: "toString" },
      'found "toString"',
    ],
  ] as const
) {
  Deno.test(`parseFromWorker() refuses ${JSON.stringify(data)}`, () => {
    assertThrows(() => parseFromWorker(data), ProtocolError, found);
  });
}

Deno.test("parseToWorker() refuses a message of the other direction", () => {
  assertThrows(
    () => parseToWorker(versioned({ kind: "stopped", epoch: 1 })),
    ProtocolError,
    'expected one of init, retune, stop, found "stopped"',
  );
});
