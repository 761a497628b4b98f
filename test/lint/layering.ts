/**
 * Owns the lint rules that hold the layers apart: which layer may import which, and where the few globals that reach
 * outside the process may be used. In: one parsed file. Out: diagnostics. Files of test/ and bench/ are free.
 * @module
 */

type Layer = "ffi" | "workers" | "src" | "main" | "free";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The files where each guarded name may be used all the same. Keep these lists short. */
const ALLOWED = {
  dlopen: ["ffi/libc.ts"],
  output: ["src/log.ts", "main.ts"],
  command: [],
  // The real clock, and the workers' cadence.
  clock: ["src/clock.ts", "workers/runtime.ts"],
} as const satisfies Record<string, readonly string[]>;

/** What ffi/ offers to others: all of it, and the parts that may be loaded alone. */
const FFI_SURFACE = ["ffi/mod.ts", "ffi/sampling.ts", "ffi/process.ts"];

/** `src/http/app.ts` for an absolute path of this checkout; a path that is already relative stays. */
function projectPath(filename: string): string {
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
}

function layerOf(path: string): Layer {
  if (path === "main.ts") return "main";
  const [top] = path.split("/");
  return top === "ffi" || top === "workers" || top === "src" ? top : "free";
}

/** The project path that a specifier means, or undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (/^\.{0,2}\//.test(specifier)) {
    return projectPath(new URL(specifier, `file://${ROOT}${from}`).pathname);
  }
  if (specifier.startsWith("file:")) {
    return projectPath(new URL(specifier).pathname);
  }
  return undefined;
}

/** Why `from` may not import `specifier`, or undefined when it may. */
function forbiddenEdge(
  from: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  const layer = layerOf(from);
  if (layer === "free") return undefined;
  const target = targetOf(from, specifier);
  if (target === undefined) {
    return layer === "workers"
      ? "workers/ imports only ffi/'s surface and workers/"
      : undefined;
  }
  const to = layerOf(target);
  // The manifest, where the version stands, belongs to no layer.
  if (to === layer || target === "deno.json") return undefined;
  switch (layer) {
    case "ffi":
      return "ffi/ imports nothing of ours";
    case "workers":
      return FFI_SURFACE.includes(target)
        ? undefined
        : "workers/ imports only ffi/'s surface and workers/";
    case "src":
      if (to !== "workers") return "src/ imports only src/ and workers' types";
      return typeOnly
        ? undefined
        : "src/ takes only types from workers/ (import type)";
    case "main":
      if (to === "ffi" && !FFI_SURFACE.includes(target)) {
        return "what ffi/ offers to others is in ffi/mod.ts and its parts";
      }
      return /^(test|bench)\//.test(target)
        ? "the product imports nothing of test/ and bench/"
        : undefined;
  }
}

const imports: Deno.lint.Rule = {
  create(context) {
    const from = projectPath(context.filename);
    function check(
      node: Deno.lint.Node,
      source: Deno.lint.Node | null,
      typeOnly: boolean,
    ): void {
      if (source === null) return;
      const specifier = source.type === "TSLiteralType"
        ? source.literal
        : source;
      if (specifier.type !== "Literal") {
        if (layerOf(from) !== "free") {
          context.report({
            node,
            message: "Cannot tell what this imports: give a plain string",
          });
        }
        return;
      }
      const why = forbiddenEdge(from, String(specifier.value), typeOnly);
      if (why !== undefined) {
        context.report({
          node,
          message: `Cannot import ${specifier.value} in ${from}: ${why}`,
        });
      }
    }
    return {
      ImportDeclaration: (node) =>
        check(node, node.source, node.importKind === "type"),
      ExportNamedDeclaration: (node) =>
        check(node, node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node) =>
        check(node, node.source, node.exportKind === "type"),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.argument, true),
      TSExternalModuleReference: (node) => check(node, node.expression, false),
    };
  },
};

/** What is guarded in a rule: whole globals, and members of globals. */
interface Guard {
  readonly globals?: readonly string[];
  /** As `Deno.Command`. */
  readonly members?: readonly string[];
  /** Packages that offer the same. */
  readonly packages?: readonly string[];
  /** `new Date()` without arguments reads the clock. */
  readonly now?: boolean;
  readonly allowed: readonly string[];
  readonly why: string;
}

function guarded(guard: Guard): Deno.lint.Rule {
  const { globals = [], members = [], packages = [] } = guard;
  const owners = new Set(members.map((member) => member.split(".")[0]));
  return {
    create(context) {
      const path = projectPath(context.filename);
      if (layerOf(path) === "free" || guard.allowed.includes(path)) return {};
      function report(node: Deno.lint.Node, name: string): void {
        context.report({
          node,
          message: `Cannot use ${name} in ${path}: ${guard.why}`,
        });
      }
      return {
        Identifier(node) {
          if (globals.includes(node.name) && isReference(node)) {
            report(node, node.name);
          }
          // A global that is not read for one known member may give any of them: `const { dlopen } = Deno`.
          if (
            owners.has(node.name) && isReference(node) &&
            memberRead(node) === undefined
          ) {
            const names = destructured(node);
            const hit = members.find((member) => {
              const [owner, name] = member.split(".");
              return owner === node.name && (names?.includes(name) ?? true);
            });
            if (hit !== undefined) report(node, hit);
          }
        },
        MemberExpression(node) {
          const name = propertyName(node);
          const owner = globalName(node.object);
          if (owner === undefined || name === undefined) return;
          const member = `${owner}.${name}`;
          if (members.includes(member)) report(node, member);
        },
        NewExpression(node) {
          if (
            guard.now && globalName(node.callee) === "Date" &&
            node.arguments.length === 0
          ) report(node, "new Date()");
        },
        ImportDeclaration(node) {
          if (packages.includes(node.source.value)) {
            report(node, node.source.value);
          }
        },
      };
    },
  };
}

/** `Deno` for `Deno` and for `globalThis.Deno`. */
function globalName(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  return node.type === "MemberExpression" &&
      node.object.type === "Identifier" && node.object.name === "globalThis"
    ? propertyName(node)
    : undefined;
}

/** The name that a member expression reads, where the source says it: `a.b`, `a["b"]`. */
function propertyName(node: Deno.lint.MemberExpression): string | undefined {
  const { property, computed } = node;
  if (!computed && property.type === "Identifier") return property.name;
  return computed && property.type === "Literal"
    ? String(property.value)
    : undefined;
}

/** The member that is read of the global at `node`; undefined where the global itself is passed on. */
function memberRead(node: Deno.lint.Identifier): string | undefined {
  const parent: Deno.lint.Node = node.parent;
  if (parent.type !== "MemberExpression") {
    // A type such as Deno.ForeignLibraryInterface reaches nothing; `new Date(0)` and `Date(0)` are known elsewhere.
    return parent.type === "TSQualifiedName" ||
        (parent.type === "NewExpression" && parent.callee === node) ||
        parent.type === "TSTypeReference" || parent.type === "TSTypeQuery"
      ? node.name
      : undefined;
  }
  if (parent.object === node) return propertyName(parent);
  const outer: Deno.lint.Node = parent.parent;
  return outer.type === "MemberExpression" && outer.object === parent
    ? propertyName(outer)
    : undefined;
}

/** The names taken in `const { a, b: c } = Global`; undefined where it is anything else, or takes the rest. */
function destructured(node: Deno.lint.Identifier): string[] | undefined {
  const parent: Deno.lint.Node = node.parent;
  if (
    parent.type !== "VariableDeclarator" || parent.id.type !== "ObjectPattern"
  ) return undefined;
  const names: string[] = [];
  for (const property of parent.id.properties) {
    if (property.type !== "Property" || property.computed) return undefined;
    if (property.key.type !== "Identifier") return undefined;
    names.push(property.key.name);
  }
  return names;
}

/** True where an identifier means the variable of that name, not a property or a declaration that is called so. */
function isReference(node: Deno.lint.Identifier): boolean {
  const parent: Deno.lint.Node = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed ||
        globalName(parent) === node.name;
    case "Property":
      return parent.value === node || parent.computed;
    case "PropertyDefinition":
    case "MethodDefinition":
      return parent.key !== node || parent.computed;
    case "TSPropertySignature":
    case "TSMethodSignature":
    case "TSEnumMember":
    case "LabeledStatement":
    case "ImportSpecifier":
    case "ExportSpecifier":
      return false;
    default:
      return true;
  }
}

const plugin: Deno.lint.Plugin = {
  name: "bpfpulse",
  rules: {
    layering: imports,
    dlopen: guarded({
      members: ["Deno.dlopen"],
      allowed: ALLOWED.dlopen,
      why: "only ffi/libc.ts loads a library",
    }),
    output: guarded({
      globals: ["console"],
      members: ["Deno.stdout", "Deno.stderr"],
      allowed: ALLOWED.output,
      why: "lines are written by src/log.ts",
    }),
    command: guarded({
      members: ["Deno.Command"],
      packages: ["node:child_process", "child_process"],
      allowed: ALLOWED.command,
      why: "the agent starts no program",
    }),
    clock: guarded({
      globals: ["setTimeout", "setInterval"],
      members: ["Date.now", "performance.now"],
      packages: ["node:timers", "node:timers/promises"],
      now: true,
      allowed: ALLOWED.clock,
      why: "time is injected (src/clock.ts, KernelPort.monotonicMs)",
    }),
  },
};

export default plugin;
