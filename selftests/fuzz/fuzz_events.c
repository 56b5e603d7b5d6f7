// SPDX-License-Identifier: GPL-2.0
/*
 * Events as the module could write them, in any order and with any names: a few
 * sockets, a few processes whose names are bytes of the input. What is printed of
 * them is valid in every format, and the ledger's list says what it says it does.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <audit/ledger.h>

#include "make_slot.h"
#include "output.h"
#include "source.h"
#include "target.h"

#define SOCKETS	8

/* The input, from which each thing takes what it needs; then there are zeros. */
struct input {
	struct pw_source source;
	const uint8_t *at;
	const uint8_t *end;
	uint64_t time;
	union pw_slot slots[PW_RECORD_SLOTS_MAX];
};

static uint8_t byte(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static uint8_t below(struct input *input, uint8_t limit)
{
	return byte(input) % limit;
}

/* A text of any bytes but 0, which ends it. */
static const char *text(struct input *input, char *room, size_t size)
{
	size_t length = byte(input) % size, i;

	for (i = 0; i < length; i++)
		room[i] = (char)byte(input);
	room[length] = 0;
	return room;
}

static int announce(struct input *input)
{
	char comm[17], exe[65], cmdline[33], cgroup[97];
	union pw_slot *slots = input->slots;
	uint32_t key = 2 + below(input, 6);
	int count;

	text(input, comm, sizeof(comm));
	text(input, exe, sizeof(exe));
	text(input, cmdline, sizeof(cmdline));
	text(input, cgroup, sizeof(cgroup));
	count = (int)make_process(slots, input->time, key, comm, exe, cmdline,
				  strlen(cmdline) + 1, cgroup);
	slots->process.uid = below(input, 3);
	slots->process.flags = below(input, 4);
	return count;
}

static void choose_ends(struct input *input, struct portwatch_event *event)
{
	static const uint8_t families[] = { AF_INET, AF_INET6, AF_VSOCK, 0, 99 };

	event->family = families[below(input, sizeof(families))];
	memset(event->laddr, below(input, 3) * 127, sizeof(event->laddr));
	memset(event->raddr, below(input, 3) * 10, sizeof(event->raddr));
	event->lport = below(input, 4);
	event->rport = below(input, 4);
	event->flags = (uint16_t)(byte(input) | byte(input) << 8);
}

static int happen(struct input *input, unsigned int type)
{
	static const uint16_t protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, 262, IPPROTO_RAW,
		PORTWATCH_PROTO_VSOCK, 7777,
	};
	union pw_slot *slot = input->slots;
	size_t i, size = byte(input) % (sizeof(slot->event.body) + 1);

	*slot = make_event(type, input->time);
	slot->event.sock = below(input, SOCKETS);
	slot->event.owner = below(input, 8);
	slot->event.actor = below(input, 8);
	slot->event.owner_tid = below(input, 3);
	slot->event.proto = protos[below(input, sizeof(protos) / 2)];
	choose_ends(input, &slot->event);
	for (i = 0; i < size; i++)
		slot->event.body[i] = byte(input);
	if (type == PORTWATCH_SNAPSHOT)
		slot->event.snapshot.end &= 1;
	/* names of interfaces end */
	slot->event.bind.ifname[sizeof(slot->event.bind.ifname) - 1] = 0;
	slot->event.existing.ifname[sizeof(slot->event.existing.ifname) - 1] = 0;
	return 1;
}

static int lose(struct input *input)
{
	union pw_slot *slot = input->slots;

	memset(slot, 0, sizeof(*slot));
	slot->lost.type = PORTWATCH_LOST;
	slot->lost.time = input->time;
	slot->lost.count[below(input, PORTWATCH_TYPES)] = byte(input);
	return 1;
}

static int fill(struct pw_source *source, const union pw_slot **slots)
{
	struct input *input = (struct input *)source;
	unsigned int type;

	*slots = input->slots;
	if (input->at == input->end)
		return 0;
	input->time += byte(input) * 1000000ULL;
	type = below(input, PORTWATCH_PROCESS + 1);
	if (type == PORTWATCH_PROCESS)
		return announce(input);
	return type == PORTWATCH_LOST ? lose(input) :
	       happen(input, type ? type : PORTWATCH_BIND);
}

static int wait_for_more(struct pw_source *source, int timeout_ms)
{
	(void)source;
	(void)timeout_ms;
	return 0;
}

static void close_input(struct pw_source *source)
{
	(void)source;
}

static const struct pw_source_ops ops = {
	.fill = fill, .wait = wait_for_more, .close = close_input,
};

static struct portwatch_reader *open_input(struct input *input,
					   const uint8_t *data, size_t size)
{
	struct portwatch_reader *reader;

	*input = (struct input){
		.source.ops = &ops, .at = data, .end = data + size,
	};
	must(!pw_reader_open_source(&reader, &input->source));
	return reader;
}

/* What a list says, but for the event that a row came from. */
struct view {
	size_t count;
	struct pw_port ports[SOCKETS];
};

static void look(const struct pw_ledger *ledger, struct view *view, bool all)
{
	const struct pw_port **list = pw_ledger_list(ledger, &view->count);
	struct portwatch_event *event;
	size_t i, other;

	must(view->count <= SOCKETS);
	for (i = 0; i < view->count; i++) {
		view->ports[i] = *list[i];
		event = &view->ports[i].event;
		must(event->flags & PORTWATCH_F_EXISTING);
		must(all || event->existing.state == PORTWATCH_STATE_BOUND ||
		     event->existing.state == PORTWATCH_STATE_LISTENING);
		for (other = 0; other < i; other++)
			must(view->ports[other].event.sock != event->sock);
		event->time = 0;
		event->seq = 0;
		event->cpu = 0;
		event->type = 0;
		event->actor = 0;
		event->actor_tid = 0;
		view->ports[i].real_time_of_boot = 0;
	}
	free(list);
}

static void keep_ledger(struct portwatch_reader *reader, bool all)
{
	struct pw_ledger *ledger = pw_ledger_new(all);
	static struct view before, after;
	struct portwatch_item item;
	bool changed;

	look(ledger, &before, all);
	while (portwatch_reader_next(reader, &item, -1) > 0) {
		changed = pw_ledger_event(ledger, &item);
		look(ledger, &after, all);
		if (!changed) {
			must(before.count == after.count);
			must(!memcmp(before.ports, after.ports,
				     after.count * sizeof(after.ports[0])));
		}
		before = after;
	}
	pw_ledger_free(ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct portwatch_reader *reader;
	static struct input input;
	int i;

	for (i = 0; i < OUTPUT_WAYS; i++) {
		reader = open_input(&input, data, size);
		output_print(reader, i, size % 200);
		portwatch_reader_close(reader);
	}
	for (i = 0; i < 2; i++) {
		reader = open_input(&input, data, size);
		keep_ledger(reader, i);
		portwatch_reader_close(reader);
	}
	return 0;
}
