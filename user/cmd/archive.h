/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of a recording. The one that is written is always called the same; one
 * that is over gets the time at which it was begun behind its name:
 *
 *	ports.pwrec
 *	ports.pwrec.20261122T140211.482000Z
 *
 * Such a name never changes again, and names sort by time.
 */
#ifndef PW_ARCHIVE_H
#define PW_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/output.h"

/**
 * struct pw_archive - the files
 *
 * @path:	the name, "-" for standard output
 * @max_size:	bytes that no file is larger than, or 0
 * @max_age:	nanoseconds after which one is over, or 0
 * @keep:	files that are kept, that which is written among them, or 0: all
 * @output:	where a pipe leads
 * @stream:	it is a pipe or a device: nothing can be renamed or taken back
 * @fd:		of the file that is written, or -1
 * @size:	its bytes
 * @created:	when it was begun, nanoseconds since 1970
 * @begun:	the same, CLOCK_BOOTTIME
 */
struct pw_archive {
	const char *path;
	uint64_t max_size;
	uint64_t max_age;
	uint64_t keep;
	struct pw_output *output;
	bool stream;
	int fd;
	uint64_t size;
	uint64_t created;
	uint64_t begun;
};

/*
 * Makes sure that the name can be used: a recording that has it is renamed, anything
 * else but a pipe, a device and an empty file is refused. Return: 0, or an exit
 * status when it cannot be, which has been said.
 */
int pw_archive_prepare(struct pw_archive *archive);

/* Begins a file. Return: 0 or -errno. */
int pw_archive_begin(struct pw_archive *archive);

/* Writes all of it, or nothing. Return: 0 or -errno. */
int pw_archive_write(struct pw_archive *archive, const void *bytes, size_t size);

/* Is the file over, for its size or its age? */
bool pw_archive_is_due(const struct pw_archive *archive);

/* Has somebody else renamed or deleted the file that is written? */
bool pw_archive_is_gone(const struct pw_archive *archive);

/* Ends a file: it is on the disk. Return: 0 or -errno. */
int pw_archive_end(struct pw_archive *archive);

/* Renames the file that has ended, and deletes the oldest. Return: 0 or -errno. */
int pw_archive_shelve(struct pw_archive *archive);

#endif
