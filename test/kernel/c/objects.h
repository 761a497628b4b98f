/*
 * Owns the making of kernel objects for hold.c and churn.c: the n-th map, the n-th program, one more link. Each answers
 * a descriptor, or -1 with errno. Only bpf(2) is used, no library.
 */
#include "kernel.h"

/* Every seventh object has no name, every fifth the longest one, and every eleventh shares its name with others. */
static void name_it(char *name, const char *prefix, unsigned long n)
{
	char whole[64];

	if (n % 7 == 0)
		return;
	if (n % 5 == 0)
		snprintf(whole, sizeof(whole), "%s_%013lu", prefix, n);
	else if (n % 11 == 0)
		snprintf(whole, sizeof(whole), "%s_twin", prefix);
	else
		snprintf(whole, sizeof(whole), "%s_%lu", prefix, n);
	memcpy(name, whole, BPF_OBJ_NAME_LEN - 1);
}

__attribute__((unused)) static int create_map(unsigned long n)
{
	static const struct { unsigned type, key, value, max, flags; } specs[] = {
		{ BPF_MAP_TYPE_HASH, 8, 16, 10, 0 },
		{ BPF_MAP_TYPE_ARRAY, 4, 3, 5, 0 },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 2, 0 },
		{ BPF_MAP_TYPE_HASH, 40, 100, 3, BPF_F_NO_PREALLOC },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, 4, 100, BPF_F_NO_PREALLOC },
		{ BPF_MAP_TYPE_QUEUE, 0, 9, 4, 0 },
		{ BPF_MAP_TYPE_STACK, 0, 11, 6, 0 },
		{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8, 0 },
		{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 30, 0 },
		{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2, 0 },
		{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 20, 0 },
		{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	};
	union bpf_attr attr = { 0 };
	unsigned i = n % COUNT(specs);

	attr.map_type = specs[i].type;
	attr.key_size = specs[i].key;
	attr.value_size = specs[i].value;
	/* Pages must be a power of two; other sizes vary with n. */
	attr.max_entries = specs[i].max + (specs[i].type == BPF_MAP_TYPE_RINGBUF ? 0 : n % 13);
	attr.map_flags = specs[i].flags;
	name_it(attr.map_name, "m", n);

	int map = bpf(BPF_MAP_CREATE, &attr);

	/* Since 5.16. */
	if (map < 0 && errno == EINVAL && specs[i].type == BPF_MAP_TYPE_BLOOM_FILTER) {
		attr.map_type = BPF_MAP_TYPE_QUEUE;
		map = bpf(BPF_MAP_CREATE, &attr);
	}
	return map;
}

static int load(unsigned type, unsigned attach_type, int value, unsigned padding, const char *prefix, unsigned long n)
{
	struct bpf_insn code[64];
	union bpf_attr attr = { 0 };
	unsigned count = 0;

	/* mov64 r0, imm */
	while (count < padding)
		code[count++] = (struct bpf_insn){ .code = 0xb7, .imm = n };
	code[count++] = (struct bpf_insn){ .code = 0xb7, .imm = value };
	code[count++] = (struct bpf_insn){ .code = 0x95 }; /* exit */
	attr.prog_type = type;
	attr.expected_attach_type = attach_type;
	attr.insns = (unsigned long)code;
	attr.insn_cnt = count;
	attr.license = (unsigned long)"GPL";
	name_it(attr.prog_name, prefix, n);
	return bpf(BPF_PROG_LOAD, &attr);
}

__attribute__((unused)) static int load_program(unsigned long n)
{
	static const struct { unsigned type, attach_type; int value; } specs[] = {
		{ BPF_PROG_TYPE_SOCKET_FILTER, 0, 0 },
		{ BPF_PROG_TYPE_XDP, 0, 2 },
		{ BPF_PROG_TYPE_SCHED_CLS, 0, 0 },
		{ BPF_PROG_TYPE_TRACEPOINT, 0, 0 },
		{ BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0 },
		{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 1 },
		{ BPF_PROG_TYPE_PERF_EVENT, 0, 0 },
		{ BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT, 1 },
	};
	unsigned i = n % COUNT(specs);

	return load(specs[i].type, specs[i].attach_type, specs[i].value, n % 37, "p", n);
}

__attribute__((unused)) static int load_tracepoint_program(void)
{
	return load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, 0, "linked", 1);
}

/* One more link that runs `program`, on a tracepoint that hardly ever fires. */
__attribute__((unused)) static int create_link(int program)
{
	union bpf_attr attr = { 0 };

	attr.raw_tracepoint.name = (unsigned long)"task_rename";
	attr.raw_tracepoint.prog_fd = program;
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}
