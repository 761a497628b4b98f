/*
 * Owns one kernel object in one way: own WAY makes it, prints its id and the process that made or got it, as `ID PID`, and waits
 * for the end of its standard input. WAY is fd, forked (a child holds it, the parent too), exec (the process has executed
 * another program, "exe"), passed (a child that got it over a unix socket holds it alone), perf (a program, by an event alone), btf,
 * link (a program, by its link alone), inner (a map, by one of maps alone), tail (a program, by a prog_array alone), pin PATH (a
 * map, by a pin alone), pinned-link PATH (a link, by descriptor and pin; its program by the link alone).
 */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "objects.h"

static unsigned id_of(int fd, unsigned offset)
{
	__u32 info[4] = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)info;
	must("description", bpf(BPF_OBJ_GET_INFO_BY_FD, &attr));
	return info[offset / 4];
}

static void tell(unsigned id)
{
	printf("%u %d\n", id, getpid());
	fflush(stdout);
}

static void wait_for_end(void)
{
	for (char c; read(0, &c, 1) > 0;)
		;
}

static int own_map(void)
{
	return must("map", create_map(1));
}

static int load_event_program(void)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_PERF_EVENT;
	attr.insns = (unsigned long)code;
	attr.insn_cnt = COUNT(code);
	attr.license = (unsigned long)"GPL";
	return must("program", bpf(BPF_PROG_LOAD, &attr));
}

static void hold_by_event(void)
{
	struct perf_event_attr event = { 0 };
	int program = load_event_program();

	event.type = PERF_TYPE_SOFTWARE;
	event.size = sizeof(event);
	event.config = PERF_COUNT_SW_CPU_CLOCK;
	event.sample_period = 100000000000ULL;
	int fd = syscall(__NR_perf_event_open, &event, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	must("event", fd);
	must("attachment", ioctl(fd, PERF_EVENT_IOC_SET_BPF, program));
	tell(id_of(program, 4));
	close(program);
	wait_for_end();
}

static void hold_btf(void)
{
	static const struct {
		__u32 header[6], integer[4];
		char strings[8];
	} blob = { { 0x0001eb9f, 24, 0, 16, 16, 5 }, { 1, 1 << 24, 4, 32 }, "\0int" };
	union bpf_attr attr = { 0 };

	attr.btf = (unsigned long)&blob;
	attr.btf_size = 24 + 16 + 5;
	tell(id_of(must("btf", bpf(BPF_BTF_LOAD, &attr)), 12));
	wait_for_end();
}

static void pass(int socket, int *fd, int sends)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char byte = 0;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (sends) {
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), fd, sizeof(int));
		must("message", sendmsg(socket, &message, 0));
	} else {
		must("message", recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	}
}

static void hold_by_child(int passes)
{
	int sockets[2], fd = passes ? -1 : own_map();

	must("socket", socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_NAME, "own_child");
		if (passes)
			pass(sockets[1], &fd, 0);
		tell(id_of(fd, 4));
	} else if (passes) {
		fd = own_map();
		pass(sockets[0], &fd, 1);
		close(fd);
	}
	wait_for_end();
	if (child)
		waitpid(child, NULL, 0);
}

static void pin(int fd, const char *path)
{
	union bpf_attr attr = { 0 };

	attr.pathname = (unsigned long)path;
	attr.bpf_fd = fd;
	must("pin", bpf(BPF_OBJ_PIN, &attr));
}

/* Has `held` kept by nothing but `by`, tells it, and waits. */
static void hold_through(int held, int by)
{
	tell(id_of(held, 4));
	close(held);
	wait_for_end();
	close(by);
}

static int create_holder(unsigned type, int inner)
{
	union bpf_attr attr = { 0 };

	attr.map_type = type;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 3;
	attr.inner_map_fd = inner;
	return must("map", bpf(BPF_MAP_CREATE, &attr));
}

static void put(int map, int value)
{
	__u32 key = 1;
	union bpf_attr attr = { 0 };

	attr.map_fd = map;
	attr.key = (unsigned long)&key;
	attr.value = (unsigned long)&value;
	must("element", bpf(BPF_MAP_UPDATE_ELEM, &attr));
}

static void hold_by_map(unsigned type, int held)
{
	int by = create_holder(type, type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? held : 0);

	put(by, held);
	hold_through(held, by);
}

static void hold_by_link(const char *path)
{
	int program = must("program", load_tracepoint_program());
	int link = must("link", create_link(program));

	if (!path) {
		hold_through(program, link);
		return;
	}
	pin(link, path);
	close(program);
	tell(id_of(link, 4));
	wait_for_end();
}

static void hold_by_pin(const char *path)
{
	int map = own_map();

	pin(map, path);
	tell(id_of(map, 4));
	close(map);
	wait_for_end();
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	const char *path = argc > 2 ? argv[2] : NULL;

	raise_limits();
	if (!strcmp(way, "fd")) {
		tell(id_of(own_map(), 4));
		wait_for_end();
	} else if (!strcmp(way, "exec")) {
		int fd = own_map();
		fcntl(fd, F_SETFD, 0);
		tell(id_of(fd, 4));
		execl("/proc/self/exe", "own", "wait", NULL);
		return 1;
	} else if (!strcmp(way, "wait")) {
		wait_for_end();
	} else if (!strcmp(way, "forked") || !strcmp(way, "passed")) {
		hold_by_child(!strcmp(way, "passed"));
	} else if (!strcmp(way, "perf")) {
		hold_by_event();
	} else if (!strcmp(way, "btf")) {
		hold_btf();
	} else if (!strcmp(way, "link")) {
		hold_by_link(NULL);
	} else if (!strcmp(way, "inner")) {
		hold_by_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, own_map());
	} else if (!strcmp(way, "tail")) {
		hold_by_map(BPF_MAP_TYPE_PROG_ARRAY, load_event_program());
	} else if (!strcmp(way, "pin") && path) {
		hold_by_pin(path);
	} else if (!strcmp(way, "pinned-link") && path) {
		hold_by_link(path);
	} else {
		fprintf(stderr, "usage: own fd|forked|exec|passed|perf|btf|link|inner|tail, own pin|pinned-link PATH\n");
		return 2;
	}
	return 0;
}
