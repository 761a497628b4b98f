/*
 * Holds objects for a benchmark: `hold MAPS PROGRAMS LINKS` creates them, prints `ready`, and ends when stdin closes;
 * they end with it. Maps are arrays of one 8-byte value, programs socket filters of two instructions, links those of
 * iterators (nothing is attached to a hot path). Exit 1, with the reason on stderr, when one cannot be created.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct bpf_insn return_0[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int check(int result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "Cannot create %s: %s\n", what, strerror(errno));
	exit(1);
}

static int iterator_program(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		.expected_attach_type = BPF_TRACE_ITER,
		.attach_btf_id = check(libbpf_find_vmlinux_btf_id("bpf_map", BPF_TRACE_ITER),
				       "an iterator: its BTF id"));
	return check(bpf_prog_load(BPF_PROG_TYPE_TRACING, "bench_iter", "GPL", return_0, 2, &options),
		     "an iterator program");
}

int main(int argc, char **argv)
{
	char name[32], ignored[64];
	struct rlimit limit;

	if (argc != 4) {
		fprintf(stderr, "usage: hold MAPS PROGRAMS LINKS\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < atoi(argv[1]); i++) {
		snprintf(name, sizeof name, "bench_%d", i);
		check(bpf_map_create(BPF_MAP_TYPE_ARRAY, name, 4, 8, 1, NULL), "a map");
	}
	for (int i = 0; i < atoi(argv[2]); i++) {
		snprintf(name, sizeof name, "bench_%d", i);
		check(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, name, "GPL", return_0, 2, NULL),
		      "a program");
	}
	if (atoi(argv[3]) > 0) {
		int program = iterator_program();

		for (int i = 0; i < atoi(argv[3]); i++)
			check(bpf_link_create(program, 0, BPF_TRACE_ITER, NULL), "a link");
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, ignored, sizeof ignored) > 0)
		;
	return 0;
}
