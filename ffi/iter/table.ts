/**
 * Owns the form of field tables: what one iterator program writes, where in its record, and where in the kernel's structs that
 * comes from. In: nothing. Out: types. The program (compile.ts) and whoever reads its records take the same table, so
 * they cannot disagree.
 * @module
 */

/**
 * A member, by struct and dotted path. All steps but the last one of a way are pointers, each to the next one's struct; where the
 * kernel has such a pointer of another type, `at` is the member of that struct that it points to, or `""` for its beginning.
 */
export type Step = readonly [struct: string, path: string, at?: string];

/** Bits of a number, by the names of enumerators; those that this kernel lacks are none. */
export interface Bits {
  readonly of: Way;
  readonly enumerators: readonly string[];
}

/** From the iterated object to a value. */
export type Way = readonly Step[];

/** Where a field's bytes come from. */
export type Origin =
  /** The value at the end of the first way that this kernel has; `shift` moves its bits up, or down, `mask` keeps some. */
  | {
    readonly ways: readonly Way[];
    readonly shift?: number;
    readonly mask?: number;
  }
  /** Not 0 where one of the bits is set. */
  | { readonly bits: Bits }
  /** The text that the pointer at the end of the way points to. */
  | { readonly text: Way }
  /** The sum over all CPUs of a u64 in the per-CPU struct that the pointer at the end of the first way points to. */
  | { readonly sum: Step; readonly perCpu: readonly Way[] }
  /**
   * The sum of a u32 over an array of pointers; without elements the value of the other way. Of an
   * array longer than `most`, the other way's value alone.
   */
  | {
    readonly total: Step;
    readonly array: Way;
    readonly count: Way;
    readonly most: number;
    readonly otherwise: Way;
  }
  /** What a function of the kernel answers for the iterated object. */
  | { readonly call: string }
  /** How much a ring holds, out of its u32 positions: `head - tail`, and `size` more where that is below 0. */
  | {
    readonly ring: {
      readonly head: Step;
      readonly tail: Step;
      readonly size: Step;
    };
  }
  /** The name of the first function of a program, out of its own BTF. */
  | { readonly functionName: true };

/** One field of a record. */
export interface RecordField {
  /** Unique within its table. */
  readonly name: string;
  /** In bytes, from the start of the record; a multiple of its size, at most of 8. */
  readonly offset: number;
  readonly size: number;
  readonly from: Origin;
  /** Without it there is no program. */
  readonly required?: boolean;
  /** Left out where the kernel has what another field is made of, for which it stands in. */
  readonly insteadOf?: string;
  /** Left out where the kernel lacks this other field, whose place behind it is another's then. */
  readonly besides?: string;
  /** Written only for objects whose selector has this value. */
  readonly when?: number;
  /** All bits of its 8 bytes are set where it is not written. */
  readonly unsetIsAbsent?: true;
  /** Written only where one of the bits is set, or none of them. */
  readonly onlyIf?: { readonly bits: Bits; readonly areSet: boolean };
  /** The kernel that has it first, where that is not the iterator's own; for readers. */
  readonly since?: string;
}

/** What one program writes for each object. */
export interface RecordTable {
  /** At most 15 bytes of `[A-Za-z0-9_]`. */
  readonly name: string;
  /** As `bpf_map`: the iterator's target, as in `bpf_iter_bpf_map`. */
  readonly target: string;
  /** Member of the iterator's context that is the object, and its struct. */
  readonly object: Step;
  /** What `when` compares with. */
  readonly selector?: Way;
  readonly fields: readonly RecordField[];
  /** To the object's id, where the program is for objects from some id on. */
  readonly boundBy?: Way;
  /** Members of the object that lie apart in memory and are needed of each, by the kernel's own iteration or by the fields. */
  readonly ahead?: readonly Way[];
  /** Names of fields; an object for which all of them are 0 (a text: empty) has no record. */
  readonly onlyWith?: readonly string[];
}

/** How a program reads memory for which the verifier has no type, and whether it trusts types at all. */
export type Form =
  /** Loads through typed pointers; where one must be taken for another type, bpf_rdonly_cast(), or bpf_probe_read_kernel(). */
  | "typed"
  /** bpf_probe_read_kernel() everywhere. */
  | "probe";

/** Every struct that a table names. */
export function structsOf(table: RecordTable): string[] {
  const steps: Step[] = [table.object, ...(table.selector ?? [])];
  steps.push(...(table.ahead ?? []).flat());
  for (const { from, onlyIf } of table.fields) {
    if (onlyIf !== undefined) steps.push(...onlyIf.bits.of);
    if ("bits" in from) steps.push(...from.bits.of);
    else if ("ways" in from) steps.push(...from.ways.flat());
    else if ("text" in from) steps.push(...from.text);
    else if ("sum" in from) steps.push(from.sum, ...from.perCpu.flat());
    else if ("ring" in from) steps.push(...Object.values(from.ring));
    else if ("total" in from) {
      steps.push(from.total, ...from.array, ...from.count, ...from.otherwise);
    } else if ("functionName" in from) steps.push(...FUNCTION_NAME_STEPS);
  }
  return [
    `bpf_iter__${table.target}`,
    "bpf_iter_meta",
    // What numbers are cast to, to be followed.
    "bpf_prog_stats",
    ...new Set(steps.map(([struct]) => struct)),
  ];
}

/** Every function of the kernel that a table's program calls. */
export function callsOf({ fields }: RecordTable): string[] {
  return fields.flatMap(({ from }) => "call" in from ? [from.call] : []);
}

/** What a function's name is made of, besides a program's `aux`. */
export const FUNCTION_NAME_STEPS = [
  ["bpf_prog", "aux"],
  ["bpf_prog_aux", "func_info"],
  ["bpf_func_info", "type_id"],
  ["bpf_prog_aux", "btf"],
  ["btf", "types"],
  ["btf", "strings"],
  ["btf_type", "name_off"],
] as const satisfies readonly Step[];

/** Every enumerator that a table names. */
export function enumeratorsOf({ fields }: RecordTable): string[] {
  return fields.flatMap(({ from, onlyIf }) => [
    ...("bits" in from ? from.bits.enumerators : []),
    ...(onlyIf?.bits.enumerators ?? []),
  ]);
}
