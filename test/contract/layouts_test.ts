/**
 * Owns the check of both statements of the kernel's layouts, ffi/uapi.ts and the fake's, against the running kernel. In: the
 * structs in its BTF, as bpftool prints them. Out: assertions. Ignored, with the reason on a line that starts with SKIP,
 * where there is no bpftool or no BTF.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Field } from "../../ffi/struct.ts";
import {
  BPF,
  BTF_INFO,
  LINK_INFO,
  MAP_INFO,
  PROG_INFO,
} from "../../ffi/uapi.ts";
import { isSince } from "../kernel/since.ts";
import { ATTR_BYTES_6_18, INFO_BYTES_6_18 } from "../fakes/info_layouts.ts";

interface BtfType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: {
    readonly name: string;
    readonly type_id: number;
    readonly bits_offset: number;
  }[];
  readonly values?: { readonly name: string; readonly val: number }[];
}

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

const loaded = loadTypes();
const types = Array.isArray(loaded) ? loaded : [];
const skip = Array.isArray(loaded) ? undefined : loaded.skip;
if (skip !== undefined) {
  // deno-lint-ignore no-console -- the runner counts this line
  console.log(`SKIP layouts against the kernel's BTF: ${skip}`);
}
const byId = new Map(types.map((type) => [type.id, type]));

/** Where this project's name is not the kernel's. */
const RENAMED: Readonly<Record<string, string>> = {
  "bpf_btf_info.name_address": "name",
  "bpf_link_info.perf_event.name": "perf_event.kprobe.func_name",
  "bpf_link_info.perf_event.name_len": "perf_event.kprobe.name_len",
  "bpf_link_info.perf_event.offset": "perf_event.kprobe.offset",
};

const STRUCTS = {
  bpf_map_info: { fields: MAP_INFO, fake: INFO_BYTES_6_18.map },
  bpf_prog_info: { fields: PROG_INFO, fake: INFO_BYTES_6_18.program },
  bpf_link_info: { fields: LINK_INFO, fake: INFO_BYTES_6_18.link },
  bpf_btf_info: { fields: BTF_INFO, fake: INFO_BYTES_6_18.btf },
};

/** Fields that came after 5.8, the first kernel with iterators; of a part, what begins like it. */
const SINCE: readonly (readonly [path: string, version: string])[] = [
  ["bpf_map_info.map_extra", "5.16"],
  ["bpf_prog_info.recursion_misses", "5.12"],
  ["bpf_prog_info.verified_insns", "5.16"],
  ["bpf_prog_info.attach_btf_id", "5.17"],
  ["bpf_btf_info.name_address", "5.11"],
  ["bpf_btf_info.name_len", "5.11"],
  ["bpf_btf_info.kernel_btf", "5.11"],
  ["bpf_link_info.iter.", "5.10"],
  ["bpf_link_info.tracing.target_", "5.13"],
  ["bpf_link_info.struct_ops.", "6.4"],
  ["bpf_link_info.netfilter.", "6.4"],
  ["bpf_link_info.kprobe_multi.", "6.6"],
  ["bpf_link_info.perf_event.", "6.6"],
  ["bpf_link_info.tcx.", "6.6"],
  ["bpf_link_info.netkit.", "6.7"],
  ["bpf_link_info.uprobe_multi.", "6.8"],
  ["bpf_link_info.sockmap.", "6.10"],
];

function isExpected(path: string): boolean {
  const since = SINCE.find(([begin]) => path.startsWith(begin))?.[1];
  return since === undefined || isSince(Deno.osRelease(), since);
}

for (const [name, { fields, fake }] of Object.entries(STRUCTS)) {
  Deno.test({
    name: `struct ${name} is laid out as the running kernel's`,
    ignore: skip !== undefined,
    fn() {
      const type = structNamed(name);
      const places = placesIn(type, 0, "");
      for (const [path, field] of fieldsOf(fields, "")) {
        const place = places.get(RENAMED[`${name}.${path}`] ?? path);
        assertEquals(place !== undefined, isExpected(`${name}.${path}`), path);
        if (place === undefined) continue;
        assertEquals(
          { offset: field.offset, bytes: field.size },
          { offset: place.offset, bytes: place.bytes },
          `${name}.${path}`,
        );
      }
      if (isRelease("6.18")) assertEquals(type.size, fake);
    },
  });
}

Deno.test({
  name: "the numbers of bpf() commands are the running kernel's",
  ignore: skip !== undefined,
  fn() {
    const values = types.find((type) =>
      type.kind === "ENUM" && type.name === "bpf_cmd"
    )?.values;
    assert(values);
    for (const [name, number] of Object.entries(BPF)) {
      const theirs = values.find((value) => value.name === `BPF_${name}`);
      assertEquals(theirs?.val, number, name);
    }
  },
});

Deno.test({
  name: "the fake's union bpf_attr is as long as that of 6.18",
  ignore: skip !== undefined || !isRelease("6.18"),
  fn() {
    assertEquals(structNamed("bpf_attr").size, ATTR_BYTES_6_18);
  },
});

function fieldsOf(
  fields: object,
  prefix: string,
): [path: string, field: Field<unknown>][] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (typeof value !== "object") return [];
    return "get" in value
      ? [[`${prefix}${name}`, value as Field<unknown>]]
      : fieldsOf(value, `${prefix}${name}.`);
  });
}

function structNamed(name: string): BtfType {
  const type = types.find((type) =>
    type.name === name && (type.kind === "STRUCT" || type.kind === "UNION")
  );
  assert(type, `no ${name} in the kernel's BTF`);
  return type;
}

/** Every member by its dotted path; anonymous structs and unions add nothing to it. */
function placesIn(
  type: BtfType,
  base: number,
  prefix: string,
): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const member of type.members ?? []) {
    const offset = base + (member.bits_offset & 0xff_ffff) / 8;
    const inner = resolved(member.type_id);
    const path = member.name === "(anon)" ? prefix : `${prefix}${member.name}.`;
    if (path !== prefix) {
      places.set(path.slice(0, -1), { offset, bytes: bytesOf(inner) });
    }
    for (const [name, place] of placesIn(inner, offset, path)) {
      places.set(name, place);
    }
  }
  return places;
}

function bytesOf(type: BtfType): number {
  return type.kind === "ARRAY"
    ? (type.nr_elems ?? 0) * bytesOf(resolved(type.type_id ?? 0))
    : type.size ?? 0;
}

/** The type behind typedefs and qualifiers. */
function resolved(id: number): BtfType {
  const type = byId.get(id);
  assert(type, `no type ${id} in the kernel's BTF`);
  return ["TYPEDEF", "CONST", "VOLATILE"].includes(type.kind)
    ? resolved(type.type_id ?? 0)
    : type;
}

function isRelease(version: string): boolean {
  return Deno.osRelease().startsWith(`${version}.`);
}

function loadTypes(): BtfType[] | { skip: string } {
  try {
    const { success, stdout, stderr } = new Deno.Command("bpftool", {
      args: ["-j", "btf", "dump", "file", "/sys/kernel/btf/vmlinux"],
    }).outputSync();
    const decoder = new TextDecoder();
    return success
      ? JSON.parse(decoder.decode(stdout)).types
      : { skip: decoder.decode(stderr).trim() };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { skip: "there is no bpftool" };
  }
}
