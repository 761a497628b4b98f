/**
 * Owns the making of a struct_ops link: a TCP congestion control that no socket uses. In: a workshop. Out: its programs,
 * map and link there, or refusals.
 * @module
 */
import { errnoName } from "../../ffi/mod.ts";
import { bytesOf } from "./attr.ts";
import { kernelBtf, smallBtf } from "./btf.ts";
import { createLink } from "./links.ts";
import { loadBtf, makeMap, structOpsSpec, updateMap } from "./maps.ts";
import {
  CONGESTION_CONTROL,
  makeProgram,
  structOpsSource,
} from "./programs.ts";
import type { Workshop } from "./workshop.ts";

export function makeStructOpsLink(workshop: Workshop): void {
  const btf = workshop.need(
    "btf",
    "btf of struct_ops",
    loadBtf(workshop, smallBtf()),
  );
  const spec = structOpsSpec(btf.fd);
  const outer = kernelBtf()?.struct("bpf_struct_ops_tcp_congestion_ops");
  const inner = kernelBtf()?.struct("tcp_congestion_ops");
  const map = spec && makeMap(workshop, spec);
  if (!map || !spec || !outer || !inner) {
    return workshop.refuse("link", "link struct_ops", "there is no map for it");
  }
  function offsetOf(name: string): number {
    const start = outer?.members.find((member) => member.name === "data");
    const member = inner?.members.find((member) => member.name === name);
    return (start?.offsetBytes ?? 0) + (member?.offsetBytes ?? 0);
  }
  const value = new Uint8Array(spec.value);
  const view = new DataView(value.buffer);
  for (const member of CONGESTION_CONTROL) {
    const source = structOpsSource(member);
    const program = source && makeProgram(workshop, source);
    if (program) view.setBigUint64(offsetOf(member), BigInt(program.fd), true);
  }
  value.set(bytesOf(`pulse${Deno.pid}`.slice(0, 15)), offsetOf("name"));
  const updated = updateMap(workshop, map.fd, new Uint8Array(4), value);
  if (updated < 0) {
    return workshop.refuse(
      "link",
      "link struct_ops",
      `BPF_MAP_UPDATE_ELEM: ${errnoName(-updated)}`,
    );
  }
  workshop.keep(
    "link",
    "link struct_ops",
    createLink(workshop, map.fd, 0, "struct_ops"),
  );
}
