/*
 * Owns the reference reading of kernel objects: info KIND, for map, program, link or btf, prints one JSON object a line
 * for each object of that kind: every field of its struct bpf_*_info that this kernel fills. It shares no code and no
 * layout with the agent. 64-bit values are strings.
 *
 * The structs are written out here as of Linux 6.18, for a distribution's header may be older than its kernel. Source:
 * include/uapi/linux/bpf.h.
 */
#include <errno.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct map_info {
	__u32 type, id, key_size, value_size, max_entries, map_flags;
	char name[16];
	__u32 ifindex, btf_vmlinux_value_type_id;
	__u64 netns_dev, netns_ino;
	__u32 btf_id, btf_key_type_id, btf_value_type_id, btf_vmlinux_id;
	__u64 map_extra;
};

struct prog_info {
	__u32 type, id;
	__u8 tag[8];
	__u32 jited_prog_len, xlated_prog_len;
	__u64 jited_prog_insns, xlated_prog_insns, load_time;
	__u32 created_by_uid, nr_map_ids;
	__u64 map_ids;
	char name[16];
	__u32 ifindex, gpl_compatible;
	__u64 netns_dev, netns_ino;
	__u32 nr_jited_ksyms, nr_jited_func_lens;
	__u64 jited_ksyms, jited_func_lens;
	__u32 btf_id, func_info_rec_size;
	__u64 func_info;
	__u32 nr_func_info, nr_line_info;
	__u64 line_info, jited_line_info;
	__u32 nr_jited_line_info, line_info_rec_size, jited_line_info_rec_size, nr_prog_tags;
	__u64 prog_tags, run_time_ns, run_cnt, recursion_misses;
	__u32 verified_insns, attach_btf_obj_id, attach_btf_id;
};

struct btf_info {
	__u64 btf;
	__u32 btf_size, id;
	__u64 name;
	__u32 name_len, kernel_btf;
};

struct link_info {
	__u32 type, id, prog_id, padding;
	union {
		struct { __u64 tp_name; __u32 tp_name_len, reserved; __u64 cookie; } raw_tracepoint;
		struct { __u32 attach_type, target_obj_id, target_btf_id, reserved; __u64 cookie; } tracing;
		struct { __u64 cgroup_id; __u32 attach_type; } cgroup;
		struct { __u64 target_name; __u32 target_name_len, map_id_or_order; __u64 id; } iter;
		struct { __u32 ino, attach_type; } netns;
		struct { __u32 ifindex, attach_type; } device;
		struct { __u32 map_id, attach_type; } map;
		struct { __u32 pf, hooknum; __s32 priority; __u32 flags; } netfilter;
		struct { __u64 addrs; __u32 count, flags; __u64 missed, cookies; } kprobe_multi;
		struct { __u64 path, offsets, ref_ctr_offsets, cookies; __u32 path_size, count, flags, pid; } uprobe_multi;
		struct { __u32 type, padding; __u64 config; __u32 event_type, reserved; __u64 cookie; } perf_event;
	};
};

enum { PROG_NEXT = 11, MAP_NEXT = 12, PROG_FD = 13, MAP_FD = 14, INFO = 15, BTF_FD = 19, BTF_NEXT = 23, LINK_FD = 30, LINK_NEXT = 31 };

struct kind {
	const char *name;
	int next, fd;
	unsigned size;
	void (*print)(int fd, void *info);
};

static unsigned filled;

static int bpf(int command, void *attr, unsigned size)
{
	return syscall(__NR_bpf, command, attr, size);
}

static int ask(int fd, void *info, unsigned size)
{
	struct { __u32 fd, len; __u64 info; } attr = { fd, size, (unsigned long)info };

	if (bpf(INFO, &attr, sizeof(attr)))
		return -1;
	filled = attr.len;
	return 0;
}

static void text(const char *key, const char *value, size_t size)
{
	printf(",\"%s\":\"", key);
	for (size_t i = 0; i < size && value[i]; i++) {
		unsigned char c = value[i];
		if (c == '"' || c == '\\' || c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* A field, where the kernel filled it. */
#define NUMBER(s, f) do { if (offsetof(typeof(*s), f) + sizeof(s->f) <= filled) { \
	if (sizeof(s->f) == 8) printf(",\"%s\":\"%llu\"", #f, (unsigned long long)s->f); \
	else printf(",\"%s\":%u", #f, (unsigned)s->f); } } while (0)

static void print_map(int fd, void *info)
{
	struct map_info *m = info;

	(void)fd;
	text("name", m->name, sizeof(m->name));
	NUMBER(m, key_size); NUMBER(m, value_size); NUMBER(m, max_entries); NUMBER(m, map_flags); NUMBER(m, ifindex);
	NUMBER(m, btf_vmlinux_value_type_id); NUMBER(m, netns_dev); NUMBER(m, netns_ino); NUMBER(m, btf_id);
	NUMBER(m, btf_key_type_id); NUMBER(m, btf_value_type_id); NUMBER(m, btf_vmlinux_id); NUMBER(m, map_extra);
}

/* The name of the program's first function, from its BTF: what bpftool shows in place of a cut name. */
static void print_full_name(int fd, struct prog_info *p)
{
	static char blob[1 << 20], record[64];
	struct { __u32 id; } attr = { p->btf_id };
	struct prog_info q = { .func_info_rec_size = p->func_info_rec_size, .nr_func_info = 1, .func_info = (unsigned long)record };
	struct btf_info b = { .btf = (unsigned long)blob, .btf_size = sizeof(blob) };
	int btf;

	if (!p->btf_id || !p->nr_func_info || p->func_info_rec_size > sizeof(record) || ask(fd, &q, sizeof(q)))
		return;
	btf = bpf(BTF_FD, &attr, sizeof(attr));
	if (btf < 0)
		return;
	if (!ask(btf, &b, sizeof(b))) {
		__u32 *header = (void *)blob, wanted = ((__u32 *)record)[1];
		char *type = blob + header[1] + header[2], *strings = blob + header[1] + header[4];

		for (__u32 id = 1; id < wanted; id++) {
			__u32 info = ((__u32 *)type)[1], n = info & 0xffff;

			switch (info >> 24 & 31) {
			case 1: case 14: case 17: type += 16; break;
			case 3: type += 24; break;
			case 4: case 5: case 15: case 19: type += 12 + 12 * n; break;
			case 6: case 13: type += 12 + 8 * n; break;
			default: type += 12;
			}
		}
		char *name = strings + *(__u32 *)type;
		text("full_name", name, strlen(name));
	}
	close(btf);
}

static void print_program(int fd, void *info)
{
	struct prog_info *p = info;

	text("name", p->name, sizeof(p->name));
	printf(",\"tag\":\"");
	for (int i = 0; i < 8; i++)
		printf("%02x", p->tag[i]);
	printf("\"");
	NUMBER(p, jited_prog_len); NUMBER(p, xlated_prog_len); NUMBER(p, load_time); NUMBER(p, created_by_uid);
	NUMBER(p, nr_map_ids); NUMBER(p, ifindex); NUMBER(p, netns_dev); NUMBER(p, netns_ino); NUMBER(p, nr_jited_ksyms);
	NUMBER(p, nr_jited_func_lens); NUMBER(p, btf_id); NUMBER(p, func_info_rec_size); NUMBER(p, nr_func_info);
	NUMBER(p, nr_line_info); NUMBER(p, nr_jited_line_info); NUMBER(p, line_info_rec_size);
	NUMBER(p, jited_line_info_rec_size); NUMBER(p, nr_prog_tags); NUMBER(p, run_time_ns); NUMBER(p, run_cnt);
	NUMBER(p, recursion_misses); NUMBER(p, verified_insns); NUMBER(p, attach_btf_obj_id); NUMBER(p, attach_btf_id);
	printf(",\"gpl_compatible\":%u", p->gpl_compatible & 1);
	print_full_name(fd, p);
}

static void print_btf(int fd, void *info)
{
	char name[256] = "";
	struct btf_info *b = info, again = { .name = (unsigned long)name, .name_len = sizeof(name) };

	NUMBER(b, btf_size); NUMBER(b, kernel_btf);
	if (!ask(fd, &again, sizeof(again)))
		text("name", name, sizeof(name));
}

static void print_link(int fd, void *info)
{
	char name[4096] = "";
	struct link_info *l = info, again = { 0 };

	NUMBER(l, prog_id);
	switch (l->type) {
	case 1: /* raw_tracepoint */
		again.raw_tracepoint.tp_name = (unsigned long)name;
		again.raw_tracepoint.tp_name_len = sizeof(name);
		if (!ask(fd, &again, sizeof(again)))
			text("tp_name", name, sizeof(name));
		NUMBER(l, raw_tracepoint.cookie);
		break;
	case 2: /* tracing */
		NUMBER(l, tracing.attach_type); NUMBER(l, tracing.target_obj_id); NUMBER(l, tracing.target_btf_id);
		NUMBER(l, tracing.cookie);
		break;
	case 3: /* cgroup */
		NUMBER(l, cgroup.cgroup_id); NUMBER(l, cgroup.attach_type);
		break;
	case 4: /* iter */
		again.iter.target_name = (unsigned long)name;
		again.iter.target_name_len = sizeof(name);
		if (!ask(fd, &again, sizeof(again)))
			text("target_name", name, sizeof(name));
		NUMBER(l, iter.map_id_or_order); NUMBER(l, iter.id);
		break;
	case 5: /* netns */
		NUMBER(l, netns.ino); NUMBER(l, netns.attach_type);
		break;
	case 6: /* xdp */
		NUMBER(l, device.ifindex);
		break;
	case 7: /* perf_event */
		NUMBER(l, perf_event.type);
		if (l->perf_event.type == 6) { /* an event without a name */
			NUMBER(l, perf_event.config); NUMBER(l, perf_event.event_type); NUMBER(l, perf_event.cookie);
			break;
		}
		/* a name where the configuration of others is, then its length, then an offset */
		again.perf_event.config = (unsigned long)name;
		again.perf_event.event_type = sizeof(name);
		if (!ask(fd, &again, sizeof(again)))
			text("perf_event.name", name, sizeof(name));
		printf(",\"perf_event.offset\":%u", again.perf_event.reserved);
		break;
	case 8: /* kprobe_multi */
		NUMBER(l, kprobe_multi.count); NUMBER(l, kprobe_multi.flags); NUMBER(l, kprobe_multi.missed);
		break;
	case 9: /* struct_ops */
		NUMBER(l, map.map_id);
		break;
	case 10: /* netfilter */
		NUMBER(l, netfilter.pf); NUMBER(l, netfilter.hooknum); NUMBER(l, netfilter.flags);
		printf(",\"netfilter.priority\":%d", l->netfilter.priority);
		break;
	case 11: case 13: /* tcx, netkit */
		NUMBER(l, device.ifindex); NUMBER(l, device.attach_type);
		break;
	case 12: /* uprobe_multi */
		again.uprobe_multi.path = (unsigned long)name;
		again.uprobe_multi.path_size = sizeof(name);
		if (!ask(fd, &again, sizeof(again)))
			text("path", name, sizeof(name));
		NUMBER(l, uprobe_multi.count); NUMBER(l, uprobe_multi.flags); NUMBER(l, uprobe_multi.pid);
		break;
	case 14: /* sockmap */
		NUMBER(l, map.map_id); NUMBER(l, map.attach_type);
		break;
	}
}

static const struct kind kinds[] = {
	{ "map", MAP_NEXT, MAP_FD, sizeof(struct map_info), print_map },
	{ "program", PROG_NEXT, PROG_FD, sizeof(struct prog_info), print_program },
	{ "link", LINK_NEXT, LINK_FD, sizeof(struct link_info), print_link },
	{ "btf", BTF_NEXT, BTF_FD, sizeof(struct btf_info), print_btf },
};

static int walk(const struct kind *kind)
{
	struct { __u32 start, next; } id = { 0, 0 };

	for (; !bpf(kind->next, &id, sizeof(id)); id.start = id.next) {
		__u64 info[64] = { 0 };
		__u32 wanted = id.next, *words = (void *)info;
		int fd = bpf(kind->fd, &wanted, sizeof(wanted));

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || ask(fd, info, kind->size)) {
			perror(kind->name);
			return 1;
		}
		printf("{\"id\":%u", id.next);
		if (strcmp(kind->name, "btf"))
			printf(",\"type\":%u", words[0]);
		kind->print(fd, info);
		puts("}");
		close(fd);
	}
	if (errno != ENOENT) {
		perror(kind->name);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(argv[1], kinds[i].name))
			return walk(&kinds[i]);
	fprintf(stderr, "usage: info map|program|link|btf\n");
	return 2;
}
