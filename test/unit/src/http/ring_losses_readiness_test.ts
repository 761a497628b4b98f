/** Owns the tests of src/http/ring_losses_readiness.ts. @module */
import { assertEquals } from "@std/assert";
import {
  RING_LOSSES_COST,
  ringLossesPhrase,
  ringLossesReadiness,
} from "../../../../src/http/ring_losses_readiness.ts";
import {
  aBuffersPass,
  type RingGiven,
  withBuffers,
} from "../../../buffer_builders.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

const NODE = aSnapshot({
  map: { descriptions: [aMap({ id: 1, type: "ringbuf" })] },
});
const FUNCTIONS = ["bpf_ringbuf_reserve"];

function counted(ring: RingGiven) {
  return withBuffers(NODE, [aBuffersPass({ rings: [ring], unavailable: {} })]);
}

Deno.test("ringLossesReadiness() says off, on and at what price, or why it cannot be had", () => {
  const off = {
    mode: "off",
    isAttached: false,
    functions: [],
    quality: "unavailable",
    reason: undefined,
    cost: undefined,
  } as const;
  assertEquals(ringLossesReadiness({}, NODE), off);
  assertEquals(ringLossesReadiness({ ringLosses: { mode: "off" } }, NODE), off);
  assertEquals(
    ringLossesReadiness({ ringLosses: { mode: "on", reason: "EBUSY" } }, NODE),
    { ...off, mode: "on", reason: "EBUSY" },
  );
  const on = { ringLosses: { mode: "on", functions: FUNCTIONS } } as const;
  assertEquals(
    ringLossesReadiness(on, counted({ lostEvents: 2, isLostExact: 1 })),
    {
      mode: "on",
      isAttached: true,
      functions: FUNCTIONS,
      quality: "exact",
      reason: undefined,
      cost: RING_LOSSES_COST,
    },
  );
  assertEquals(
    ringLossesReadiness(on, counted({ lostEvents: 2, isLostExact: 0 })).quality,
    "lower bound",
  );
});

Deno.test("ringLossesPhrase() tells people how losses are known, and nothing before anybody looked", () => {
  assertEquals(ringLossesPhrase(NODE), undefined);
  assertEquals(
    ringLossesPhrase(counted({ lostEvents: 2, isLostExact: 1 })),
    `counted one by one since bpfpulse started: ${RING_LOSSES_COST}`,
  );
  const refused = aBuffersPass({ unavailable: { ringLosses: "EBUSY" } });
  assertEquals(
    ringLossesPhrase(withBuffers(NODE, [refused])),
    "the times that a producer was seen to find no room, a lower bound; counting one by one: EBUSY",
  );
});
