/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "flight.h"
#include "fmt/event.h"
#include "fmt/memory.h"
#include "people.h"
#include "sweep.h"

/* Events after which it is time to look whether the reader should forget. */
#define SWEEP_EVENTS	4096

/**
 * struct kept - an event that is kept
 *
 * @slot:	what @item points to
 * @item:	whoever it names is held
 */
struct kept {
	union {
		struct portwatch_slot slot;
		struct portwatch_event event;
		struct portwatch_lost lost;
	};
	struct portwatch_item item;
};

/**
 * struct gone - what is not kept any more
 *
 * @count:	by type
 * @first, @last: times of the first and of the last of them
 * @offset:	what makes real times of these
 * @cpu:	of the last of them
 */
struct gone {
	uint64_t count[PORTWATCH_TYPES];
	uint64_t first;
	uint64_t last;
	uint64_t offset;
	uint16_t cpu;
};

/**
 * struct pw_flight - the recorder
 *
 * @ring:	@size of them, of which @used are kept, the oldest at @oldest
 * @overwritten: events that made room for newer ones
 * @lost:	events that were lost where it is not told any more
 * @forgot:	how often the reader had forgotten when the last event came
 * @hides_rows:	rows are not wanted at all, whatever they are asked for
 * @begun:	something was printed
 */
struct pw_flight {
	struct pw_print *print;
	struct kept *ring;
	size_t size;
	size_t used;
	size_t oldest;
	struct pw_people *people;
	struct gone overwritten;
	struct gone lost;
	struct pw_sweep sweep;
	unsigned int forgot;
	bool hides_rows;
	bool begun;
};

static void add_gone(struct gone *gone, const struct portwatch_item *item,
		     uint64_t first, uint64_t last)
{
	if (!gone->first || first < gone->first)
		gone->first = first;
	if (last > gone->last)
		gone->last = last;
	gone->offset = item->real_time - item->slot->time;
	gone->cpu = item->slot->cpu;
}

/* A mark of a snapshot is not missed. */
static void count_gone(struct pw_flight *flight, const struct portwatch_item *item)
{
	const struct portwatch_lost *lost = item->lost;
	struct pw_tally *tally = &flight->print->stream.tally;
	unsigned int type = item->slot->type;

	if (type == PORTWATCH_LOST) {
		for (type = 0; type < PORTWATCH_TYPES; type++)
			flight->lost.count[type] += lost->count[type];
		add_gone(&flight->lost, item, lost->first, lost->last);
	} else if (pw_event_counts(type)) {
		flight->overwritten.count[type]++;
		add_gone(&flight->overwritten, item, item->slot->time,
			 item->slot->time);
		tally->printed--;
		tally->overwritten++;
	}
}

static void let_go(struct pw_flight *flight, struct kept *kept)
{
	pw_people_put(flight->people, kept->item.owner);
	pw_people_put(flight->people, kept->item.actor);
	pw_people_put(flight->people, kept->item.holder);
}

static struct kept *take_oldest(struct pw_flight *flight)
{
	struct kept *kept = &flight->ring[flight->oldest];

	flight->oldest = (flight->oldest + 1) % flight->size;
	flight->used--;
	return kept;
}

static void keep(struct pw_flight *flight, const struct portwatch_item *item)
{
	struct kept *kept;

	if (flight->used == flight->size) {
		kept = take_oldest(flight);
		count_gone(flight, &kept->item);
		let_go(flight, kept);
	}
	kept = &flight->ring[(flight->oldest + flight->used++) % flight->size];
	memcpy(&kept->slot, item->slot, PORTWATCH_SLOT_SIZE);
	kept->item = *item;
	kept->item.slot = &kept->slot;
	kept->item.owner = pw_people_hold(flight->people, item->owner);
	kept->item.actor = pw_people_hold(flight->people, item->actor);
	kept->item.holder = pw_people_hold(flight->people, item->holder);
}

/* Rows that come only so that the reader may forget are none of the newest events. */
static void sweep(struct pw_flight *flight)
{
	struct pw_stream *stream = &flight->print->stream;

	pw_sweep_look(&flight->sweep, stream);
	stream->hide_rows = flight->hides_rows || flight->sweep.under_way;
}

static int on_take(void *context, const struct portwatch_item *item)
{
	struct pw_flight *flight = context;
	struct pw_stream *stream = &flight->print->stream;
	unsigned int forgot = portwatch_reader_forgot(stream->reader);

	if (forgot != flight->forgot)
		pw_people_forget(flight->people);
	flight->forgot = forgot;
	keep(flight, item);
	if (stream->tally.printed % SWEEP_EVENTS == 0)
		sweep(flight);
	return 0;
}

static int on_pause(void *context)
{
	sweep(context);
	return 0;
}

static void on_resize(void *context)
{
	struct pw_flight *flight = context;

	pw_printer_resize(flight->print->printer,
			  pw_common_width(&flight->print->stream.common));
}

static void on_dump(void *context)
{
	struct pw_flight *flight = context;

	pw_flight_land(flight);
	pw_output_flush(&flight->print->stream.output);
}

struct pw_flight *pw_flight_new(struct pw_print *print, size_t events)
{
	struct pw_flight *flight = pw_memory_new(sizeof(*flight));
	struct pw_stream *stream = &print->stream;

	flight->print = print;
	flight->size = events;
	flight->ring = pw_memory_new(events * sizeof(*flight->ring));
	flight->people = pw_people_new();
	flight->hides_rows = stream->hide_rows;
	stream->context = flight;
	stream->take = on_take;
	stream->pause = on_pause;
	stream->resize = on_resize;
	stream->dump = on_dump;
	return flight;
}

void pw_flight_free(struct pw_flight *flight)
{
	if (!flight)
		return;
	pw_people_free(flight->people);
	free(flight->ring);
	free(flight);
}

/* Several lines where one cannot say so much. */
static void print_gone(struct pw_flight *flight, struct gone *gone, uint8_t type)
{
	struct portwatch_lost lost;
	const struct portwatch_item item = {
		.lost = &lost, .real_time = gone->last + gone->offset,
	};
	bool more = gone->first;
	unsigned int i;

	while (more) {
		lost = (struct portwatch_lost){
			.time = gone->last, .type = type, .cpu = gone->cpu,
			.first = gone->first, .last = gone->last,
		};
		for (i = 0, more = false; i < PORTWATCH_TYPES; i++) {
			lost.count[i] = gone->count[i] > UINT32_MAX ?
				UINT32_MAX : (uint32_t)gone->count[i];
			gone->count[i] -= lost.count[i];
			more |= gone->count[i];
		}
		pw_printer_event(flight->print->printer, &item);
	}
	*gone = (struct gone){ .first = 0 };
}

void pw_flight_land(struct pw_flight *flight)
{
	struct pw_printer *printer = flight->print->printer;
	struct kept *kept;

	if (!flight->begun)
		pw_printer_begin(printer);
	flight->begun = true;
	/* what it knows of people may be of some that were let go */
	pw_printer_forget(printer);
	print_gone(flight, &flight->overwritten, PORTWATCH_OVERWRITTEN);
	print_gone(flight, &flight->lost, PORTWATCH_LOST);
	while (flight->used) {
		kept = take_oldest(flight);
		pw_printer_event(printer, &kept->item);
	}
	pw_people_free(flight->people);
	flight->people = pw_people_new();
}
