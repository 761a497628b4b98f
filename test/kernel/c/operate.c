/*
 * Owns a process that does a known number of bpf() operations: operate COUNT THREADS makes one map a kind of operation, has each of
 * THREADS threads do COUNT of each, loads that work and fail, and attempts to attach that fail; then prints what it did as JSON, by
 * map, command and errno, as the calls answered it.
 */
#include <pthread.h>

#include "objects.h"

#define COMMANDS 40
#define ERRNOS 1024
#define MAPS 4

static long count, threads;
static int maps[MAPS + 1];
static unsigned ids[MAPS + 1];
/* The last map is none: descriptors that are of no map. */
static long done[MAPS + 1][COMMANDS][ERRNOS];

static void act(int map, int command, union bpf_attr *attr)
{
	int result = bpf(command, attr);

	__atomic_add_fetch(&done[map][command][result < 0 ? errno : 0], 1, __ATOMIC_RELAXED);
}

static void element(int map, int command, unsigned key)
{
	unsigned long value = key;
	unsigned next;
	union bpf_attr attr = { .map_fd = maps[map], .key = (unsigned long)&key };

	attr.value = command == BPF_MAP_GET_NEXT_KEY ? (unsigned long)&next : (unsigned long)&value;
	if (command == BPF_MAP_DELETE_ELEM)
		attr.value = 0;
	act(map, command, &attr);
}

static void batch(int map, int command)
{
	unsigned keys[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, out;
	unsigned long values[8] = { 0 };
	union bpf_attr attr = { .batch = { .keys = (unsigned long)keys, .values = (unsigned long)values, .count = 8,
		.map_fd = maps[map] } };

	if (command == BPF_MAP_LOOKUP_BATCH || command == BPF_MAP_LOOKUP_AND_DELETE_BATCH)
		attr.batch.out_batch = (unsigned long)&out;
	if (command == BPF_MAP_DELETE_BATCH)
		attr.batch.values = 0;
	act(map, command, &attr);
}

static void load_and_close(int good)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = good ? BPF_REG_0 : BPF_REG_1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = (unsigned long)code,
		.insn_cnt = 2, .license = (unsigned long)"GPL" };
	int fd = bpf(BPF_PROG_LOAD, &attr);

	__atomic_add_fetch(&done[MAPS][BPF_PROG_LOAD][fd < 0 ? errno : 0], 1, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

static void *work(void *unused)
{
	for (long i = 0; i < count; i++) {
		unsigned key = i % 64;

		element(0, BPF_MAP_LOOKUP_ELEM, key);
		element(1, BPF_MAP_UPDATE_ELEM, key);
		element(1, BPF_MAP_DELETE_ELEM, key);
		element(2, BPF_MAP_GET_NEXT_KEY, key);
		element(1, BPF_MAP_LOOKUP_AND_DELETE_ELEM, key);
		element(MAPS, BPF_MAP_LOOKUP_ELEM, key);
		batch(3, BPF_MAP_UPDATE_BATCH);
		batch(3, BPF_MAP_LOOKUP_BATCH);
		batch(3, BPF_MAP_DELETE_BATCH);
		if (i % 8 == 0)
			batch(3, BPF_MAP_LOOKUP_AND_DELETE_BATCH);
		if (i % 50 == 0)
			load_and_close(1);
		if (i % 100 == 0)
			load_and_close(0);
		if (i % 100 == 0) {
			union bpf_attr attr = { .link_create = { .prog_fd = 1 << 20 } };
			act(MAPS, BPF_LINK_CREATE, &attr);
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

int main(int argc, char **argv)
{
	count = argc == 3 ? atol(argv[1]) : 0;
	threads = argc == 3 ? atol(argv[2]) : 0;
	if (count < 1 || threads < 1 || threads > 64) {
		fprintf(stderr, "usage: operate COUNT THREADS\n");
		return 2;
	}
	raise_limits();
	maps[MAPS] = 1 << 20;
	for (int i = 0; i < MAPS; i++) {
		union bpf_attr attr = { .map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 128 };

		maps[i] = must("map", bpf(BPF_MAP_CREATE, &attr));
		ids[i] = id_of(maps[i]);
	}
	for (unsigned key = 0; key < 32; key++) {
		element(0, BPF_MAP_UPDATE_ELEM, key);
		element(2, BPF_MAP_UPDATE_ELEM, key);
	}
	pthread_t workers[64];
	for (long i = 0; i < threads; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (long i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
	printf("{\"pid\":%d,\"done\":[", getpid());
	const char *comma = "";
	for (int map = 0; map <= MAPS; map++)
		for (int command = 0; command < COMMANDS; command++)
			for (int error = 0; error < ERRNOS; error++)
				if (done[map][command][error]) {
					printf("%s[%u,%d,%d,%ld]", comma, ids[map], command, error, done[map][command][error]);
					comma = ",";
				}
	printf("]}\n");
	return 0;
}
