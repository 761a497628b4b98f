export default { name: "bpfpulse", rules: {} } satisfies Deno.lint.Plugin;
