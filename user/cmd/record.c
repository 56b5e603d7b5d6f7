/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch record: events into files.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "error.h"
#include "fmt/event.h"
#include "stream.h"
#include "sweep.h"

#define SECOND		1000000000ULL

/* A block that is not full is written when it is so old. */
#define AGE_MAX		(SECOND / 2)

/* There is room for a header, some blocks and the end. */
#define SIZE_MIN	(1ULL << 20)

/**
 * struct record - a run of the command
 *
 * @user:	whose the files are, or NULL: ours
 * @safe:	of the events taken, those that are in blocks that were written
 * @written:	items that the recorder had written then
 * @first:	items in the files before
 * @anew:	SIGHUP came: another file
 * @rows_due:	a file has begun, and shall hold what is open
 * @sweep:	when the reader forgets
 */
struct record {
	struct pw_stream stream;
	struct pw_archive archive;
	const char *user;
	bool plain;
	bool anew;
	bool rows_due;
	struct pw_sweep sweep;
	uint64_t safe;
	uint64_t written;
	uint64_t first;
	struct portwatch_recorder *recorder;
};

enum {
	OPTION_MAX_SIZE = PW_STREAM_END,
	OPTION_MAX_AGE,
	OPTION_KEEP,
	OPTION_NO_COMPRESS,
	OPTION_USER,
};

static const struct pw_option table[] = {
	{ OPTION_MAX_SIZE, 0, "max-size", "SIZE",
	  "another file before one is larger, such as 64M" },
	{ OPTION_MAX_AGE, 0, "max-age", "TIME",
	  "another file after so long, such as 12h" },
	{ OPTION_KEEP, 0, "keep", "N", "keep N files, delete the oldest" },
	{ OPTION_NO_COMPRESS, 0, "no-compress", NULL,
	  "larger files, a little less work" },
	{ OPTION_USER, 0, "user", "NAME",
	  "become this user once the device is open" },
	PW_STREAM_ROWS,
	PW_STREAM_LIVE_ROWS,
	PW_COMMON_SOURCE_ROWS,
	PW_OPTION_HELP_ROW,
	{ 0 },
};

static const char more[] =
	"\n"
	"FILE is the one that is written; - is standard output. Files that are over get\n"
	"the time at which they were begun behind their names. SIGHUP begins another one.\n"
	"  portwatch record --max-size 64M --keep 100 /var/log/ports.pwrec\n"
	"  portwatch record - event bind | ssh somewhere portwatch read -\n"
	"More in portwatch(8).\n";

static bool take_option(struct record *record, int id, const char *argument)
{
	struct pw_archive *archive = &record->archive;

	switch (id) {
	case OPTION_MAX_SIZE:
		return pw_options_size("max-size", argument, SIZE_MIN,
				       &archive->max_size);
	case OPTION_MAX_AGE:
		return pw_options_time("max-age", argument, &archive->max_age);
	case OPTION_KEEP:
		return pw_options_number("keep", argument, 1, UINT32_MAX,
					 &archive->keep);
	case OPTION_NO_COMPRESS:
		record->plain = true;
		return true;
	case OPTION_USER:
		record->user = argument;
		return true;
	default:
		return pw_stream_option(&record->stream, id, argument);
	}
}

static int write_archive(void *context, const void *bytes, size_t size)
{
	struct record *record = context;

	return pw_archive_write(&record->archive, bytes, size);
}

/*
 * Of the @taken events those are safe that came before what waits. Returns whether
 * a block was written.
 */
static bool note_written(struct record *record, uint64_t taken)
{
	struct portwatch_recorded recorded;

	portwatch_recorder_count(record->recorder, &recorded);
	if (recorded.written == record->written)
		return false;
	record->written = recorded.written;
	record->safe = taken;
	return true;
}

static int begin_file(struct record *record)
{
	int err = pw_archive_begin(&record->archive);

	record->first = record->written;
	return err ? err : portwatch_recorder_begin(record->recorder);
}

static int end_file(struct record *record)
{
	int err = portwatch_recorder_end(record->recorder);

	note_written(record, record->stream.tally.printed);
	if (err)
		return err;
	return pw_archive_end(&record->archive);
}

/* A file begins with what there is then, so that it can be read alone. */
static int change_file(struct record *record, bool gone)
{
	int err;

	err = end_file(record);
	if (!err && !gone)
		err = pw_archive_shelve(&record->archive);
	if (!err)
		err = begin_file(record);
	record->rows_due = !record->stream.common.options.no_snapshot;
	return err;
}

/*
 * One in which there is nothing yet goes on, unless who sent the signal has taken it
 * away before.
 */
static int look_at_file(struct record *record)
{
	bool anew = record->anew || pw_archive_is_due(&record->archive), gone;
	struct portwatch_recorded recorded;

	if (!anew)
		return 0;
	record->anew = false;
	gone = pw_archive_is_gone(&record->archive);
	portwatch_recorder_count(record->recorder, &recorded);
	if (record->archive.stream ||
	    (!gone && recorded.written + recorded.waiting == record->first))
		return 0;
	return change_file(record, gone);
}

/* After the snapshot that is under way, if one is: that began in another file. */
static void ask_for_rows(struct record *record)
{
	struct pw_stream *stream = &record->stream;

	if (!record->rows_due || stream->asked)
		return;
	record->rows_due = false;
	stream->asked = !portwatch_reader_snapshot(stream->reader);
}

static int on_take(void *context, const struct portwatch_item *item)
{
	struct record *record = context;
	bool counts = pw_event_counts(item->slot->type);
	int err;

	err = portwatch_recorder_item(record->recorder, item);
	/* a block that was full was written without this one */
	if (note_written(record, record->stream.tally.printed - counts))
		pw_sweep_look(&record->sweep, &record->stream);
	if (!err)
		err = look_at_file(record);
	ask_for_rows(record);
	return err;
}

static int on_pause(void *context)
{
	struct record *record = context;
	int err;

	pw_sweep_look(&record->sweep, &record->stream);
	err = portwatch_recorder_flush(record->recorder, AGE_MAX);
	note_written(record, record->stream.tally.printed);
	if (!err)
		err = look_at_file(record);
	ask_for_rows(record);
	return err;
}

static void on_hangup(void *context)
{
	struct record *record = context;

	record->anew = true;
}

/* A file that cannot be written on: what is in it, and what is not. */
static int explain(const struct record *record, int err)
{
	const struct pw_archive *archive = &record->archive;
	const struct pw_tally *tally = &record->stream.tally;
	bool full = err == -ENOSPC || err == -EFBIG || err == -EDQUOT;

	if (err == -EPIPE)
		return PW_STATUS_FINE;
	return pw_error(PW_STATUS_IO,
			"%s: %s; %llu events were recorded, %llu that came after them were not; %s",
			strcmp(archive->path, "-") ? archive->path :
						     "standard output",
			full ? "no space left" : strerror(-err),
			(unsigned long long)record->safe,
			(unsigned long long)(tally->seen - tally->lost -
					     tally->filtered - record->safe),
			full ? "make room, and start again" :
			       "see to it, and start again");
}

static int finish(struct record *record)
{
	struct pw_stream *stream = &record->stream;
	int err = stream->error;

	if (!err && stream->output.error)
		err = -stream->output.error;
	if (!err)
		err = end_file(record);
	pw_stream_close_reader(stream);
	return err ? explain(record, err) : pw_stream_finish(stream);
}

static int record_events(struct record *record)
{
	const struct portwatch_recorder_options options = {
		.size = sizeof(options),
		.plain = record->plain,
		.context = record,
		.write = write_archive,
	};
	struct pw_stream *stream = &record->stream;
	int err;

	err = portwatch_recorder_open(&record->recorder, stream->reader,
				      &options);
	if (!err)
		err = begin_file(record);
	stream->error = err;
	if (!err)
		pw_stream_run(stream, NULL);
	err = finish(record);
	portwatch_recorder_close(record->recorder);
	return err;
}

/* The device is opened as whom we are, the files as whom we become. */
static int set_limits(struct record *record)
{
	static const char *const files[] = { "/proc/sys/kernel/random/boot_id", NULL };
	struct pw_limits *limits = &record->stream.common.limits;

	if (strcmp(record->archive.path, "-"))
		limits->archive = record->archive.path;
	limits->files = files;
	if (!record->user)
		return 0;
	return pw_confine_find_user(&limits->user, record->user);
}

/* The reader first: without one, the old file keeps its name. */
static int prepare_and_record(struct record *record)
{
	int status = pw_archive_prepare(&record->archive);

	if (!status)
		status = record_events(record);
	else
		pw_stream_close_reader(&record->stream);
	pw_archive_end(&record->archive);
	return status;
}

static int run(struct record *record)
{
	struct pw_stream *stream = &record->stream;
	bool is_pipe = !strcmp(record->archive.path, "-");
	int status;

	status = pw_stream_open(stream, is_pipe ? STDOUT_FILENO : -1);
	if (status)
		return status;
	/* a file that is as large as it may be is an error, not the end */
	signal(SIGXFSZ, SIG_IGN);
	record->archive.output = &stream->output;
	status = pw_stream_open_reader(stream);
	if (!status)
		status = prepare_and_record(record);
	pw_stream_close(stream);
	return status;
}

static int check_path(const struct record *record)
{
	const struct pw_archive *archive = &record->archive;

	if (!archive->path || portwatch_filter_begins(archive->path))
		return pw_error(PW_STATUS_USAGE,
				"record: to which file? try: portwatch record FILE");
	if (strcmp(archive->path, "-"))
		return 0;
	if (isatty(STDOUT_FILENO))
		return pw_error(PW_STATUS_USAGE,
				"record: a recording is not for a terminal; name a file");
	if (archive->max_size || archive->max_age || archive->keep)
		return pw_error(PW_STATUS_USAGE,
				"--max-size, --max-age, --keep: standard output is one file; name another");
	return 0;
}

int pw_record(const struct pw_command *command, int argc, char **argv)
{
	struct record record = { .archive.fd = -1 };
	struct pw_stream *stream = &record.stream;
	const char *argument;
	int id, status;

	pw_stream_init(stream);
	stream->tally.verb = "recorded";
	stream->context = &record;
	stream->take = on_take;
	stream->pause = on_pause;
	stream->hangup = on_hangup;
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (id == PW_OPTION_ERROR ||
		    !take_option(&record, id, argument))
			return PW_STATUS_USAGE;
	}
	stream->hide_rows = stream->common.options.no_snapshot;
	record.archive.path = pw_options_rest(argc, argv, 0);
	status = check_path(&record);
	if (!status)
		status = set_limits(&record);
	if (!status)
		status = pw_common_filter(command, argc, argv, 1,
					  &stream->filter);
	if (!status)
		status = run(&record);
	portwatch_filter_free(stream->filter);
	return status;
}
