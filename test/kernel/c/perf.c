/*
 * Owns perf buffers whose truth is known: perf MAPS CPUS PAGES makes MAPS perf_event_arrays, each with an event of PAGES pages on each of
 * CPUS CPUs, prints the maps' ids as one line of JSON, then answers a line for each line of its standard input until that ends:
 *   run MAP CPU COUNT SIZE BATCH   has a program write COUNT samples of SIZE bytes (0: mixed sizes), consuming all after every BATCH (0: never)
 *   drain MAP CPU BYTES            consumes records until BYTES are (0: all)
 *   reopen MAP CPU                 puts another event in the place of this one
 *   remap MAP CPU                  gives the event another buffer
 *   tail|head MAP CPU VALUE        writes the position that the owner may write
 *   more MAP CPU                   answers the truth alone
 * Each answers {"ok","lost","told"}: samples written, refused, and what LOST records said, of this map and CPU since its event was made.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/mman.h>

#include "kernel.h"

#define MOST_MAPS 4
#define MOST_CPUS 8
#define MOST_BYTES 4096
#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })

struct numbers { __u64 size, ok, lost, other, sequence, spare[3]; char data[MOST_BYTES]; };

static struct buffer {
	int fd;
	struct perf_event_mmap_page *page;
	__u64 ok, lost, told;
} buffers[MOST_MAPS][MOST_CPUS];
static int maps[MOST_MAPS], numbers_maps[MOST_MAPS], programs[MOST_MAPS];
static size_t pages, page_bytes;

static int create(unsigned type, unsigned value, unsigned max, const char *name)
{
	union bpf_attr attr = { 0 };

	attr.map_type = type;
	attr.key_size = 4;
	attr.value_size = value;
	attr.max_entries = max;
	strncpy(attr.map_name, name, BPF_OBJ_NAME_LEN - 1);
	return must("map", bpf(BPF_MAP_CREATE, &attr));
}

static void element(int command, int fd, __u32 key, void *value)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	attr.key = (unsigned long)&key;
	attr.value = (unsigned long)value;
	must("map element", bpf(command, &attr));
}

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

static int load_producer(int numbers_fd, int map_fd)
{
	struct bpf_insn code[] = {
		INSN(0xbf, 6, 1, 0, 0),
		INSN(0x18, 7, 2, 0, numbers_fd), INSN(0, 0, 0, 0, 0),
		INSN(0x79, 8, 7, 0, 0),
		INSN(0x55, 8, 0, 6, 0),		/* size is given */
		INSN(0x79, 8, 7, 32, 0),
		INSN(0x07, 8, 0, 0, 1),
		INSN(0x7b, 7, 8, 32, 0),
		INSN(0x27, 8, 0, 0, 37),
		INSN(0x57, 8, 0, 0, 255),
		INSN(0x07, 8, 0, 0, 1),
		INSN(0x57, 8, 0, 0, MOST_BYTES - 1),
		INSN(0xbf, 1, 6, 0, 0),
		INSN(0x18, 2, 1, 0, map_fd), INSN(0, 0, 0, 0, 0),
		INSN(0x18, 3, 0, 0, -1), INSN(0, 0, 0, 0, 0),	/* BPF_F_CURRENT_CPU */
		INSN(0xbf, 4, 7, 0, 0),
		INSN(0x07, 4, 0, 0, 64),
		INSN(0xbf, 5, 8, 0, 0),
		INSN(0x85, 0, 0, 0, BPF_FUNC_perf_event_output),
		INSN(0xb7, 1, 0, 0, 8),
		INSN(0x15, 0, 0, 3, 0),
		INSN(0xb7, 1, 0, 0, 16),
		INSN(0x15, 0, 0, 1, -ENOSPC),
		INSN(0xb7, 1, 0, 0, 24),
		INSN(0x0f, 7, 1, 0, 0),
		INSN(0x79, 1, 7, 0, 0),
		INSN(0x07, 1, 0, 0, 1),
		INSN(0x7b, 7, 1, 0, 0),
		INSN(0xb7, 0, 0, 0, 0),
		INSN(0x95, 0, 0, 0, 0),
	};
	static char log[65536];
	union bpf_attr attr = { 0 };
	int fd;

	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)code;
	attr.insn_cnt = COUNT(code);
	attr.license = (unsigned long)"GPL";
	attr.log_buf = (unsigned long)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		fprintf(stderr, "%s\n", log);
	return must("program", fd);
}

static void map_pages(struct buffer *one)
{
	one->page = mmap(NULL, (pages + 1) * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, one->fd, 0);
	if (one->page == MAP_FAILED)
		must("mapping", -1);
}

static void open_buffer(int map, int cpu)
{
	struct buffer *one = &buffers[map][cpu];
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW, .sample_period = 1, .wakeup_events = 1,
	};
	__u32 fd = must("perf event", syscall(__NR_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));

	*one = (struct buffer){ .fd = fd };
	map_pages(one);
	element(BPF_MAP_UPDATE_ELEM, maps[map], cpu, &fd);
}

static void drain(struct buffer *one, __u64 bytes)
{
	__u64 head = __atomic_load_n(&one->page->data_head, __ATOMIC_ACQUIRE);
	__u64 tail = one->page->data_tail, end = bytes ? tail + bytes : head;
	size_t size = pages * page_bytes;

	while (tail < head && tail < end) {
		char *data = (char *)one->page + page_bytes;
		struct perf_event_header *header = (void *)(data + tail % size);

		if (header->type == PERF_RECORD_LOST)
			one->told += *(__u64 *)(data + (tail + 16) % size);
		if (header->size == 0)
			break;
		tail += header->size;
	}
	__atomic_store_n(&one->page->data_tail, tail, __ATOMIC_RELEASE);
}

static void run(int map, int cpu, __u64 count, __u64 size, __u64 batch)
{
	struct buffer *one = &buffers[map][cpu];
	static struct numbers numbers;
	char packet[64] = { 0 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	must("affinity", sched_setaffinity(0, sizeof(cpus), &cpus));
	element(BPF_MAP_LOOKUP_ELEM, numbers_maps[map], 0, &numbers);
	numbers.size = size;
	numbers.ok = numbers.lost = numbers.other = 0;
	element(BPF_MAP_UPDATE_ELEM, numbers_maps[map], 0, &numbers);
	for (__u64 left = count; left > 0;) {
		__u64 now = batch && batch < left ? batch : left;
		union bpf_attr attr = { 0 };

		attr.test.prog_fd = programs[map];
		attr.test.repeat = now;
		attr.test.data_in = (unsigned long)packet;
		attr.test.data_size_in = sizeof(packet);
		must("run", bpf(BPF_PROG_TEST_RUN, &attr));
		left -= now;
		if (batch)
			drain(one, 0);
	}
	element(BPF_MAP_LOOKUP_ELEM, numbers_maps[map], 0, &numbers);
	one->ok += numbers.ok;
	one->lost += numbers.lost;
	if (numbers.other || numbers.ok + numbers.lost != count) {
		fprintf(stderr, "cannot tell: %llu of %llu went elsewhere\n", numbers.other, count);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int map_count = argc > 1 ? atoi(argv[1]) : 0, cpu_count = argc > 2 ? atoi(argv[2]) : 0;
	char line[256], command[16];

	if (argc != 4 || map_count < 1 || map_count > MOST_MAPS || cpu_count < 1 || cpu_count > MOST_CPUS) {
		fprintf(stderr, "usage: perf MAPS CPUS PAGES\n");
		return 2;
	}
	pages = atoi(argv[3]);
	page_bytes = sysconf(_SC_PAGESIZE);
	raise_limits();
	printf("[");
	for (int i = 0; i < map_count; i++) {
		maps[i] = create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, MOST_CPUS, "events");
		numbers_maps[i] = create(BPF_MAP_TYPE_ARRAY, sizeof(struct numbers), 1, "numbers");
		programs[i] = load_producer(numbers_maps[i], maps[i]);
		for (int cpu = 0; cpu < cpu_count; cpu++)
			open_buffer(i, cpu);
		printf("%s%u", i ? "," : "", id_of(maps[i]));
	}
	puts("]");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned map = 0, cpu = 0;
		unsigned long long a = 0, b = 0, c = 0;

		sscanf(line, "%15s %u %u %llu %llu %llu", command, &map, &cpu, &a, &b, &c);
		if (map >= (unsigned)map_count || cpu >= (unsigned)cpu_count)
			return 2;
		struct buffer *one = &buffers[map][cpu];

		if (!strcmp(command, "run")) {
			run(map, cpu, a, b, c);
		} else if (!strcmp(command, "drain")) {
			drain(one, a);
		} else if (!strcmp(command, "reopen")) {
			struct buffer old = *one;

			open_buffer(map, cpu);
			munmap(old.page, (pages + 1) * page_bytes);
			close(old.fd);
		} else if (!strcmp(command, "remap")) {
			munmap(one->page, (pages + 1) * page_bytes);
			map_pages(one);
		} else if (!strcmp(command, "tail")) {
			one->page->data_tail = a;
		} else if (!strcmp(command, "head")) {
			one->page->data_head = a;
		} else if (strcmp(command, "more")) {
			return 2;
		}
		printf("{\"ok\":%llu,\"lost\":%llu,\"told\":%llu}\n", one->ok, one->lost, one->told);
		fflush(stdout);
	}
	return 0;
}
