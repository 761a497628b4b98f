/*
 * The walk of ffi/objects.ts in C with libbpf, to hold it against: `walk map|program|link INFO_BYTES`. For each line
 * `PASSES` on stdin it walks all objects of the kind that often and answers `NANOSECONDS OBJECTS CPU_NANOSECONDS CHECKSUM`: wall
 * time of all passes, objects of the last one, CPU time, and a word of every info summed up so that none is left unread.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct kind {
	const char *name;
	int (*next)(__u32 id, __u32 *next);
	int (*open)(__u32 id);
};

static const struct kind kinds[] = {
	{ "map", bpf_map_get_next_id, bpf_map_get_fd_by_id },
	{ "program", bpf_prog_get_next_id, bpf_prog_get_fd_by_id },
	{ "link", bpf_link_get_next_id, bpf_link_get_fd_by_id },
};

static __u32 info[128];

/* Objects of one pass, or -1. */
static int pass(const struct kind *kind, __u32 info_size, __u32 *checksum)
{
	__u32 id = 0;
	int objects = 0;

	while (!kind->next(id, &id)) {
		int fd = kind->open(id);
		__u32 filled = info_size;

		if (fd < 0) {
			/* Gone meanwhile; EAGAIN: a link that is only being made. */
			if (errno == ENOENT || errno == EAGAIN)
				continue;
			return -1;
		}
		memset(info, 0, info_size);
		if (!bpf_obj_get_info_by_fd(fd, info, &filled)) {
			*checksum += info[1];
			objects++;
		}
		close(fd);
	}
	return errno == ENOENT ? objects : -1;
}

static long long ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct kind *kind = NULL;
	char line[32];

	for (size_t i = 0; argc == 3 && i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(argv[1], kinds[i].name))
			kind = &kinds[i];
	if (!kind || atoi(argv[2]) > (int)sizeof info) {
		fprintf(stderr, "usage: walk map|program|link INFO_BYTES\n");
		return 2;
	}
	while (fgets(line, sizeof line, stdin)) {
		long long start = ns(CLOCK_MONOTONIC), cpu = ns(CLOCK_PROCESS_CPUTIME_ID);
		__u32 checksum = 0;
		int objects = 0;

		for (int passes = atoi(line); passes > 0 && objects >= 0; passes--)
			objects = pass(kind, atoi(argv[2]), &checksum);
		if (objects < 0) {
			fprintf(stderr, "Cannot walk %s objects: %s\n", kind->name, strerror(errno));
			return 1;
		}
		printf("%lld %d %lld %u\n", ns(CLOCK_MONOTONIC) - start, objects,
		       ns(CLOCK_PROCESS_CPUTIME_ID) - cpu, checksum);
		fflush(stdout);
	}
	return 0;
}
