/** Owns the tests of src/state/failure_text.ts. @module */
import { assertEquals } from "@std/assert";
import { failureText } from "../../../../src/state/failure_text.ts";

Deno.test("failureText() names the call and its errno", () => {
  assertEquals(
    failureText({
      call: "BPF_MAP_GET_NEXT_ID",
      errno: "EPERM",
      unavailable: true,
    }),
    "BPF_MAP_GET_NEXT_ID failed: EPERM",
  );
});

Deno.test("failureText() tells the reason alone, where there is one", () => {
  const reason = "this kernel has no iterator over bpf_link";
  assertEquals(
    failureText({
      call: "BPF_ITER_CREATE",
      errno: "ENOENT",
      reason,
      unavailable: true,
    }),
    reason,
  );
});
