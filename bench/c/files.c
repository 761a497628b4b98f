/*
 * Owns processes with many open files that have nothing to do with BPF: files PROCESSES FILES forks PROCESSES children that open
 * /dev/null FILES times each, prints `ready`, and ends them all at the end of its standard input.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int processes = argc == 3 ? atoi(argv[1]) : 0, files = argc == 3 ? atoi(argv[2]) : 0;
	int opened[2];
	struct rlimit limit;
	char byte;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (pipe(opened))
		return 1;
	for (int i = 0; i < processes; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int n = 0; n < files; n++)
			if (open("/dev/null", O_RDONLY) < 0)
				return 1;
		if (write(opened[1], "x", 1) != 1)
			return 1;
		for (;;)
			pause();
	}
	for (int i = 0; i < processes; i++)
		if (read(opened[0], &byte, 1) != 1)
			return 1;
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
