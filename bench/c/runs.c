/*
 * Owns a program of eight look-ups in a hash map that runs by test runs: SECONDS 0 runs it for so long as often as it can, SECONDS N N times
 * a millisecond, on schedule in the long run however late it is called. The program is called "steady"; after a line with its id, prints
 * one of JSON: runs, and ns that passed.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 50
#define LOOKUPS 8

static double now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e9 + at.tv_nsec;
}

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

static struct bpf_insn insn(unsigned char code, int dst, int src, short off, int imm)
{
	return (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static int load(int map)
{
	struct bpf_insn code[LOOKUPS * 6 + 2];
	int n = 0;

	for (int i = 0; i < LOOKUPS; i++) {
		code[n++] = insn(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, i);
		code[n++] = insn(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map);
		code[n++] = insn(0, 0, 0, 0, 0);
		code[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0);
		code[n++] = insn(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4);
		code[n++] = insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	}
	code[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
	code[n++] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = n,
		.insns = (unsigned long)code,
		.license = (unsigned long)"GPL",
	};
	strcpy(attr.prog_name, "steady");
	return bpf(BPF_PROG_LOAD, &attr);
}

static void run(int program, int times)
{
	static char packet[64];
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = program;
	attr.test.data_in = (unsigned long)packet;
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = times;
	bpf(BPF_PROG_TEST_RUN, &attr);
}

int main(int argc, char **argv)
{
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 64 };
	struct bpf_prog_info info = { 0 };
	union bpf_attr ask = { 0 };
	double start, now;
	long runs = 0;
	int program;

	if (argc != 3)
		return 2;
	program = load(bpf(BPF_MAP_CREATE, &map));
	if (program < 0)
		return 1;
	ask.info.bpf_fd = program;
	ask.info.info_len = sizeof(info);
	ask.info.info = (unsigned long)&info;
	bpf(BPF_OBJ_GET_INFO_BY_FD, &ask);
	printf("%u\n", info.id);
	fflush(stdout);
	start = now = now_ns();
	while (now - start < atof(argv[1]) * 1e9) {
		double due = (now - start) * 1e-6 * atof(argv[2]);

		if (atoi(argv[2]) == 0 || runs + BATCH <= due) {
			int times = atoi(argv[2]) == 0 ? 1000 : BATCH;

			run(program, times);
			runs += times;
		} else {
			nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
		}
		now = now_ns();
	}
	printf("{\"runs\":%ld,\"ns\":%.0f}\n", runs, now - start);
	return 0;
}
