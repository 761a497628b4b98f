/**
 * Owns which tables the iterators read by, and what of the kernel's BTF all that is opened with them needs: one scan finds it. In: a port.
 * Out: tables; types, or one sentence why there are none.
 * @module
 */
import {
  Btf,
  BtfError,
  CALIBRATION_STRUCTS,
  callsOf,
  enumeratorsOf,
  errnoName,
  KERNEL_BTF_PATH,
  type KernelPort,
  LINK_BIRTH,
  LINK_TICK,
  LOOP_ENUMERATOR,
  MAP_BIRTH,
  MAP_BTF,
  MAP_TICK,
  PERF_STRUCTS,
  PROGRAM_BIRTH,
  PROGRAM_BTF,
  PROGRAM_TICK,
  readBtf,
  type RecordTable,
  RING_FUNCTIONS,
  RING_LOSS_TYPES,
  RING_STRUCTS,
  structsOf,
} from "../ffi/mod.ts";
import { HOLDER_FUNCTIONS, HOLDER_STRUCTS } from "./holder_iterators.ts";
import { STRUCT_OPS_SAMPLE } from "./maps/memory_samples.ts";
import { MEMORY_TYPES } from "./maps/memory_terms.ts";
import type { RingLossesFacts } from "./maps/ring_losses.ts";
import { ITERATED_TYPES, type IteratedType } from "./protocol.ts";

export const TABLES: Readonly<
  Record<IteratedType, readonly [tick: RecordTable, birth: RecordTable]>
> = {
  map: [MAP_TICK, MAP_BIRTH],
  program: [PROGRAM_TICK, PROGRAM_BIRTH],
  link: [LINK_TICK, LINK_BIRTH],
};
export const BTF_TABLES = { program: PROGRAM_BTF, map: MAP_BTF } as const;

/** Whoever asked for it closes it. */
export function scanTypes(
  kernel: KernelPort,
  ringLosses: RingLossesFacts["mode"],
): Btf | string {
  const bytes = readBtf(kernel);
  if (typeof bytes === "number") {
    return `no iterators without BTF: open of ${KERNEL_BTF_PATH} failed: ${
      errnoName(-bytes)
    }`;
  }
  const tables = [
    ...ITERATED_TYPES.flatMap((type) => TABLES[type]),
    ...Object.values(BTF_TABLES),
  ];
  try {
    return Btf.scan(bytes, {
      structs: [
        ...new Set([
          ...tables.flatMap(structsOf),
          ...CALIBRATION_STRUCTS,
          ...HOLDER_STRUCTS,
          ...MEMORY_TYPES,
          STRUCT_OPS_SAMPLE,
          ...RING_STRUCTS,
          ...PERF_STRUCTS,
          ...(ringLosses === "on" ? RING_LOSS_TYPES.structs : []),
        ]),
      ],
      functions: [
        ...new Set([
          ...tables.map(({ target }) => `bpf_iter_${target}`),
          "bpf_rdonly_cast",
          ...HOLDER_FUNCTIONS,
          ...tables.flatMap(callsOf),
          ...RING_FUNCTIONS,
          ...(ringLosses === "on" ? RING_LOSS_TYPES.functions : []),
        ]),
      ],
      enumerators: [
        ...new Set([...tables.flatMap(enumeratorsOf), LOOP_ENUMERATOR]),
      ],
    });
  } catch (error) {
    if (error instanceof BtfError) return error.message;
    throw error;
  }
}
