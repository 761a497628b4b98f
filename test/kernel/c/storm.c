/*
 * Owns objects that live for as short as they can: storm SECONDS creates and closes a map and a program in turn, as fast as the
 * kernel lets it, prints how many there were, and exits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "objects.h"

int main(int argc, char **argv)
{
	if (argc != 2 || atol(argv[1]) < 1) {
		fprintf(stderr, "usage: storm SECONDS\n");
		return 2;
	}
	struct timespec now, start;
	long objects = 0;

	raise_limits();
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		/* Arrays alone: prog_arrays and hashes end by work items that would pile up. */
		close(must("map", create_map(1)));
		close(must("program", load(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, 0, "storm", objects % 1000)));
		objects += 2;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9 < atol(argv[1]));
	printf("%ld\n", objects);
	return 0;
}
