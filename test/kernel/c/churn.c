/*
 * Owns kernel objects that come and go: churn RATE SECONDS creates RATE objects a second (of ten: five maps, four programs,
 * one link), destroys each a fifth of a second later, prints how many it created and destroyed, and exits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "objects.h"

static void sleep_until(const struct timespec *start, long ns_later)
{
	struct timespec at = { start->tv_sec + ns_later / 1000000000, start->tv_nsec + ns_later % 1000000000 };

	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 3 || atol(argv[1]) < 5 || atol(argv[2]) < 1) {
		fprintf(stderr, "usage: churn RATE SECONDS\n");
		return 2;
	}
	long rate = atol(argv[1]), total = rate * atol(argv[2]), alive = rate / 5, destroyed = 0;
	int *ring = calloc(alive, sizeof(int));
	struct timespec start, end;

	raise_limits();
	int program = must("program of links", load_tracepoint_program());
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < total; i++) {
		sleep_until(&start, i * (1000000000 / rate));
		if (i >= alive) {
			close(ring[i % alive]);
			destroyed++;
		}
		int kind = i % 10;
		ring[i % alive] = kind == 9 ? must("link", create_link(program)) :
			kind % 2 ? must("program", load_program(i / 2)) : must("map", create_map(i / 2));
	}
	for (long i = 0; i < alive && i < total; i++) {
		close(ring[i]);
		destroyed++;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	double seconds = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
	printf("{\"created\":%ld,\"destroyed\":%ld,\"seconds\":%.3f}\n", total, destroyed, seconds);
	return 0;
}
