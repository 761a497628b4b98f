/*
 * Owns what every program here that makes kernel objects needs: bpf(2), limits, and an end with a sentence where something cannot be had.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/* As many descriptors as the hard limit allows; kernels before 5.11 charge objects to locked memory. */
static void raise_limits(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
	setrlimit(RLIMIT_MEMLOCK, &limit);
}

static int must(const char *what, int fd)
{
	if (fd < 0) {
		fprintf(stderr, "cannot create a %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return fd;
}
