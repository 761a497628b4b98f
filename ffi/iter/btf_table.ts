/**
 * Owns what the two iterators over the BTF objects that programs and maps refer to write: BTF has no iterator of its own. In:
 * nothing. Out: tables whose records are pieces of BTF_PIECE_BYTES, each one BTF object as `struct bpf_btf_info` tells it, or
 * all 0. What refers to no BTF has no record.
 * Source: kernel/bpf/btf.c btf_get_info_by_fd().
 * @module
 */
import type { RecordField, RecordTable, Way } from "./table.ts";

/** Where in a piece what is. A piece may be cut where the kernel lacks the rest. */
export const BTF_PIECE = {
  id: 0,
  sizeBytes: 4,
  isKernel: 8,
  name: 16,
  /** MODULE_NAME_LEN */
  nameBytes: 56,
} as const;
export const BTF_PIECE_BYTES = BTF_PIECE.name + BTF_PIECE.nameBytes;

function piece(
  prefix: string,
  way: Way,
  at: number,
  required: boolean,
): RecordField[] {
  const member = (path: string): RecordField["from"] => ({
    ways: [[...way, ["btf", path]]],
  });
  return [
    {
      name: `${prefix}.id`,
      offset: at + BTF_PIECE.id,
      size: 4,
      from: member("id"),
      required,
    },
    {
      name: `${prefix}.data_size`,
      offset: at + BTF_PIECE.sizeBytes,
      size: 4,
      from: member("data_size"),
      required,
    },
    {
      name: `${prefix}.kernel_btf`,
      offset: at + BTF_PIECE.isKernel,
      size: 1,
      from: member("kernel_btf"),
      since: "5.11",
    },
    {
      name: `${prefix}.name`,
      offset: at + BTF_PIECE.name,
      size: BTF_PIECE.nameBytes,
      from: member("name"),
      since: "5.11",
    },
  ];
}

const AUX = ["bpf_prog", "aux"] as const;

/** Two pieces: a program's own BTF, and that of what it attaches to (since 5.11). */
export const PROGRAM_BTF: RecordTable = {
  name: "bpfpulse_btf_p",
  target: "bpf_prog",
  object: ["bpf_prog", "prog"],
  onlyWith: ["own.id", "attach.id"],
  fields: [
    ...piece("own", [AUX, ["bpf_prog_aux", "btf"]], 0, true),
    ...piece(
      "attach",
      [AUX, ["bpf_prog_aux", "attach_btf"]],
      BTF_PIECE_BYTES,
      false,
    ),
  ],
};

/** One piece: the BTF of a map's key and value. */
export const MAP_BTF: RecordTable = {
  name: "bpfpulse_btf_m",
  target: "bpf_map",
  object: ["bpf_map", "map"],
  onlyWith: ["own.id"],
  fields: piece("own", [["bpf_map", "btf"]], 0, true),
};
