/*
 * Owns a process that does a known number of bpf() operations: operate COUNT THREADS [lookup] makes one map of each of several types, has
 * each of THREADS threads do COUNT of each operation on each of them (or of look-ups in the first alone), loads that work and fail, and
 * attempts to attach that fail; then prints what it did as JSON: by map, command and errno, as the calls answered it, and how long its
 * loads took by its own clock. It waits for its standard input to end before it ends itself, so that its maps stay as long.
 */
#include <pthread.h>
#include <time.h>

#include "objects.h"

#define COMMANDS 40
#define ERRNOS 1024
#define BATCH 8
#define CPUS 256
#define BUCKETS 16
#define NS_PER_US 1000

static const struct {
	unsigned type, key, flags;
	const char *name;
} kinds[] = {
	{ BPF_MAP_TYPE_HASH, 4, 0, "hash" },
	{ BPF_MAP_TYPE_ARRAY, 4, 0, "array" },
	{ BPF_MAP_TYPE_PERCPU_HASH, 4, 0, "percpu_hash" },
	{ BPF_MAP_TYPE_LRU_HASH, 4, 0, "lru_hash" },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC, "lpm_trie" },
	{ BPF_MAP_TYPE_QUEUE, 0, 0, "queue" },
};
#define MAPS (sizeof(kinds) / sizeof(*kinds))

static const int commands[] = {
	BPF_MAP_UPDATE_ELEM, BPF_MAP_LOOKUP_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_MAP_DELETE_ELEM,
	BPF_MAP_UPDATE_BATCH, BPF_MAP_LOOKUP_BATCH, BPF_MAP_DELETE_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH,
};

/* Where in commands[] the two are that take a single element away. */
#define ENDS 3

static const unsigned bounds_us[BUCKETS - 1] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
						 1000000, 2500000, 5000000 };

static long count, threads;
static int only_lookups;
static int maps[MAPS + 1];
static unsigned ids[MAPS + 1];
/* The last map is none: descriptors that are of no map. */
static long done[MAPS + 1][COMMANDS][ERRNOS];
static long load_ns, load_buckets[BUCKETS];

static int act(int map, int command, union bpf_attr *attr)
{
	int result = bpf(command, attr);

	__atomic_add_fetch(&done[map][command][result < 0 ? errno : 0], 1, __ATOMIC_RELAXED);
	return result;
}

static void element(int map, int command, unsigned number)
{
	/* Of a trie: so many bits, and the bits. */
	unsigned key[2] = { number, number }, next[2];
	unsigned long value[CPUS] = { number };
	union bpf_attr attr = { .map_fd = maps[map], .key = (unsigned long)key };

	if (map < (int)MAPS && kinds[map].key == 8)
		key[0] = 32;
	if (map < (int)MAPS && kinds[map].key == 0)
		attr.key = 0;
	attr.value = command == BPF_MAP_GET_NEXT_KEY ? (unsigned long)next : (unsigned long)value;
	if (command == BPF_MAP_DELETE_ELEM)
		attr.value = 0;
	act(map, command, &attr);
}

static void batch(int map, int command)
{
	static __thread unsigned long values[BATCH * CPUS];
	unsigned keys[BATCH * 2], out[2];
	union bpf_attr attr = { .batch = { .keys = (unsigned long)keys, .values = (unsigned long)values, .count = BATCH,
		.map_fd = maps[map] } };

	for (unsigned i = 0; i < BATCH; i++)
		if (kinds[map].key == 8) {
			keys[2 * i] = 32;
			keys[2 * i + 1] = i;
		} else {
			keys[i] = i;
		}
	if (command == BPF_MAP_LOOKUP_BATCH || command == BPF_MAP_LOOKUP_AND_DELETE_BATCH)
		attr.batch.out_batch = (unsigned long)out;
	if (command == BPF_MAP_DELETE_BATCH)
		attr.batch.values = 0;
	act(map, command, &attr);
}

static long now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1000000000L + at.tv_nsec;
}

enum load { GOOD, REFUSED, EMPTY, UNKNOWN };

static void load_and_close(enum load load)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = load == REFUSED ? BPF_REG_1 : BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = load == UNKNOWN ? 9999 : BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (unsigned long)code, .insn_cnt = load == EMPTY ? 0 : 2, .license = (unsigned long)"GPL" };
	long start = now_ns();
	int fd = act(MAPS, BPF_PROG_LOAD, &attr);
	long ns = now_ns() - start;
	int bucket = 0;

	while (bucket < BUCKETS - 1 && ns / NS_PER_US >= bounds_us[bucket])
		bucket++;
	__atomic_add_fetch(&load_buckets[bucket], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&load_ns, ns, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

static void fail_to_attach(void)
{
	union bpf_attr link = { .link_create = { .prog_fd = 1 << 20 } };
	union bpf_attr type = { .attach_type = 9999 };
	union bpf_attr tracepoint = { .raw_tracepoint = { .prog_fd = 1 << 20 } };

	act(MAPS, BPF_LINK_CREATE, &link);
	act(MAPS, BPF_PROG_ATTACH, &type);
	act(MAPS, BPF_RAW_TRACEPOINT_OPEN, &tracepoint);
}

static void *work(void *unused)
{
	for (long i = 0; i < count; i++) {
		if (only_lookups) {
			element(0, BPF_MAP_LOOKUP_ELEM, i % 64);
			continue;
		}
		for (unsigned map = 0; map < MAPS; map++)
			for (unsigned c = 0; c < sizeof(commands) / sizeof(*commands); c++) {
				/* Either way to delete finds something every other time. */
				int command = commands[i % 2 && c >= ENDS && c <= ENDS + 1 ? 2 * ENDS + 1 - c : c];

				if (command < BPF_MAP_LOOKUP_BATCH || command > BPF_MAP_DELETE_BATCH)
					element(map, command, i % 64);
				else
					batch(map, command);
			}
		element(MAPS, BPF_MAP_LOOKUP_ELEM, i % 64);
		if (i % 50 == 0)
			load_and_close(GOOD);
		if (i % 100 == 0) {
			load_and_close(REFUSED);
			load_and_close(EMPTY);
			load_and_close(UNKNOWN);
			fail_to_attach();
		}
	}
	return unused;
}

static unsigned id_of(int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = sizeof(info), .info = (unsigned long)&info } };

	return must("map's id", bpf(BPF_OBJ_GET_INFO_BY_FD, &attr)) ? 0 : info.id;
}

static void print(void)
{
	const char *comma = "";

	printf("{\"pid\":%d,\"done\":[", getpid());
	for (unsigned map = 0; map <= MAPS; map++)
		for (int command = 0; command < COMMANDS; command++)
			for (int error = 0; error < ERRNOS; error++)
				if (done[map][command][error]) {
					printf("%s[%u,%d,%d,%ld]", comma, ids[map], command, error, done[map][command][error]);
					comma = ",";
				}
	printf("],\"types\":{");
	for (unsigned map = 0; map < MAPS; map++)
		printf("%s\"%u\":\"%s\"", map ? "," : "", ids[map], kinds[map].name);
	printf("},\"loadNs\":%ld,\"loadBuckets\":[", load_ns);
	for (int bucket = 0; bucket < BUCKETS; bucket++)
		printf("%s%ld", bucket ? "," : "", load_buckets[bucket]);
	printf("]}\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	count = argc >= 3 ? atol(argv[1]) : 0;
	threads = argc >= 3 ? atol(argv[2]) : 0;
	only_lookups = argc == 4;
	if (count < 1 || threads < 1 || threads > 64) {
		fprintf(stderr, "usage: operate COUNT THREADS [lookup]\n");
		return 2;
	}
	raise_limits();
	maps[MAPS] = 1 << 20;
	for (unsigned i = 0; i < MAPS; i++) {
		union bpf_attr attr = { .map_type = kinds[i].type, .key_size = kinds[i].key, .value_size = 8, .max_entries = 128,
			.map_flags = kinds[i].flags };

		memcpy(attr.map_name, "operated", 8);
		maps[i] = must("map", bpf(BPF_MAP_CREATE, &attr));
		ids[i] = id_of(maps[i]);
	}
	pthread_t workers[64];
	for (long i = 0; i < threads; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (long i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
	print();
	while (read(0, &count, sizeof(count)) > 0)
		;
	return 0;
}
