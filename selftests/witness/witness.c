// SPDX-License-Identifier: GPL-2.0
/*
 * Counts what the BPF programs see until SIGINT or SIGTERM, and prints a line for
 * each network namespace, event and protocol: NETNS PROTOCOL EVENT COUNT. Exit
 * status 1: something was not seen, and no count is to be trusted.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "witness.h"
#include "witness.skel.h"

#define PLACES 64

struct place {
	unsigned int netns;
	unsigned short protocol;
	unsigned long counts[WITNESS_EVENTS];
};

struct tally {
	struct place places[PLACES];
	unsigned int nr_places;
};

static const char *const names[WITNESS_EVENTS] = {
	[WITNESS_BIND] = "bind",
	[WITNESS_BIND_FAILED] = "bind-failed",
	[WITNESS_LISTEN] = "listen",
	[WITNESS_CONNECT] = "connect",
	[WITNESS_ESTABLISHED] = "established",
	[WITNESS_CONNECT_FAILED] = "connect-failed",
	[WITNESS_ACCEPT] = "accept",
	[WITNESS_CLOSE_CONNECTION] = "close-connection",
	[WITNESS_CLOSE_LISTENER] = "close-listener",
	[WITNESS_CLOSE_SOCKET] = "close-socket",
};

static volatile sig_atomic_t over;

static void on_signal(int number)
{
	over = number;
}

static int count(void *context, void *data, size_t size)
{
	const struct witness_record *record = data;
	struct tally *tally = context;
	unsigned int i;

	for (i = 0; i < tally->nr_places; i++)
		if (tally->places[i].netns == record->netns &&
		    tally->places[i].protocol == record->protocol)
			break;
	if (i == PLACES)
		errx(1, "too many network namespaces");
	if (i == tally->nr_places) {
		tally->places[i].netns = record->netns;
		tally->places[i].protocol = record->protocol;
		tally->nr_places++;
	}
	tally->places[i].counts[record->event]++;
	return 0;
}

static void print(const struct tally *tally)
{
	const struct place *place = tally->places;
	unsigned int i, event;

	for (i = 0; i < tally->nr_places; i++, place++)
		for (event = 0; event < WITNESS_EVENTS; event++)
			printf("%u %s %s %lu\n", place->netns,
			       place->protocol == IPPROTO_TCP ? "tcp" : "udp",
			       names[event], place->counts[event]);
}

/* A program does not run while it interrupts itself; the kernel counts that. */
static unsigned long missed(const struct witness_bpf *witness)
{
	struct bpf_program *program;
	unsigned long sum = 0;

	bpf_object__for_each_program(program, witness->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info,
					   &size))
			err(1, "%s", bpf_program__name(program));
		sum += info.recursion_misses;
	}
	return sum;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct witness_bpf *witness = witness_bpf__open_and_load();
	struct tally tally = { .nr_places = 0 };
	struct ring_buffer *ring;
	int result;

	if (!witness || witness_bpf__attach(witness))
		err(1, "cannot look");
	ring = ring_buffer__new(bpf_map__fd(witness->maps.records), count,
				&tally, NULL);
	if (!ring)
		err(1, "ring buffer");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	fprintf(stderr, "witness: looking\n");
	while (!over) {
		result = ring_buffer__poll(ring, 100);
		if (result < 0 && result != -EINTR)
			errx(1, "ring buffer: %d", result);
	}
	witness_bpf__detach(witness);
	ring_buffer__consume(ring);
	print(&tally);
	fprintf(stderr, "witness: lost %llu, missed %lu\n",
		(unsigned long long)witness->bss->lost, missed(witness));
	return witness->bss->lost || missed(witness) ? 1 : 0;
}
