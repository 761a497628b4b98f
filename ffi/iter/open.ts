/**
 * Owns the opening of an iterator. In: a field table, the kernel's BTF. Out: a link that iterates, as plain data that can be handed
 * to a thread or a later life, with what its records hold; or why there is none. Simpler forms are tried in turn, then the
 * program without the fields that the verifier refuses.
 * @module
 */
import {
  createIteratorLink,
  type IteratorLimits,
  TRACE_ITER,
  TRACING,
} from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { E2BIG, errnoName } from "../errno.ts";
import { Fd } from "../fd.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import { loadOrRefusal, type Refusal } from "../verifier.ts";
import { compile, type Compiled } from "./compile.ts";
import { Absent } from "./emitter.ts";
import type { PerCpu } from "./per_cpu.ts";
import type { Form, RecordTable } from "./table.ts";
import { instructionsOf } from "../instructions.ts";

/** As they are tried. */
export const FORMS: readonly Form[] = ["typed", "probe"];

/** A link that iterates, and what its records hold: plain data, whose descriptors keep their numbers across execve(2). */
export interface OpenIterator {
  readonly linkFd: number;
  /** The place (O_PATH) of the link's pin, which has no name any more; absent where the link could not be pinned. */
  readonly pinFd?: number;
  /** Of the map by which its program leaves out objects with lower ids; absent where it writes all. */
  readonly boundFd?: number;
  /** The agent's own objects. */
  readonly linkId: number;
  readonly programId: number;
  readonly form: Form;
  readonly recordBytes: number;
  /** Names of the fields of the table that this kernel gives. */
  readonly fields: readonly string[];
  /** Field by field, why it is not among them. */
  readonly absent: Readonly<Record<string, string>>;
}

/** Maps by which a program saves time, where they could be made. */
export interface IteratorMaps {
  /** Of an AheadMap. Needed until the program is loaded. */
  readonly aheadFd?: number | undefined;
  /** Of makeBound(). */
  readonly boundFd?: number | undefined;
}

/**
 * Answers one sentence, or its last part, where no form of the program works. Needs CAP_BPF and CAP_PERFMON. Since 5.8.
 * @param maps for objects of the table's kind
 */
export function openIterator(
  kernel: KernelPort,
  btf: Btf,
  table: RecordTable,
  perCpu: PerCpu,
  maps: IteratorMaps = {},
): OpenIterator | string {
  const usesMaps = (table.ahead !== undefined && maps.aheadFd !== undefined) ||
    (table.boundBy !== undefined && maps.boundFd !== undefined);
  return openProgram(kernel, btf, {
    name: table.name,
    target: table.target,
    optional: table.fields.filter(({ required }) => !required),
    ...(usesMaps ? { luxury: MAPS } : {}),
    compile: (form, without) =>
      compile(btf, table, {
        form,
        without,
        perCpu,
        ...(without.has(MAPS) ? {} : maps),
      }),
  });
}

/** A part of a plan, and no field's name. */
const MAPS = "maps";

/** An iterator program in the making. */
export interface IteratorPlan {
  /** At most 15 bytes of `[A-Za-z0-9_]`. */
  readonly name: string;
  /** As `bpf_map`. */
  readonly target: string;
  /** Parts that it can do without; `besides`: the one without which a part is not tried. */
  readonly optional: readonly {
    readonly name: string;
    readonly besides?: string;
  }[];
  /** A part that only saves time: given up before anything else is. */
  readonly luxury?: string;
  /** Kernels that do not know them go over everything. */
  readonly limits?: IteratorLimits;
  /** @throws {Absent} */
  compile(form: Form, without: ReadonlySet<string>): Compiled;
}

/** As openIterator(), of any program. */
export function openProgram(
  kernel: KernelPort,
  btf: Btf,
  plan: IteratorPlan,
): OpenIterator | string {
  const attachBtfId = btf.functionId(`bpf_iter_${plan.target}`);
  if (attachBtfId === undefined) {
    return `this kernel has no iterator over ${plan.target}`;
  }
  const { optional, limits } = plan;
  const bare = plan.luxury === undefined ? [] : [plan.luxury];
  let reason = "";
  const load = (form: Form, without: ReadonlySet<string>) => {
    const compiled = plan.compile(form, without);
    const answer = loadOrRefusal(kernel, {
      type: TRACING,
      ...instructionsOf(kernel, compiled.code),
      name: plan.name,
      expectedAttachType: TRACE_ITER,
      attachBtfId,
    });
    if (typeof answer !== "number") reason ||= sentenceOf(answer);
    return { compiled, answer };
  };
  try {
    for (const form of FORMS) {
      for (const without of bare.length === 0 ? [[]] : [[], bare]) {
        const { compiled, answer } = load(form, new Set(without));
        if (typeof answer === "number") {
          return linkIterator(kernel, answer, compiled, form, limits);
        }
      }
    }
    for (const form of FORMS) {
      // Each alone, for there may be several.
      const refused = optional.filter(({ name, besides }) => {
        const others = optional.filter((other) =>
          other.name !== name && other.name !== besides
        );
        const { answer } = load(
          form,
          new Set([...bare, ...others.map((other) => other.name)]),
        );
        if (typeof answer !== "number") return true;
        kernel.close(answer);
        return false;
      }).map(({ name }) => name);
      const { compiled, answer } = load(form, new Set([...bare, ...refused]));
      if (typeof answer === "number") {
        return linkIterator(kernel, answer, compiled, form, limits);
      }
    }
    return reason;
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
}

/** Closes the program, which the link keeps. */
export function linkIterator(
  kernel: KernelPort,
  programFd: number,
  { recordBytes, fields, absent, boundFd }: Omit<Compiled, "code">,
  form: Form,
  limits?: IteratorLimits,
): OpenIterator | string {
  using program = new Fd(kernel, programFd);
  let linkFd = createIteratorLink(kernel, program.number, limits);
  if (linkFd === -E2BIG) linkFd = createIteratorLink(kernel, program.number);
  if (linkFd < 0) return `BPF_LINK_CREATE failed: ${errnoName(-linkFd)}`;
  return {
    linkFd,
    linkId: objectId(kernel, linkFd),
    programId: objectId(kernel, program.number),
    form,
    recordBytes,
    fields,
    absent,
    ...(boundFd === undefined ? {} : { boundFd }),
  };
}

/** For whoever asked for a program that was refused. */
export function sentenceOf({ reason, errno }: Refusal): string {
  return reason === errnoName(errno)
    ? `BPF_PROG_LOAD failed: ${reason}`
    : `the verifier says: ${reason}`;
}
