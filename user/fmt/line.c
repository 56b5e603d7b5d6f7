/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "colour.h"
#include "escape.h"
#include "event.h"
#include "line.h"
#include "pen.h"
#include "put.h"

/* How wide the columns are; those behind the protocol grow with the terminal. */
#define TIME		12	/* 14:02:11.482 */
#define TIME_NARROW	8	/* 14:02:11 */
#define EVENT		14	/* connect-failed */
#define PROTO		5	/* mptcp */
#define ENDPOINTS	34	/* 127.0.0.1:54321 -> 127.0.0.1:http */
#define PROCESS		13	/* nginx[123456] */

/* Below this width seconds must do. */
#define NARROW		90

/* A line without the names of processes, texts of fields and interfaces. */
#define LINE_MAX_FIXED	2048

/**
 * struct detail - something behind the last column
 *
 * @field:	enum pw_event_field; DETAIL_BY: who did it; DETAIL_HOLDER: who has the
 *		port; DETAIL_HELD: since when; DETAIL_END: no more
 * @second:	a field that follows it after a slash, or 0
 * @skip:	a value that goes without saying, or 0
 * @before:	what is written before it; of a flag, all that is written
 */
struct detail {
	int field;
	int second;
	unsigned int skip;
	const char *before;
};

#define DETAIL_END	(-1)
#define DETAIL_BY	(-2)
#define DETAIL_HOLDER	(-3)
#define DETAIL_HELD	(-4)
#define DETAILS_MAX	12

#define BY	{ DETAIL_BY, 0, 0, "by " }
#define HOLDER	{ DETAIL_HOLDER, 0, 0, "held " }
#define END	{ DETAIL_END, 0, 0, NULL }

#define BIND_DETAILS(how_field, device_field)				\
	{ how_field, 0, PORTWATCH_HOW_EXPLICIT, "" }, BY,		\
	{ PW_EVENT_EXPOSURE, 0, 0, "" },				\
	{ PW_EVENT_DUAL_STACK, 0, 0, "dual-stack" },			\
	{ device_field, 0, 0, "on " },					\
	{ PW_EVENT_REUSE_PORT, 0, 0, "reuse-port" },			\
	{ PW_EVENT_FREEBIND, 0, 0, "freebind" },			\
	{ PW_EVENT_TRANSPARENT, 0, 0, "transparent" },			\
	{ PW_EVENT_REUSE_ADDR, 0, 0, "reuse-addr" }

#define STILL_BOUND	{ PW_EVENT_STILL_BOUND, 0, 0, "still bound" }
#define SINCE	{ PW_EVENT_SINCE, 0, 0, "since " }

/* What each shape of event has to say, the most important first. */
static const struct detail details[PW_EVENT_SHAPES][DETAILS_MAX] = {
	[PW_SHAPE_SOCKET] = { BY, { PW_EVENT_TYPE, 0, 0, "" }, END },
	[PW_SHAPE_BIND] = {
		BIND_DETAILS(PW_EVENT_HOW, PW_EVENT_DEVICE), END },
	[PW_SHAPE_BIND_AUTO] = {
		BIND_DETAILS(PW_EVENT_HOW, PW_EVENT_DEVICE), END },
	[PW_SHAPE_BIND_FAILED] = {
		{ PW_EVENT_ERROR, 0, 0, "" }, BY,
		{ PW_EVENT_FAILED_HOW, 0, PORTWATCH_HOW_EXPLICIT, "" }, END },
	[PW_SHAPE_BIND_FAILED_AUTO] = {
		{ PW_EVENT_ERROR, 0, 0, "" }, BY,
		{ PW_EVENT_FAILED_HOW, 0, PORTWATCH_HOW_EXPLICIT, "" }, END },
	[PW_SHAPE_BIND_FAILED_HELD] = {
		{ PW_EVENT_ERROR, 0, 0, "" }, HOLDER, BY,
		{ DETAIL_HELD, 0, 0, "since " }, END },
	[PW_SHAPE_BIND_FAILED_TIME_WAIT] = {
		{ PW_EVENT_ERROR, 0, 0, "" }, HOLDER, BY, END },
	[PW_SHAPE_LISTEN] = {
		BY, { PW_EVENT_EXPOSURE, 0, 0, "" },
		{ PW_EVENT_DUAL_STACK, 0, 0, "dual-stack" },
		{ PW_EVENT_BACKLOG, 0, 0, "backlog " }, END },
	[PW_SHAPE_CONNECT] = { BY, END },
	[PW_SHAPE_ESTABLISHED] = {
		{ PW_EVENT_LATENCY, 0, 0, "in " }, BY, END },
	[PW_SHAPE_CONNECT_FAILED] = {
		{ PW_EVENT_CONNECT_ERROR, 0, 0, "" }, BY, STILL_BOUND,
		{ PW_EVENT_FAILED_LATENCY, 0, 0, "in " }, END },
	[PW_SHAPE_ACCEPT] = {
		BY, { PW_EVENT_WAIT, 0, 0, "waited " }, END },
	[PW_SHAPE_CLOSE_SOCKET] = {
		BY, { PW_EVENT_DURATION, 0, 0, "open " }, END },
	[PW_SHAPE_CLOSE_CONNECTION] = {
		{ PW_EVENT_REASON, 0, 0, "" }, BY, STILL_BOUND,
		{ PW_EVENT_DURATION, 0, 0, "" },
		{ PW_EVENT_TX_BYTES, PW_EVENT_RX_BYTES, 0, "" },
		{ PW_EVENT_FIRST, 0, 0, "first " },
		{ PW_EVENT_RETRANS, 0, 0, "retrans " },
		{ PW_EVENT_RTT, 0, 0, "rtt " }, END },
	[PW_SHAPE_CLOSE_LISTENER] = {
		BY, STILL_BOUND, { PW_EVENT_DURATION, 0, 0, "open " },
		{ PW_EVENT_ACCEPTED, 0, 0, "accepted " }, END },
	[PW_SHAPE_FLOW] = {
		{ PW_EVENT_DIR, 0, 0, "" }, BY,
		{ PW_EVENT_FULL, 0, 0, "no room for more" }, END },
	[PW_SHAPE_LOST] = { END },
	[PW_SHAPE_OVERWRITTEN] = { END },
	[PW_SHAPE_SNAPSHOT_BEGIN] = { END },
	[PW_SHAPE_SNAPSHOT_END] = { END },
	[PW_SHAPE_EXISTING_SOCKET] = { SINCE, END },
	[PW_SHAPE_EXISTING_BIND] = {
		SINCE, BIND_DETAILS(PW_EVENT_EXISTING_HOW,
				    PW_EVENT_EXISTING_DEVICE), END },
	[PW_SHAPE_EXISTING_LISTEN] = {
		SINCE, { PW_EVENT_EXPOSURE, 0, 0, "" },
		{ PW_EVENT_DUAL_STACK, 0, 0, "dual-stack" },
		{ PW_EVENT_EXISTING_ACCEPTED, 0, 0, "accepted " },
		{ PW_EVENT_EXISTING_BACKLOG, 0, 0, "backlog " }, END },
	[PW_SHAPE_EXISTING_CONNECT] = { SINCE, END },
	[PW_SHAPE_EXISTING_ESTABLISHED] = { SINCE, END },
	[PW_SHAPE_EXISTING_ACCEPT] = { SINCE, END },
};

/* Where the columns stand. */
struct places {
	size_t event;
	size_t proto;
	size_t endpoints;
	size_t process;
	size_t details;
};

static bool is_narrow(const struct pw_line *line)
{
	return line->width < NARROW;
}

static struct places places_of(const struct pw_line *line)
{
	size_t wider = line->width > PW_LINE_WIDTH ?
		       line->width - PW_LINE_WIDTH : 0;
	size_t endpoints = wider / 3, process = wider / 4;
	struct places places;

	places.event = (is_narrow(line) ? TIME_NARROW : TIME) + 1;
	places.proto = places.event + EVENT + 1;
	places.endpoints = places.proto + PROTO + 1;
	places.process = places.endpoints + ENDPOINTS + 1 +
			 (endpoints < 12 ? endpoints : 12);
	places.details = places.process + PROCESS + 1 +
			 (process < 7 ? process : 7);
	return places;
}

static enum pw_tone event_tone(const struct portwatch_item *item)
{
	switch (item->slot->type) {
	case PORTWATCH_LOST:
	case PORTWATCH_OVERWRITTEN:
		return PW_TONE_ALARM;
	case PORTWATCH_BIND_FAILED:
	case PORTWATCH_CONNECT_FAILED:
		return PW_TONE_BAD;
	case PORTWATCH_SNAPSHOT:
	case PORTWATCH_CLOSE:
	case PORTWATCH_SOCKET:
		return PW_TONE_FAINT;
	case PORTWATCH_BIND:
	case PORTWATCH_LISTEN:
		return item->event->flags & PORTWATCH_F_EXISTING ?
			PW_TONE_FAINT : PW_TONE_NOTE;
	default:
		return item->event->flags & PORTWATCH_F_EXISTING ?
			PW_TONE_FAINT : PW_TONE_GOOD;
	}
}

/*
 * "[::1]:http", "127.0.0.1:54321"; of a host that is pinged "127.0.0.1"; of a vsock
 * "any:1024", "2:3000000000"
 */
static void write_endpoint(const struct pw_line *line, struct pw_pen *pen,
			   const struct portwatch_event *event,
			   const void *address, uint16_t number)
{
	const char *name = pw_service_name(line->services, event->proto, number);
	uint32_t port = portwatch_port(event->family, address, number);
	bool brackets = event->family == AF_INET6;
	char text[PW_ADDRESS_MAX], *end;

	if (brackets)
		pw_pen_text(pen, PW_TONE_PLAIN, "[");
	end = pw_put_address(text, event->family, address);
	pw_pen_ascii(pen, PW_TONE_PLAIN, text, (size_t)(end - text));
	if (brackets)
		pw_pen_text(pen, PW_TONE_PLAIN, "]");
	if (!port && event->family != AF_VSOCK)
		return;
	pw_pen_text(pen, PW_TONE_PLAIN, ":");
	if (name)
		pw_pen_text(pen, PW_TONE_PLAIN, name);
	else
		pw_pen_number(pen, PW_TONE_PLAIN, port);
}

static void write_endpoints(const struct pw_line *line, struct pw_pen *pen,
			    const struct portwatch_event *event)
{
	bool local = event->flags & PORTWATCH_F_LOCAL;

	if (local)
		write_endpoint(line, pen, event, event->laddr, event->lport);
	if (!(event->flags & PORTWATCH_F_REMOTE))
		return;
	pw_pen_text(pen, PW_TONE_FAINT, local ? " -> " : "-> ");
	write_endpoint(line, pen, event, event->raddr, event->rport);
}

static void write_process(struct pw_pen *pen, enum pw_tone tone,
			  const struct portwatch_identity *who)
{
	if (!who) {
		pw_pen_text(pen, PW_TONE_FAINT, "-");
		return;
	}
	pw_pen_escaped(pen, tone, who->comm, strlen(who->comm));
	if (who->key == PORTWATCH_PROCESS_KERNEL)
		return;
	pw_pen_text(pen, PW_TONE_PLAIN, "[");
	pw_pen_number(pen, PW_TONE_PLAIN, who->pid);
	pw_pen_text(pen, PW_TONE_PLAIN, "]");
}

static enum pw_tone value_tone(const struct pw_field *field,
			       const struct pw_value *value)
{
	if (!field->tone)
		return PW_TONE_PLAIN;
	return field->tone(value->text, value->number);
}

static void write_time(const struct pw_line *line, struct pw_pen *pen,
		       uint64_t time, uint64_t now)
{
	char text[PW_TIME_MAX + 1];

	*pw_put_since(text, line->calendar.utc, time, now) = 0;
	pw_pen_text(pen, PW_TONE_PLAIN, text);
}

static void write_second(struct pw_pen *pen, const struct detail *detail,
			 const struct pw_row *row)
{
	const struct pw_field *field = &pw_event_fields[detail->second];
	struct pw_value value = { 0 };

	if (!detail->second || !pw_field_get(field, row, &value))
		return;
	pw_pen_text(pen, PW_TONE_PLAIN, "/");
	pw_pen_value(pen, value_tone(field, &value), field, &value);
}

/* How a detail was taken. */
enum said {
	SAID_NOT,	/* it does not apply, or goes without saying */
	SAID,
	SAID_BAD,	/* there must be room for it */
};

static enum said write_by(struct pw_pen *pen, const struct detail *detail,
			  const struct portwatch_item *item)
{
	if (!item->actor)
		return SAID_NOT;
	pw_pen_text(pen, PW_TONE_PLAIN, detail->before);
	write_process(pen, PW_TONE_PLAIN, item->actor);
	return SAID;
}

/* "by nginx[812] listening", "by uid 33 connected", "in time-wait" */
static enum said write_holder(struct pw_pen *pen, const struct detail *detail,
			      const struct portwatch_item *item)
{
	unsigned int state = item->event->bind_failed.holder_state;
	const char *name = portwatch_state_name(state);

	pw_pen_text(pen, PW_TONE_PLAIN, detail->before);
	if (state == PORTWATCH_STATE_TIME_WAIT) {
		pw_pen_text(pen, PW_TONE_PLAIN, "in ");
	} else if (item->holder) {
		pw_pen_text(pen, PW_TONE_PLAIN, "by ");
		write_process(pen, PW_TONE_NAME, item->holder);
		pw_pen_text(pen, PW_TONE_PLAIN, " ");
	} else {
		pw_pen_text(pen, PW_TONE_PLAIN, "by uid ");
		pw_pen_number(pen, PW_TONE_PLAIN,
			      item->event->bind_failed.holder_uid);
		pw_pen_text(pen, PW_TONE_PLAIN, " ");
	}
	pw_pen_text(pen, PW_TONE_PLAIN, name ? name : "unknown");
	return SAID_BAD;
}

static enum said write_held(const struct pw_line *line, struct pw_pen *pen,
			    const struct detail *detail,
			    const struct portwatch_item *item)
{
	uint64_t since = item->event->bind_failed.holder_since;

	if (!since)
		return SAID_NOT;
	pw_pen_text(pen, PW_TONE_PLAIN, detail->before);
	write_time(line, pen, item->real_time - (item->slot->time - since),
		   item->real_time);
	return SAID;
}

static enum said write_detail(const struct pw_line *line, struct pw_pen *pen,
			      const struct detail *detail,
			      const struct pw_row *row)
{
	const struct portwatch_item *item = row->base[PW_BASE_ITEM];
	const struct pw_field *field;
	struct pw_value value = { 0 };
	enum pw_tone tone;

	if (detail->field == DETAIL_BY)
		return write_by(pen, detail, item);
	if (detail->field == DETAIL_HOLDER)
		return write_holder(pen, detail, item);
	if (detail->field == DETAIL_HELD)
		return write_held(line, pen, detail, item);
	field = &pw_event_fields[detail->field];
	if (!pw_field_get(field, row, &value) ||
	    (value.kind == PW_KIND_WORD && value.number == detail->skip) ||
	    (value.kind == PW_KIND_NUMBER && !value.number && !field->unit))
		return SAID_NOT;
	tone = value_tone(field, &value);
	pw_pen_text(pen, PW_TONE_PLAIN, detail->before);
	if (value.kind == PW_KIND_TIME)
		write_time(line, pen, value.number, item->real_time);
	else if (value.kind != PW_KIND_TRUE)
		pw_pen_value(pen, tone, field, &value);
	write_second(pen, detail, row);
	return tone == PW_TONE_BAD ? SAID_BAD : SAID;
}

static void write_details(const struct pw_line *line, struct pw_pen *pen,
			  const struct pw_row *row, enum pw_shape shape,
			  size_t place)
{
	const struct detail *detail;
	struct pw_pen before;
	enum said said;

	for (detail = details[shape]; detail->field != DETAIL_END; detail++) {
		before = *pen;
		pw_pen_tab(pen, place);
		said = write_detail(line, pen, detail, row);
		if (said == SAID_BAD ||
		    (said == SAID && pen->column <= line->width))
			place = 0;
		else
			*pen = before;
	}
}

static const char *say_missing(unsigned int type, bool one)
{
	if (type == PORTWATCH_OVERWRITTEN)
		return one ? " older event made room:" :
			     " older events made room:";
	return one ? " event is missing here:" : " events are missing here:";
}

static void write_counts(struct pw_pen *pen, const struct portwatch_lost *lost)
{
	const char *name;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < PORTWATCH_TYPES; i++)
		sum += lost->count[i];
	pw_pen_number(pen, PW_TONE_ALARM, sum);
	pw_pen_text(pen, PW_TONE_ALARM, say_missing(lost->type, sum == 1));
	for (i = 0; i < PORTWATCH_TYPES; i++) {
		if (!lost->count[i])
			continue;
		name = portwatch_event_name((unsigned int)i);
		pw_pen_text(pen, PW_TONE_PLAIN, " ");
		pw_pen_number(pen, PW_TONE_PLAIN, lost->count[i]);
		pw_pen_text(pen, PW_TONE_PLAIN, " ");
		pw_pen_text(pen, PW_TONE_PLAIN, name ? name : "unknown");
	}
}

/* Lines that are about no socket: what is lost, marks of snapshots. */
static void write_mark(struct pw_pen *pen, const struct portwatch_item *item)
{
	if (item->slot->type == PORTWATCH_LOST ||
	    item->slot->type == PORTWATCH_OVERWRITTEN) {
		write_counts(pen, item->lost);
		return;
	}
	if (!item->event->snapshot.end) {
		pw_pen_text(pen, PW_TONE_FAINT,
			    "begin: sockets that were open before");
		return;
	}
	pw_pen_text(pen, PW_TONE_FAINT, "end: ");
	pw_pen_number(pen, PW_TONE_FAINT, item->event->snapshot.rows);
	pw_pen_text(pen, PW_TONE_FAINT, item->event->snapshot.rows == 1 ?
					" socket" : " sockets");
}

static void write_socket(const struct pw_line *line, struct pw_pen *pen,
			 const struct portwatch_item *item)
{
	const char *proto = portwatch_proto_name(item->event->proto);
	struct places places = places_of(line);
	enum pw_shape shape;
	struct pw_row row;

	if (proto)
		pw_pen_text(pen, PW_TONE_PLAIN, proto);
	else
		pw_pen_number(pen, PW_TONE_PLAIN, item->event->proto);
	pw_pen_tab(pen, places.endpoints);
	write_endpoints(line, pen, item->event);
	pw_pen_tab(pen, places.process);
	write_process(pen, PW_TONE_NAME, item->owner);
	shape = pw_event_row(item, &row);
	write_details(line, pen, &row, shape, places.details);
}

static size_t line_size(const struct portwatch_item *item)
{
	size_t size = LINE_MAX_FIXED;

	if (!pw_event_counts(item->slot->type))
		return size;
	if (item->owner)
		size += strlen(item->owner->comm) * PW_ESCAPE_GROWTH;
	if (item->actor)
		size += strlen(item->actor->comm) * PW_ESCAPE_GROWTH;
	if (item->holder)
		size += strlen(item->holder->comm) * PW_ESCAPE_GROWTH;
	return size;
}

static struct pw_pen pen_of(const struct pw_line *line, char *at)
{
	return (struct pw_pen){
		.at = at,
		.colour = line->colour,
		.escape = line->ascii ? PW_ESCAPE_ASCII : 0,
	};
}

void pw_line_event(struct pw_line *line, struct pw_output *output,
		   const struct portwatch_item *item)
{
	char *room = pw_output_room(output, line_size(item));
	const char *name = portwatch_event_name(item->slot->type);
	struct places places = places_of(line);
	struct pw_pen pen = pen_of(line, room);
	char text[PW_TIME_MAX], *end;

	end = pw_put_time(text, &line->calendar, item->real_time);
	if (is_narrow(line))
		end = text + TIME_NARROW;
	pw_pen_ascii(&pen, PW_TONE_FAINT, text, (size_t)(end - text));
	pw_pen_tab(&pen, places.event);
	pw_pen_text(&pen, event_tone(item), name ? name : "unknown");
	pw_pen_tab(&pen, places.proto);
	if (pw_event_counts(item->slot->type))
		write_socket(line, &pen, item);
	else
		write_mark(&pen, item);
	pw_pen_end(&pen);
	pw_output_commit(output, pen.at);
}

void pw_line_header(const struct pw_line *line, struct pw_output *output)
{
	struct pw_pen pen = pen_of(line, pw_output_room(output, LINE_MAX_FIXED));
	struct places places = places_of(line);
	const struct {
		size_t place;
		const char *heading;
	} headings[] = {
		{ 0, "TIME" },
		{ places.event, "EVENT" },
		{ places.proto, "PROTO" },
		{ places.endpoints, "LOCAL -> REMOTE" },
		{ places.process, "PROCESS" },
		{ places.details, "DETAILS" },
	};
	size_t i;

	for (i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		if (headings[i].place + strlen(headings[i].heading) >
		    line->width)
			break;
		pw_pen_tab(&pen, headings[i].place);
		pw_pen_text(&pen, PW_TONE_FAINT, headings[i].heading);
	}
	pw_pen_end(&pen);
	pw_output_commit(output, pen.at);
}
