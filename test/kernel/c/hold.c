/*
 * Owns many kernel objects while it lives: hold MAPS PROGRAMS LINKS creates them, of varied types, sizes and names, prints
 * their ids as one line of JSON, then `ready`, waits for the end of its standard input, and exits. One program more than
 * asked for runs in the links, before Linux 6.10 one for each link; they are not among the ids.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "objects.h"

static unsigned id_of(int fd)
{
	__u32 info[4] = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)info;
	must("description", bpf(BPF_OBJ_GET_INFO_BY_FD, &attr));
	return info[1];
}

/* Prints the ids of `count` objects that `create` makes; they stay open until the process ends. */
static void hold(const char *kind, int count, int (*create)(unsigned long))
{
	printf("\"%s\":[", kind);
	for (int i = 0; i < count; i++)
		printf("%s%u", i ? "," : "", id_of(must(kind, create(i))));
	printf("]");
}

static int link_program = -1;

static int create_next_link(unsigned long n)
{
	int link = create_link(link_program);

	(void)n;
	/* Before 6.10 a tracepoint takes no program twice. */
	if (link < 0 && errno == EEXIST) {
		link_program = must("program of links", load_tracepoint_program());
		link = create_link(link_program);
	}
	return link;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: hold MAPS PROGRAMS LINKS\n");
		return 2;
	}
	int maps = atoi(argv[1]), programs = atoi(argv[2]), links = atoi(argv[3]);

	raise_limits();
	if (links > 0)
		link_program = must("program of links", load_tracepoint_program());
	printf("{");
	hold("map", maps, create_map);
	printf(",");
	hold("program", programs, load_program);
	printf(",");
	hold("link", links, create_next_link);
	printf("}\n");
	puts("ready");
	fflush(stdout);
	for (char c; read(0, &c, 1) > 0;)
		;
	return 0;
}
