/*
 * Owns a ring buffer with its producers and its consumer, and the truth about them. In: the ring's size, its kind (user: user space
 * produces; overwrite: records that nobody consumed are overwritten), then commands on stdin, one a line. Out: a line for each: "ready MAP_ID", "done EVENTS DISCARDS REFUSED BYTES" (all since the start), "ok".
 *
 *   produce MIX COUNT BATCH PAUSE_US CPUS   MIX: 0 fixed 48 bytes, 1 sizes 24/100/1000 and one in seven discarded, 2 by
 *                                           bpf_ringbuf_output(), 3 by bpf_ringbuf_reserve_dynptr(), 4 larger than the ring;
 *                                           +256 without wake-ups
 *   drain PAUSE_US                          consumes from now on, every PAUSE_US; 0 stops
 *   once                                    consumes what is there
 *   scribble COUNT                          writes that many lies into the consumer's page
 *   lie                                     a user ring's producer announces what it never wrote
 *   user COUNT                              a user ring's producer writes records of 24 bytes, every third discarded
 *   jump POSITION                           a user ring's producer says that it is there
 *   busy | commit                           a user ring's producer begins a record of 24 bytes, or is done with it
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#include "objects.h"

#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(d, i) INSN(0xb7, d, 0, 0, i)
#define MOVR(d, s) INSN(0xbf, d, s, 0, 0)
#define MAP(d, kind, fd) INSN(0x18, d, kind, 0, fd), INSN(0, 0, 0, 0, 0)
#define CALL(n) INSN(0x85, 0, 0, 0, n)
#define EXIT INSN(0x95, 0, 0, 0, 0)
/* lock *(u64 *)(r8 + off) += reg */
#define COUNT_UP(off, reg) INSN(0xdb, 8, reg, off, 0)

/* BPF_F_RB_OVERWRITE, since 6.19. */
#define RB_OVERWRITE (1u << 19)

enum { EVENTS, DISCARDS, REFUSED, BYTES, TRUTHS };

static volatile uint64_t *truth;
static int ring_fd, truth_fd, is_user, overwrites;
static uint32_t *begun;
static unsigned long size, page;
static volatile uint64_t *consumer_pos, *producer_pos;
static uint8_t *records;
static volatile long pause_us;
static struct { int program; long count, batch, pause; } work;

static int create(unsigned type, unsigned key, unsigned value, unsigned max, unsigned flags)
{
	union bpf_attr attr = { 0 };

	attr.map_type = type;
	attr.key_size = key;
	attr.value_size = value;
	attr.max_entries = max;
	attr.map_flags = flags;
	return must("map", bpf(BPF_MAP_CREATE, &attr));
}

/* Reserves `bytes`, in r9 the random number that decides whether to discard. */
static unsigned reserve(struct bpf_insn *code, int bytes, int mixed, int flags)
{
	struct bpf_insn part[] = {
		MAP(1, 1, ring_fd), MOV(2, bytes), MOV(3, 0), CALL(131),
		INSN(0x55, 0, 0, 4, 0), /* if r0 != 0 goto there */
		MOV(1, 1), COUNT_UP(REFUSED * 8, 1), MOV(0, 0), EXIT,
		/* there: */
		MOVR(6, 0), MOV(1, (bytes + 8 + 7) & ~7), COUNT_UP(BYTES * 8, 1),
		INSN(0x7b, 6, 9, 0, 0), MOVR(1, 6), MOV(2, flags), MOV(7, 1),
		INSN(0x77, 9, 0, 0, 8), INSN(0x97, 9, 0, 0, 7), /* r9 >>= 8; r9 %= 7 */
		INSN(0x55, 9, 0, 4, mixed ? 0 : -1), /* if r9 != 0 goto submit */
		COUNT_UP(DISCARDS * 8, 7), CALL(133), MOV(0, 0), EXIT,
		COUNT_UP(EVENTS * 8, 7), CALL(132), MOV(0, 0), EXIT,
	};

	memcpy(code, part, sizeof(part));
	return COUNT(part);
}

/* 48 bytes by output(), or by a dynptr; both answer a negative error where there is no room. */
static unsigned write_whole(struct bpf_insn *code, int dynptr, int flags)
{
	struct bpf_insn output[] = {
		INSN(0x7a, 10, 0, -48, 7), INSN(0x7a, 10, 0, -40, 7), INSN(0x7a, 10, 0, -32, 7),
		INSN(0x7a, 10, 0, -24, 7), INSN(0x7a, 10, 0, -16, 7), INSN(0x7a, 10, 0, -8, 7),
		MAP(1, 1, ring_fd), MOVR(2, 10), INSN(0x07, 2, 0, 0, -48), MOV(3, 48), MOV(4, flags), CALL(130),
		MOVR(6, 0),
	};
	struct bpf_insn reserve[] = {
		MAP(1, 1, ring_fd), MOV(2, 48), MOV(3, 0), MOVR(4, 10), INSN(0x07, 4, 0, 0, -16), CALL(198),
		MOVR(6, 0), MOVR(1, 10), INSN(0x07, 1, 0, 0, -16), MOV(2, flags), CALL(199),
	};
	struct bpf_insn tail[] = {
		MOV(7, 1), INSN(0xc5, 6, 0, 5, 0), /* if r6 s< 0 goto refused */
		COUNT_UP(EVENTS * 8, 7), MOV(1, 56), COUNT_UP(BYTES * 8, 1), MOV(0, 0), EXIT,
		/* refused: */
		COUNT_UP(REFUSED * 8, 7), MOV(0, 0), EXIT,
	};
	unsigned n = dynptr ? COUNT(reserve) : COUNT(output);

	memcpy(code, dynptr ? reserve : output, n * sizeof(*code));
	memcpy(code + n, tail, sizeof(tail));
	return n + COUNT(tail);
}

static int load_producer(int mix)
{
	struct bpf_insn code[256];
	union bpf_attr attr = { 0 };
	int kind = mix & 255, mixed = kind == 1, flags = mix & 256 ? 1 : 0;
	static const int sizes[] = { 24, 100, 1000 };
	unsigned n = 0;

	struct bpf_insn head[] = { MAP(8, 2, truth_fd), CALL(7), MOVR(9, 0) };
	memcpy(code, head, sizeof(head));
	n = COUNT(head);
	if (mixed) {
		for (int i = 0; i < 3; i++) {
			unsigned at;
			code[n++] = MOVR(1, 9);
			code[n++] = INSN(0x97, 1, 0, 0, 3);
			at = n++;
			n += reserve(code + n, sizes[i], 1, flags);
			code[at] = INSN(0x55, 1, 0, n - at - 1, i);
		}
		code[n++] = MOV(0, 0);
		code[n++] = EXIT;
	} else if (kind == 2 || kind == 3) {
		n += write_whole(code + n, kind == 3, flags);
	} else {
		n += reserve(code + n, kind == 4 ? (int)size : 48, 0, flags);
	}
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)code;
	attr.insn_cnt = n;
	attr.license = (unsigned long)"GPL";
	static char log[65536];
	attr.log_buf = (unsigned long)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	int fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		fputs(log, stderr);
	return must("producer", fd);
}

static void sleep_us(long us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };
	nanosleep(&time, NULL);
}

static void *produce(void *cpu)
{
	char packet[64] = { 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((long)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (long left = work.count; left > 0; left -= work.batch) {
		union bpf_attr attr = { 0 };
		attr.test.prog_fd = work.program;
		attr.test.data_in = (unsigned long)packet;
		attr.test.data_size_in = sizeof(packet);
		attr.test.repeat = left < work.batch ? left : work.batch;
		must("run", bpf(BPF_PROG_TEST_RUN, &attr));
		if (work.pause)
			sleep_us(work.pause);
	}
	return NULL;
}

static void consume(void)
{
	uint64_t at = *consumer_pos, end = __atomic_load_n(producer_pos, __ATOMIC_ACQUIRE);

	/* What was overwritten is behind overwrite_pos. */
	if (overwrites && at < producer_pos[2])
		at = producer_pos[2];
	while (at < end) {
		uint32_t length = __atomic_load_n((uint32_t *)(records + (at & (size - 1))), __ATOMIC_ACQUIRE);
		if (length & (1u << 31))
			break;
		at += ((length & 0x3fffffff) + 15) & ~7ul;
	}
	__atomic_store_n(consumer_pos, at, __ATOMIC_RELEASE);
}

static void *drain(void *unused)
{
	(void)unused;
	for (;;) {
		if (pause_us > 0) {
			consume();
			sleep_us(pause_us);
		} else {
			sleep_us(200);
		}
	}
	return NULL;
}

static void user(long count, int lies)
{
	for (long i = 0; i < count; i++) {
		uint64_t at = *producer_pos;
		uint32_t *header = (uint32_t *)(records + (at & (size - 1)));
		header[0] = lies ? 0x3ffffff0u : 24u | (i % 3 == 0 ? 1u << 30 : 0);
		/* Nobody asks a user ring's record for its page. */
		header[1] = ~0u;
		truth[i % 3 == 0 ? DISCARDS : EVENTS] += !lies;
		__atomic_store_n(producer_pos, at + 32, __ATOMIC_RELEASE);
	}
	truth[BYTES] = *producer_pos;
}

static void begin(void)
{
	uint64_t at = *producer_pos;

	begun = (uint32_t *)(records + (at & (size - 1)));
	*begun = 24u | 1u << 31;
	__atomic_store_n(producer_pos, at + 32, __ATOMIC_RELEASE);
}

static void commit(void)
{
	truth[EVENTS]++;
	truth[BYTES] = *producer_pos;
	__atomic_store_n(begun, 24u, __ATOMIC_RELEASE);
}

static void scribble(long count)
{
	uint64_t honest = *consumer_pos;
	uint64_t seed = 88172645463325252ull;

	for (long i = 0; i < count; i++) {
		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		*consumer_pos = i % 4 == 0 ? *producer_pos - (seed % size) : i % 4 == 1 ? seed : i % 4 == 2 ? 0 : *producer_pos + seed % 4096;
	}
	*consumer_pos = honest;
}

static void run(int mix, long count, long batch, long pause, long cpus)
{
	pthread_t threads[64];

	work.program = load_producer(mix);
	work.count = count;
	work.batch = batch;
	work.pause = pause;
	for (long i = 0; i < cpus; i++)
		pthread_create(&threads[i], NULL, produce, (void *)i);
	for (long i = 0; i < cpus; i++)
		pthread_join(threads[i], NULL);
	close(work.program);
}

static void map_pages(void)
{
	uint8_t *at;

	/* A user ring's owner writes what a kernel ring's owner reads, and the other way round. */
	consumer_pos = mmap(NULL, page, is_user ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, 0);
	at = mmap(NULL, page + 2 * size, is_user ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, ring_fd, page);
	if (consumer_pos == MAP_FAILED || at == MAP_FAILED)
		must("mapping", -1);
	producer_pos = (void *)at;
	records = at + page;
	truth = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, truth_fd, 0);
	if (truth == MAP_FAILED)
		must("mapping", -1);
}

int main(int argc, char **argv)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };
	pthread_t drainer;
	char line[256];
	long a, b, c, d, e;
	unsigned long position;

	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	raise_limits();
	page = sysconf(_SC_PAGESIZE);
	size = strtoul(argv[1], NULL, 0);
	is_user = argc > 2 && !strcmp(argv[2], "user");
	overwrites = argc > 2 && !strcmp(argv[2], "overwrite");
	ring_fd = create(is_user ? BPF_MAP_TYPE_USER_RINGBUF : BPF_MAP_TYPE_RINGBUF, 0, 0, size,
			 overwrites ? RB_OVERWRITE : 0);
	truth_fd = create(BPF_MAP_TYPE_ARRAY, 4, TRUTHS * 8, 1, BPF_F_MMAPABLE);
	map_pages();
	attr.info.bpf_fd = ring_fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)&info;
	must("info", bpf(BPF_OBJ_GET_INFO_BY_FD, &attr));
	pthread_create(&drainer, NULL, drain, NULL);
	printf("ready %u\n", info.id);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "produce %ld %ld %ld %ld %ld", &a, &b, &c, &d, &e) == 5)
			run(a, b, c, d, e);
		else if (sscanf(line, "drain %ld", &a) == 1)
			pause_us = a;
		else if (sscanf(line, "scribble %ld", &a) == 1)
			scribble(a);
		else if (sscanf(line, "user %ld", &a) == 1)
			user(a, 0);
		else if (!strncmp(line, "lie", 3))
			user(1, 1);
		else if (sscanf(line, "jump %lu", &position) == 1)
			__atomic_store_n(producer_pos, position, __ATOMIC_RELEASE);
		else if (!strncmp(line, "busy", 4))
			begin();
		else if (!strncmp(line, "commit", 6))
			commit();
		else if (!strncmp(line, "once", 4))
			consume();
		printf("done %lu %lu %lu %lu\n", truth[EVENTS], truth[DISCARDS], truth[REFUSED], truth[BYTES]);
	}
	return 0;
}
