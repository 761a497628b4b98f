/*
 * Owns loops of cheap system calls: calls SLICES MS makes SLICES slices of MS milliseconds of each kind in turn, and prints ns per call as
 * JSON: getpid(), and a look-up in an array map of one element by bpf().
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e9 + at.tv_nsec;
}

static int map;

static void lookup(void)
{
	unsigned key = 0;
	unsigned long value;
	union bpf_attr attr = { .map_fd = map, .key = (unsigned long)&key, .value = (unsigned long)&value };

	syscall(__NR_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

static double slice(int by_bpf, double ms)
{
	double start = now_ns(), end;
	long calls = 0;

	do {
		for (int i = 0; i < 256; i++)
			by_bpf ? lookup() : (void)syscall(SYS_getpid);
		calls += 256;
		end = now_ns();
	} while (end - start < ms * 1e6);
	return (end - start) / calls;
}

int main(int argc, char **argv)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };

	if (argc != 3)
		return 2;
	map = syscall(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (map < 0)
		return 1;
	printf("[");
	for (int i = 0; i < atoi(argv[1]); i++)
		printf("%s[%.2f,%.2f]", i ? "," : "", slice(0, atof(argv[2])), slice(1, atof(argv[2])));
	printf("]\n");
	return 0;
}
