/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * libportwatch: read the events of the portwatch kernel module.
 *
 * Functions return 0 or a positive number when they worked and a negative errno
 * when they did not. They never print, never exit and keep no global state; a
 * reader may be used by one thread at a time.
 *
 *	struct portwatch_reader *reader;
 *	struct portwatch_item item;
 *
 *	err = portwatch_reader_open(&reader, NULL);
 *	while ((err = portwatch_reader_next(reader, &item, -1)) > 0)
 *		...;
 *	portwatch_reader_close(reader);
 *
 * The records themselves are those of <linux/portwatch.h>, which is their manual.
 */
#ifndef LIBPORTWATCH_H
#define LIBPORTWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/portwatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All that is declared here, and nothing else, is visible outside the library. */
#pragma GCC visibility push(default)

struct portwatch_reader;
struct portwatch_filter;

/*
 * The type of a record, otherwise like LOST, that no ring and no recording has: a program
 * that keeps the newest events tells by it what made room for them.
 */
#define PORTWATCH_OVERWRITTEN	128

/* The newest recordings that this library reads, and those that it makes. */
#define PORTWATCH_RECORDING_VERSION	2

/**
 * struct portwatch_options - how to open a reader; zero means the default
 *
 * @size:	sizeof(struct portwatch_options)
 * @device:	path of the device (PORTWATCH_DEVICE)
 * @events:	bits of the events wanted, PORTWATCH_EVENT_BIT(type) (all but SOCKET
 *		and FLOW)
 * @ring_slots:	slots of each ring (the module's default)
 * @watermark:	slots that wake the reader (the module's default)
 * @timeout_ms:	longest time that an event waits before it wakes the reader
 *		(the module's default)
 * @no_snapshot: do not bring the sockets that were open before
 * @no_events:	nothing but the snapshot
 * @filter:	what portwatch_reader_set_filter() would be given afterwards, or NULL; here
 *		the kernel does what it can of it, and keeps those events back that
 *		nobody wants: they cost less, and take no room in the rings. The rest,
 *		and all of it where the module cannot, is the reader's.
 */
struct portwatch_options {
	size_t size;
	const char *device;
	uint64_t events;
	uint32_t ring_slots;
	uint32_t watermark;
	uint32_t timeout_ms;
	bool no_snapshot;
	bool no_events;
	const struct portwatch_filter *filter;
};

/**
 * struct portwatch_identity - who a key is, as the kernel saw it then
 *
 * @key:	as in events; PORTWATCH_PROCESS_KERNEL has pid 0 and comm "kernel"
 * @pid, @ppid, @uid, @auid, @flags, @start, @cgroup_id: see struct
 *		portwatch_process
 * @comm:	name (bytes as they came, terminated by 0; never NULL)
 * @exe:	path of the program, NULL where it could not be had
 * @cmdline:	arguments, each followed by a 0 byte; NULL where not to be had
 * @cmdline_len: its length
 * @cgroup:	path of the cgroup, NULL where it could not be had
 * @unit:	systemd unit that the cgroup belongs to, or NULL
 * @container:	id of the container that the cgroup belongs to, or NULL
 *
 * Strings live as long as the reader, or until it forgets.
 */
struct portwatch_identity {
	uint32_t key;
	uint32_t pid;
	uint32_t ppid;
	uint32_t uid;
	uint32_t auid;
	uint32_t flags;
	uint64_t start;
	uint64_t cgroup_id;
	const char *comm;
	const char *exe;
	const char *cmdline;
	size_t cmdline_len;
	const char *cgroup;
	const char *unit;
	const char *container;
};

/**
 * struct portwatch_item - one event, with what belongs to it
 *
 * @slot:	how every record begins; its type says which of the next two counts
 * @event:	any type but LOST
 * @lost:	type LOST
 * @real_time:	the event's time, nanoseconds since 1970 (UTC)
 * @owner:	who created or accepted the socket, or NULL when not known
 * @actor:	who did this if it is not the owner, else NULL
 * @holder:	type BIND_FAILED: whose socket had the port, or NULL when none or not
 *		known; its socket, state and age stand in the event
 * @inverted:	true when an event with a later time was given before this one
 *
 * An item is valid until the next call that has the reader as an argument.
 */
struct portwatch_item {
	union {
		const struct portwatch_slot *slot;
		const struct portwatch_event *event;
		const struct portwatch_lost *lost;
	};
	uint64_t real_time;
	const struct portwatch_identity *owner;
	const struct portwatch_identity *actor;
	const struct portwatch_identity *holder;
	bool inverted;
};

/* Users of whom portwatch_stats tells how much they lost. */
#define PORTWATCH_STATS_LOSERS	16

/**
 * struct portwatch_toll - a user whose events were lost
 *
 * @uid:	as in struct portwatch_loser
 * @lost:	so many of his at least, by all rings
 */
struct portwatch_toll {
	uint32_t uid;
	uint64_t lost;
};

/**
 * struct portwatch_stats - what became of the events of a reader
 *
 * @seen:	events that came up in the kernel for this reader, by type
 * @kernel_filtered: of these, those that the kernel's filter kept back
 * @lost:	of these, those that found no room
 * @delivered:	of these, those that the kernel wrote
 * @read:	of these, those that portwatch_reader_next() looked at
 * @filtered:	of the read ones, those that the reader's filter kept back
 * @given:	of the read ones, those that it gave out
 * @inversions:	given events that came after a later one
 * @unknown:	slots of a type that this library does not know
 * @missed:	hits of hooks that the kernel missed since the reader was opened
 * @untracked:	times that the module had no room for the record of a socket since then:
 *		its events name no owner, and some do not come
 * @unnamed:	times that it had none for a process that it met: its events name nobody
 * @bad_tail:	times that the kernel did not believe the reader's position
 * @unexplained: jumps in the numbering of a ring that no LOST record accounts for:
 *		0, or something is broken
 * @torn:	bytes at the end of a file that are not a whole record
 * @rings:	rings that can carry records
 * @tolls:	whose the lost events were, who lost most first; @lost 0: nobody more
 * @vague:	of whoever stands there at most so many more were lost: 0 unless there were
 *		more users than the kernel has room for
 *
 * Always seen = kernel_filtered + lost + delivered, and read = filtered + given.
 * LOST and SNAPSHOT records are given without a filter being asked; the kernel does
 * not count LOST. Dictionary records (PROCESS, TEXT) are in the arrays but are never
 * given.
 */
struct portwatch_stats {
	uint64_t seen[PORTWATCH_TYPES];
	uint64_t kernel_filtered[PORTWATCH_TYPES];
	uint64_t lost[PORTWATCH_TYPES];
	uint64_t delivered[PORTWATCH_TYPES];
	uint64_t read[PORTWATCH_TYPES];
	uint64_t filtered[PORTWATCH_TYPES];
	uint64_t given[PORTWATCH_TYPES];
	uint64_t inversions;
	uint64_t unknown;
	uint64_t missed;
	uint64_t untracked;
	uint64_t unnamed;
	uint64_t bad_tail;
	uint64_t unexplained;
	uint64_t torn;
	uint32_t rings;
	struct portwatch_toll tolls[PORTWATCH_STATS_LOSERS];
	uint64_t vague;
};

/**
 * portwatch_reader_open() - open the device, start a session
 * @reader:	where the reader is put
 * @options:	or NULL
 *
 * Return: 0; -ENOENT: no device (module not loaded); -EACCES, -EPERM: no right;
 * -EBUSY: no session free; -EPROTO: the module speaks another version; -ENODEV: a
 * required hook cannot be attached; -ENOMEM; other errors of open, ioctl, mmap.
 */
int portwatch_reader_open(struct portwatch_reader **reader,
			  const struct portwatch_options *options);

/**
 * portwatch_reader_open_file() - read a recorded stream instead of the device
 * @reader:	where the reader is put
 * @path:	file, or "-" for standard input
 *
 * Return: 0; -ENOEXEC: not a recording; -ENODATA: of one, and shorter than its
 * header; -EBADMSG: its header is damaged; -EPROTO: a newer version; -EILSEQ: of a
 * machine with another byte order; errors of open and read.
 */
int portwatch_reader_open_file(struct portwatch_reader **reader,
			       const char *path);

/**
 * portwatch_reader_open_fd() - the same with a file or pipe that is open
 * @reader:	where the reader is put
 * @fd:		to read from; it must stay open as long as the reader does, and is
 *		not closed with it
 *
 * For a program that gives up the right to open files before it looks at one.
 *
 * Return: likewise.
 */
int portwatch_reader_open_fd(struct portwatch_reader **reader, int fd);

/** portwatch_reader_close() - end the session; @reader may be NULL */
void portwatch_reader_close(struct portwatch_reader *reader);

/**
 * portwatch_reader_fd() - descriptor to poll for POLLIN
 *
 * Return: the descriptor, -1 for a file.
 */
int portwatch_reader_fd(const struct portwatch_reader *reader);

/**
 * portwatch_reader_set_filter() - give out only events that a filter wants
 * @reader:	reader
 * @filter:	or NULL for all; the caller keeps it, and keeps it alive
 *
 * What the kernel keeps back for a filter of struct portwatch_options does not come,
 * whatever is set here.
 */
void portwatch_reader_set_filter(struct portwatch_reader *reader,
				 const struct portwatch_filter *filter);

/**
 * portwatch_reader_next() - the next event, in the order of time
 * @reader:	reader
 * @item:	filled
 * @timeout_ms:	how long to wait for one: 0 not at all, -1 for ever
 *
 * Return: 1; 0 when the time is over (a file: at its end); -EINTR: a signal came
 * while waiting; -EBADMSG: the stream is damaged (a file: what came before it was
 * given out).
 */
int portwatch_reader_next(struct portwatch_reader *reader,
			  struct portwatch_item *item, int timeout_ms);

/** portwatch_reader_snapshot() - ask for the rows of open sockets again */
int portwatch_reader_snapshot(struct portwatch_reader *reader);

/** portwatch_reader_stats() - counters; a file has only the reader's own */
int portwatch_reader_stats(struct portwatch_reader *reader,
			   struct portwatch_stats *stats);

/**
 * struct portwatch_recording - what is known about a recording
 *
 * @version:	of its format
 * @damaged:	places where it is damaged, so far
 * @missing:	events that these held, as far as what follows them tells
 * @torn:	bytes at its end that are no whole block or record
 * @ended:	it was ended in order; version 1 does not tell
 * @created:	when it was begun, nanoseconds since 1970 (UTC)
 * @id:		the same in all files of one recording
 * @first:	events in the files before this one
 * @next:	number of the event that comes next; at the end, @first of the next
 *		file
 * @boot_id:	of the machine then, zero where not known
 * @release:	its kernel's
 * @host:	its name
 *
 * Version 1 knows neither @id, @first, @boot_id, @release nor @host.
 */
struct portwatch_recording {
	uint32_t version;
	uint32_t damaged;
	uint64_t missing;
	uint64_t torn;
	bool ended;
	uint64_t created;
	uint64_t id;
	uint64_t first;
	uint64_t next;
	uint8_t boot_id[16];
	char release[64];
	char host[64];
};

/**
 * portwatch_recording_probe() - look at the beginning of a recording
 * @path:	file, or "-" for standard input, of which it takes a part
 * @recording:	filled as far as it could be read
 *
 * Return: as portwatch_reader_open_file(); after -EPROTO @recording->version says
 * which one it is.
 */
int portwatch_recording_probe(const char *path,
			      struct portwatch_recording *recording);

/**
 * portwatch_recording_probe_fd() - the same with a file that is open
 * @fd:		of a file: its beginning is looked at, and it is left there
 * @recording:	filled as far as it could be read
 *
 * Return: likewise; -ESPIPE: a pipe, from which nothing was read.
 */
int portwatch_recording_probe_fd(int fd, struct portwatch_recording *recording);

/**
 * portwatch_reader_recording() - about the recording that a reader reads
 *
 * Return: NULL for a live reader. What it points to changes as reading goes on.
 */
const struct portwatch_recording *
portwatch_reader_recording(const struct portwatch_reader *reader);

/**
 * portwatch_reader_processes() - how many processes the reader remembers
 * portwatch_reader_forget() - forget those that no event named since the last call
 *
 * A process is announced once, and remembered for good: who reads for weeks
 * forgets. After a snapshot all whom an open socket may name were named. What an
 * item points to is gone after this; where it fails for want of memory, nothing
 * is.
 */
size_t portwatch_reader_processes(const struct portwatch_reader *reader);
int portwatch_reader_forget(struct portwatch_reader *reader);

/**
 * portwatch_reader_forget_after() - let the reader forget by itself
 * @reader:	reader
 * @processes:	how many new ones there must be first, 0: never; at least 2048, for after
 *		so many records a recording names everybody anew
 *
 * For recordings in blocks: their memory is bounded then, also where a filter wants
 * nothing. It happens before portwatch_reader_next() gives out an event.
 *
 * portwatch_reader_forgot() - how often the reader has forgotten, by itself or not
 */
void portwatch_reader_forget_after(struct portwatch_reader *reader,
				   size_t processes);
unsigned int portwatch_reader_forgot(const struct portwatch_reader *reader);

struct portwatch_recorder;

/**
 * struct portwatch_recorder_options - how to record
 *
 * @size:	sizeof(struct portwatch_recorder_options)
 * @plain:	do not compress
 * @context:	for @write
 * @write:	gets a header or a whole block; returns 0 or a negative errno
 */
struct portwatch_recorder_options {
	size_t size;
	bool plain;
	void *context;
	int (*write)(void *context, const void *bytes, size_t size);
};

/**
 * struct portwatch_recorded - what a recorder has done so far
 *
 * @written:	events (marks and losses among them) in blocks that were written
 * @waiting:	of those after them, those that are in a block to come
 */
struct portwatch_recorded {
	uint64_t written;
	uint64_t waiting;
};

/**
 * portwatch_recorder_open() - record what a reader gives
 * @recorder:	where the recorder is put
 * @reader:	must outlive it
 * @options:	how
 *
 * It writes nothing yet, and compresses only where the library was built with zstd.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int portwatch_recorder_open(struct portwatch_recorder **recorder,
			    struct portwatch_reader *reader,
			    const struct portwatch_recorder_options *options);

/** portwatch_recorder_close() - @recorder may be NULL; writes nothing */
void portwatch_recorder_close(struct portwatch_recorder *recorder);

/**
 * portwatch_recorder_begin() - begin a file
 * portwatch_recorder_item() - record what the last item of the reader was, after
 *	the processes that it names and the file does not
 * portwatch_recorder_flush() - write the block that is being filled if it was
 *	begun @age nanoseconds ago or longer
 * portwatch_recorder_end() - flush, and end the file in order
 *
 * Return: 0, what @write returned, or -EIO. After an error of @write nothing more
 * is written until portwatch_recorder_begin().
 */
int portwatch_recorder_begin(struct portwatch_recorder *recorder);
int portwatch_recorder_item(struct portwatch_recorder *recorder,
			    const struct portwatch_item *item);
int portwatch_recorder_flush(struct portwatch_recorder *recorder, uint64_t age);
int portwatch_recorder_end(struct portwatch_recorder *recorder);

/** portwatch_recorder_count() - what became of the items */
void portwatch_recorder_count(const struct portwatch_recorder *recorder,
			      struct portwatch_recorded *recorded);

/* The most that portwatch_recorder_begin() and one block can be. */
#define PORTWATCH_RECORDER_HEADER_MAX	256
#define PORTWATCH_RECORDER_BLOCK_MAX	(64 + 2048 * PORTWATCH_SLOT_SIZE)

/**
 * portwatch_filter_parse() - make a filter from words
 * @filter:	where the filter is put
 * @words:	such as "proto tcp and port 80 and not net 127.0.0.0/8"; an empty
 *		text wants everything
 * @message:	gets, when the words are wrong, one line that says what and where
 * @message_size: its size
 *
 * Return: 0; -EINVAL: wrong words; -ENOMEM.
 */
int portwatch_filter_parse(struct portwatch_filter **filter, const char *words,
			   char *message, size_t message_size);

/** portwatch_filter_begins() - can a filter begin with this word? */
bool portwatch_filter_begins(const char *word);

/**
 * portwatch_filter_explain() - who does what of a filter
 * @filter:	filter
 * @kernel:	gets the words of what the kernel does, "" where it does nothing: a
 *		filter which all those events pass that @filter wants
 * @rest:	gets the tests that are left to the reader, with commas between them,
 *		"" where there are none
 *
 * Both texts are to be freed.
 *
 * Return: how many tests the kernel makes of it, or -ENOMEM.
 */
int portwatch_filter_explain(const struct portwatch_filter *filter,
			     char **kernel, char **rest);

/** portwatch_filter_free() - @filter may be NULL */
void portwatch_filter_free(struct portwatch_filter *filter);

/** portwatch_filter_match() - does the filter want this event? */
bool portwatch_filter_match(const struct portwatch_filter *filter,
			    const struct portwatch_item *item);

/**
 * portwatch_status_get() - about the module; needs no session to be started
 * portwatch_hook_get() - row @index of its hooks
 * portwatch_session_get() - session in place @index; -ENOENT: nobody there
 * @device:	path or NULL
 *
 * Return: as portwatch_reader_open().
 */
int portwatch_status_get(const char *device, struct portwatch_status *status);
int portwatch_hook_get(const char *device, uint32_t index,
		       struct portwatch_hook *hook);
int portwatch_session_get(const char *device, uint32_t index,
			  struct portwatch_session_info *session);

/**
 * enum portwatch_exposure - how far a local address can be reached
 */
enum portwatch_exposure {
	PORTWATCH_EXPOSURE_LOOPBACK = 1,
	PORTWATCH_EXPOSURE_LINK_LOCAL,
	PORTWATCH_EXPOSURE_PRIVATE,
	PORTWATCH_EXPOSURE_GLOBAL,
	PORTWATCH_EXPOSURE_MULTICAST,
	PORTWATCH_EXPOSURE_ANY,
};

/** portwatch_exposure_of() - of an address as events have it, of that family */
enum portwatch_exposure portwatch_exposure_of(int family, const void *address);

/**
 * portwatch_port() - the port that goes with an address of an event
 * @family:	the event's
 * @address:	its laddr, raddr or bind.req_addr
 * @port:	its lport, rport or bind.req_port
 *
 * Return: the port: @port, or of AF_VSOCK what stands in the address.
 */
uint32_t portwatch_port(int family, const void *address, uint16_t port);

/*
 * Names, as they stand in JSON, and back. A name function returns NULL for a value
 * that it does not know, the other direction a negative number.
 */
const char *portwatch_event_name(unsigned int type);
int portwatch_event_type(const char *name);
const char *portwatch_proto_name(unsigned int proto);
int portwatch_proto_number(const char *name);
const char *portwatch_how_name(unsigned int how);
const char *portwatch_kind_name(unsigned int kind);
const char *portwatch_reason_name(unsigned int reason);
const char *portwatch_first_name(unsigned int first);
const char *portwatch_state_name(unsigned int state);
const char *portwatch_dir_name(unsigned int dir);
const char *portwatch_exposure_name(enum portwatch_exposure exposure);
const char *portwatch_errno_name(unsigned int error);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBPORTWATCH_H */
