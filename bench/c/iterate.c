/*
 * Drives an iterator program with libbpf: `iterate FILE ATTACH_BTF_ID RECORD_BYTES VALUE_BYTES` loads the instructions in FILE,
 * which our compiler wrote, and links them; a map that they use is made, an array of one element of VALUE_BYTES. For each line `PASSES` on stdin it reads the iterator to its end that often and answers
 * `NANOSECONDS OBJECTS CPU_NANOSECONDS CHECKSUM`: of all passes together, objects of the last one, and the ids summed up so that
 * no record is left unread.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct bpf_insn code[4096];
static char records[64 * 1024];

static int check(int result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "Cannot %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Has the program use a map of this process. */
static void give_map(size_t count, __u32 value_bytes)
{
	int map = -1;

	for (size_t i = 0; i < count; i++) {
		if (code[i].code != (BPF_LD | BPF_DW | BPF_IMM) || code[i].src_reg != BPF_PSEUDO_MAP_VALUE)
			continue;
		if (map < 0)
			map = check(bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_ahead", 4, value_bytes, 1, NULL),
				    "make the map");
		code[i].imm = map;
	}
}

static int load(const char *path, __u32 attach_btf_id, __u32 value_bytes)
{
	FILE *file = fopen(path, "rb");
	size_t count = file ? fread(code, sizeof *code, sizeof code / sizeof *code, file) : 0;
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		.expected_attach_type = BPF_TRACE_ITER,
		.attach_btf_id = attach_btf_id);
	int program;

	if (file)
		fclose(file);
	give_map(count, value_bytes);
	program = check(bpf_prog_load(BPF_PROG_TYPE_TRACING, "bench_iterate", "GPL", code, count, &options),
			"load the program");
	return check(bpf_link_create(program, 0, BPF_TRACE_ITER, NULL), "link the program");
}

static int pass(int link, size_t record_bytes, __u32 *checksum)
{
	int fd = check(bpf_iter_create(link), "create an iteration");
	ssize_t length;
	int objects = 0;

	while ((length = read(fd, records, sizeof records)) != 0) {
		if (length < 0) {
			if (errno == EAGAIN || errno == EINTR)
				continue;
			check(-1, "read an iteration");
		}
		for (ssize_t at = 0; at < length; at += record_bytes, objects++)
			*checksum += *(__u32 *)(records + at);
	}
	close(fd);
	return objects;
}

static long long ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	char line[32];
	int link;

	if (argc != 5) {
		fprintf(stderr, "usage: iterate FILE ATTACH_BTF_ID RECORD_BYTES VALUE_BYTES\n");
		return 2;
	}
	link = load(argv[1], atoi(argv[2]), atoi(argv[4]));
	while (fgets(line, sizeof line, stdin)) {
		long long start = ns(CLOCK_MONOTONIC), cpu = ns(CLOCK_PROCESS_CPUTIME_ID);
		__u32 checksum = 0;
		int objects = 0;

		for (int passes = atoi(line); passes > 0; passes--)
			objects = pass(link, atoi(argv[3]), &checksum);
		printf("%lld %d %lld %u\n", ns(CLOCK_MONOTONIC) - start, objects,
		       ns(CLOCK_PROCESS_CPUTIME_ID) - cpu, checksum);
		fflush(stdout);
	}
	return 0;
}
