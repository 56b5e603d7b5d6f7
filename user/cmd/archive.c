/* SPDX-License-Identifier: GPL-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <portwatch.h>

#include "archive.h"
#include "command.h"
#include "error.h"
#include "fmt/memory.h"

#define SECOND		1000000000ULL
#define MICROSECOND	1000ULL

/* What a name ends with, 9 for a digit. */
#define STAMP		".99999999T999999.999999Z"
#define STAMP_SIZE	sizeof(STAMP)

/* What still comes after a size was looked at: a block, and the end. */
#define REST_MAX	(PORTWATCH_RECORDER_BLOCK_MAX + 256)

static uint64_t read_clock(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void make_stamp(char *stamp, uint64_t real_time)
{
	time_t seconds = (time_t)(real_time / SECOND);
	struct tm time;
	size_t length;

	gmtime_r(&seconds, &time);
	length = strftime(stamp, STAMP_SIZE, ".%Y%m%dT%H%M%S", &time);
	snprintf(stamp + length, STAMP_SIZE - length, ".%06uZ",
		 (unsigned int)(real_time % SECOND / MICROSECOND));
}

static bool is_stamp(const char *text)
{
	const char *pattern = STAMP;

	for (; *pattern && *text; pattern++, text++)
		if (*pattern == '9' ? *text < '0' || *text > '9' :
				      *text != *pattern)
			return false;
	return !*pattern && !*text;
}

/* -EEXIST where the new name is taken; not every file system looks by itself. */
static int rename_to(const char *path, const char *name)
{
	if (!renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (!access(name, F_OK))
		return -EEXIST;
	return rename(path, name) ? -errno : 0;
}

/* One that has the same name already is left alone: a microsecond later, then. */
static int rename_to_time(const char *path, uint64_t real_time)
{
	size_t length = strlen(path);
	char *name = pw_memory_new(length + STAMP_SIZE);
	int err;

	memcpy(name, path, length);
	do {
		make_stamp(name + length, real_time);
		err = rename_to(path, name);
		real_time += MICROSECOND;
	} while (err == -EEXIST);
	free(name);
	return err;
}

/* Names of files that are over, without the folder; the oldest first. */
struct shelf {
	char **names;
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_shelf(struct shelf *shelf, DIR *folder, const char *base)
{
	size_t length = strlen(base);
	const struct dirent *entry;

	while ((entry = readdir(folder))) {
		if (strncmp(entry->d_name, base, length) ||
		    !is_stamp(entry->d_name + length))
			continue;
		shelf->names = pw_memory_resize(shelf->names,
				(shelf->count + 1) * sizeof(*shelf->names));
		shelf->names[shelf->count++] = pw_memory_text(entry->d_name);
	}
	if (shelf->count)
		qsort(shelf->names, shelf->count, sizeof(*shelf->names),
		      compare_names);
}

/* Deletes the oldest, so that there is room for one more. */
static int make_room(const struct pw_archive *archive)
{
	char *path = pw_memory_text(archive->path);
	char *base = pw_memory_text(archive->path);
	struct shelf shelf = { .count = 0 };
	DIR *folder = opendir(dirname(path));
	int err = folder ? 0 : -errno;
	size_t i;

	if (folder)
		list_shelf(&shelf, folder, basename(base));
	for (i = 0; i < shelf.count; i++) {
		if (!err && shelf.count - i >= archive->keep &&
		    unlinkat(dirfd(folder), shelf.names[i], 0))
			err = -errno;
		free(shelf.names[i]);
	}
	free(shelf.names);
	if (folder)
		closedir(folder);
	free(path);
	free(base);
	return err;
}

static int refuse(const struct pw_archive *archive, int err)
{
	return pw_error(PW_STATUS_IO, "%s: %s; record to another file",
			archive->path, strerror(-err));
}

/* A recording that is there: of an earlier run, or of one that goes on. */
static int move_away(const struct pw_archive *archive, int fd,
		     const struct stat *info)
{
	struct portwatch_recording recording;
	uint64_t created;
	int err;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return pw_error(PW_STATUS_USAGE,
				"%s: another portwatch records to it; name another file",
				archive->path);
	err = portwatch_recording_probe_fd(fd, &recording);
	if (err == -ENOEXEC)
		return pw_error(PW_STATUS_USAGE,
				"%s: is there, and no recording; name another file",
				archive->path);
	created = recording.created ? recording.created :
		(uint64_t)info->st_mtim.tv_sec * SECOND;
	err = rename_to_time(archive->path, created);
	return err ? refuse(archive, err) : 0;
}

int pw_archive_prepare(struct pw_archive *archive)
{
	struct stat info;
	int fd, status = 0;

	archive->fd = -1;
	if (!strcmp(archive->path, "-")) {
		archive->stream = true;
		return 0;
	}
	if (stat(archive->path, &info))
		return errno == ENOENT ? 0 : refuse(archive, -errno);
	archive->stream = !S_ISREG(info.st_mode);
	if (archive->stream || !info.st_size)
		return 0;
	fd = open(archive->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse(archive, -errno);
	status = move_away(archive, fd, &info);
	close(fd);
	return status;
}

static int open_stream(struct pw_archive *archive)
{
	int wake_fd = archive->output->wake_fd;

	pw_output_close(archive->output);
	pw_output_open(archive->output, archive->fd, wake_fd);
	return 0;
}

/* Nobody else writes it, and there is nothing in it. */
static int claim_file(const struct pw_archive *archive)
{
	struct stat info;

	/* not every file system has locks */
	if (flock(archive->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	if (fstat(archive->fd, &info))
		return -errno;
	return info.st_size ? -EEXIST : 0;
}

int pw_archive_begin(struct pw_archive *archive)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, err;

	archive->created = read_clock(CLOCK_REALTIME);
	archive->begun = read_clock(CLOCK_BOOTTIME);
	archive->size = 0;
	if (!strcmp(archive->path, "-"))
		return 0;
	if (archive->keep && !archive->stream) {
		err = make_room(archive);
		if (err)
			return err;
	}
	archive->fd = open(archive->path, flags, 0600);
	if (archive->fd < 0)
		return -errno;
	return archive->stream ? open_stream(archive) : claim_file(archive);
}

static int write_stream(struct pw_archive *archive, const void *bytes,
			size_t size)
{
	char *at = pw_output_room(archive->output, size);

	memcpy(at, bytes, size);
	pw_output_commit(archive->output, at + size);
	return pw_output_flush(archive->output);
}

int pw_archive_write(struct pw_archive *archive, const void *bytes, size_t size)
{
	const char *at = bytes;
	ssize_t written;
	size_t done = 0;
	int err = 0;

	if (archive->stream)
		return write_stream(archive, bytes, size);
	while (!err && done < size) {
		written = pwrite(archive->fd, at + done, size - done,
				 (off_t)(archive->size + done));
		if (written > 0)
			done += (size_t)written;
		else if (!written || errno != EINTR)
			err = written ? -errno : -ENOSPC;
	}
	if (!err)
		archive->size += size;
	else if (ftruncate(archive->fd, (off_t)archive->size))
		return err;	/* a reader sees that it is torn */
	return err;
}

bool pw_archive_is_due(const struct pw_archive *archive)
{
	if (archive->stream)
		return false;
	if (archive->max_size && archive->size + REST_MAX > archive->max_size)
		return true;
	return archive->max_age &&
	       read_clock(CLOCK_BOOTTIME) - archive->begun >= archive->max_age;
}

bool pw_archive_is_gone(const struct pw_archive *archive)
{
	struct stat named, written;

	if (archive->stream || fstat(archive->fd, &written))
		return false;
	return stat(archive->path, &named) || named.st_dev != written.st_dev ||
	       named.st_ino != written.st_ino;
}

int pw_archive_end(struct pw_archive *archive)
{
	int err = 0;

	if (archive->fd < 0)
		return 0;
	if (!archive->stream && fsync(archive->fd))
		err = -errno;
	if (close(archive->fd) && !err)
		err = -errno;
	archive->fd = -1;
	return err;
}

int pw_archive_shelve(struct pw_archive *archive)
{
	return rename_to_time(archive->path, archive->created);
}
