/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch read: what was recorded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "error.h"
#include "fmt/memory.h"
#include "print.h"

/* So many processes are new before those are forgotten that are named no more. */
#define PROCESSES_NEW	32768

/* Descriptors that are needed besides the files. */
#define DESCRIPTORS	32

/**
 * struct chapter - one of the files
 *
 * @fd:		it is open
 * @about:	its header
 */
struct chapter {
	const char *path;
	int fd;
	struct portwatch_recording about;
};

/**
 * struct book - all of them
 *
 * @failed:	why one could not be opened: an exit status
 * @next:	number of the event that should come next in recording @id
 */
struct book {
	struct pw_print print;
	struct chapter *chapters;
	int count;
	int failed;
	uint64_t id;
	uint64_t next;
};

static const struct pw_option table[] = {
	PW_PRINT_ROWS,
	PW_STREAM_ROWS,
	PW_COMMON_STYLE_ROWS,
	PW_OPTION_HELP_ROW,
	{ 0 },
};

static const char more[] =
	"\n"
	"Files are read in the order in which they were recorded; - is standard input.\n"
	"The filter begins with the first argument that is a word of it (a file of such\n"
	"a name is written ./port), and is the same as that of tail:\n"
	"  portwatch read ports.pwrec* event bind-failed\n"
	"More in portwatch(8).\n";

static int compare(const void *a, const void *b)
{
	const struct portwatch_recording *one = &((const struct chapter *)a)->about;
	const struct portwatch_recording *other =
		&((const struct chapter *)b)->about;

	/* the clock may have been set back between two files of one recording */
	if (one->id == other->id && one->first != other->first)
		return one->first < other->first ? -1 : 1;
	if (one->created != other->created)
		return one->created < other->created ? -1 : 1;
	return 0;
}

/* Hundreds of files may be open at once, unless somebody meant that they should not. */
static void allow_descriptors(int count)
{
	const rlim_t wanted = (rlim_t)count + DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_chapter(const struct book *book, struct chapter *chapter)
{
	if (strcmp(chapter->path, "-")) {
		chapter->fd = open(chapter->path, O_RDONLY | O_CLOEXEC);
		return chapter->fd < 0 ?
			pw_error_file(chapter->path, 0, -errno) : 0;
	}
	if (book->count > 1)
		return pw_error(PW_STATUS_USAGE,
				"-: standard input is read alone; leave out the files");
	chapter->fd = STDIN_FILENO;
	return 0;
}

/* All of them, for later nothing can be opened; they are closed with the program. */
static int open_chapters(struct book *book, char **paths)
{
	int i, status = 0;

	allow_descriptors(book->count);
	book->chapters = pw_memory_new((size_t)book->count *
				       sizeof(*book->chapters));
	for (i = 0; i < book->count && !status; i++) {
		book->chapters[i].path = paths[i];
		status = open_chapter(book, &book->chapters[i]);
	}
	return status;
}

/* Looks at all before anything is printed: the order is that of their headers. */
static int sort_chapters(struct book *book)
{
	struct chapter *chapter;
	int i, err;

	/* a single one may be a pipe */
	for (i = 0; i < book->count && book->count > 1; i++) {
		chapter = &book->chapters[i];
		err = portwatch_recording_probe_fd(chapter->fd, &chapter->about);
		if (err)
			return pw_error_file(chapter->path,
					     chapter->about.version, err);
	}
	qsort(book->chapters, (size_t)book->count, sizeof(*book->chapters),
	      compare);
	return 0;
}

/* Is it the file that follows the one before it? */
static void check_order(struct book *book, const struct chapter *chapter,
			const struct portwatch_recording *about)
{
	struct pw_stream *stream = &book->print.stream;

	if (!about->id || about->id != book->id || about->first <= book->next)
		return;
	pw_error(PW_STATUS_FINE,
		 "%s: %llu events that were recorded before it are in no file here; is one missing?",
		 chapter->path,
		 (unsigned long long)(about->first - book->next));
	if (stream->strict)
		pw_stream_worse(stream, PW_STATUS_POLICY);
}

/* Return: whether to go on. */
static bool read_chapter(struct book *book, const struct chapter *chapter)
{
	struct pw_stream *stream = &book->print.stream;
	const struct portwatch_recording *about;
	int err;

	err = portwatch_reader_open_fd(&stream->reader, chapter->fd);
	if (err) {
		book->failed = pw_common_refuse(chapter->path, chapter->fd, err);
		return false;
	}
	about = portwatch_reader_recording(stream->reader);
	/* a recording in blocks names everybody anew every now and then */
	if (about->version > 1)
		portwatch_reader_forget_after(stream->reader, PROCESSES_NEW);
	check_order(book, chapter, about);
	if (chapter == book->chapters)
		pw_printer_begin(book->print.printer);
	pw_stream_run(stream, chapter->path);
	book->id = about->id;
	book->next = about->next;
	pw_stream_close_reader(stream);
	pw_printer_forget(book->print.printer);
	book->print.forgot = 0;
	return !pw_stream_is_over(stream);
}

/* Not a byte of a file is looked at before nothing can be opened any more. */
static int read_chapters(struct book *book)
{
	int i;

	book->failed = pw_confine(&book->print.stream.common.limits);
	if (!book->failed)
		book->failed = sort_chapters(book);
	for (i = 0; i < book->count && !book->failed; i++)
		if (!read_chapter(book, &book->chapters[i]))
			break;
	if (!book->failed)
		return pw_print_finish(&book->print);
	pw_print_end(&book->print);
	return book->failed;
}

static int read_book(struct book *book, char **paths)
{
	int status = open_chapters(book, paths);

	if (!status)
		status = pw_print_begin(&book->print);
	return status ? status : read_chapters(book);
}

static int run(struct book *book, const struct pw_command *command, int argc,
	       char **argv)
{
	struct pw_stream *stream = &book->print.stream;
	const char *word = pw_options_rest(argc, argv, 0);
	char **paths;
	int status;

	if (!word || portwatch_filter_begins(word))
		return pw_error(PW_STATUS_USAGE,
				"read: which file? try: portwatch read FILE");
	do
		word = pw_options_rest(argc, argv, ++book->count);
	while (word && !portwatch_filter_begins(word));
	paths = pw_options_list(argv);
	status = pw_common_filter(command, argc, argv, book->count,
				  &stream->filter);
	if (!status)
		status = read_book(book, paths);
	portwatch_filter_free(stream->filter);
	free(book->chapters);
	return status;
}

int pw_read(const struct pw_command *command, int argc, char **argv)
{
	struct book book = { .count = 0 };
	const char *argument;
	int id;

	pw_print_init(&book.print);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (id == PW_OPTION_ERROR ||
		    !pw_print_option(&book.print, id, argument))
			return PW_STATUS_USAGE;
	}
	return run(&book, command, argc, argv);
}
