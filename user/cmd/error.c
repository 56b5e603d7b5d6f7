/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <portwatch.h>

#include "command.h"
#include "error.h"
#include "fmt/escape.h"
#include "fmt/put.h"
#include "lockdown.h"

#define LINE_SIZE	1024
#define RED		"\033[1;31m"
#define PLAIN		"\033[0m"

static void say(bool red, const char *format, va_list list)
{
	char text[LINE_SIZE], line[LINE_SIZE * PW_ESCAPE_GROWTH], *at = line;
	ssize_t ignored;

	vsnprintf(text, sizeof(text), format, list);
	at = pw_put_text(at, red ? RED "portwatch: " : "portwatch: ");
	at = pw_put_escaped(at, text, strnlen(text, sizeof(text) - 32), 0);
	at = pw_put_text(at, red ? PLAIN "\n" : "\n");
	ignored = write(STDERR_FILENO, line, (size_t)(at - line));
	(void)ignored;
}

int pw_error(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(false, format, list);
	va_end(list);
	return status;
}

int pw_alarm(int status, bool colour, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(colour, format, list);
	va_end(list);
	return status;
}

/* Why something failed, and what can be done about it. */
struct reason {
	int error;
	const char *why;
	const char *remedy;
};

static const struct reason device_reasons[] = {
	{ EACCES, "permission denied: it takes root, or CAP_AUDIT_READ",
	  "try: sudo portwatch" },
	{ EPERM, "not permitted: it takes CAP_AUDIT_READ",
	  "try: sudo portwatch" },
	{ EBUSY, "as many sessions are open as there can be",
	  "end another reader; to see them: fuser -v /dev/portwatch" },
	{ EPROTO, "the module speaks another version than this tool",
	  "install both from one release, and load the module anew" },
	{ ENODEV, "this kernel refuses a hook that is required",
	  "to see which: portwatch status" },
	{ ENOSPC, "rings of this size are more than the module's ring_bytes_max",
	  "ask for fewer --slots" },
	{ ENOMEM, "no memory for the rings", "ask for fewer --slots" },
	{ EINVAL, "the module refuses these options",
	  "is it older than this tool? see: portwatch status" },
	{ 0, NULL, "the kernel log may say more: dmesg" },
};

static const struct reason file_reasons[] = {
	{ ENOEXEC, "not a recording of portwatch",
	  "name a file that portwatch record has written" },
	{ ENODATA, "a recording that was cut short in its header",
	  "there is no event in it; read another copy" },
	{ EBADMSG, "a recording whose header is damaged",
	  "nothing in it can be trusted; read another copy" },
	{ EPROTO, "recorded by a newer portwatch", "read it with that one" },
	{ EILSEQ, "recorded on a machine with another byte order",
	  "read it on a machine like that" },
	{ ENOENT, "there is no such file", "check the path" },
	{ 0, NULL, "check the path and its permissions" },
};

static const struct reason content_reasons[] = {
	{ EBADMSG, "damaged", "what stands before the damage was used" },
	{ EPROTO, "goes on with what a newer portwatch recorded",
	  "what stands before it was used; read it with that one" },
	{ EOPNOTSUPP, "compressed, and this portwatch was built without zstd",
	  "build it with libzstd-dev, or read it elsewhere" },
	{ 0, NULL, "what stands before it was used" },
};

static const struct reason output_reasons[] = {
	{ ENOSPC, "no space left", "make room, and start again" },
	{ ETIMEDOUT, "whoever reads it does not go on",
	  "the last events were not written" },
	{ 0, NULL, "the last events were not written" },
};

static int explain(int status, const struct reason *reasons, const char *what,
		   int err)
{
	while (reasons->error && reasons->error != -err)
		reasons++;
	return pw_error(status, "%s: %s; %s", what,
			reasons->why ? reasons->why : strerror(-err),
			reasons->remedy);
}

static int no_device(int status, const char *device)
{
	struct pw_lockdown lockdown;

	if (!pw_lockdown(&lockdown, PW_LOCKDOWN_FILE))
		return pw_error(status, "no %s: the module is not loaded; try: modprobe portwatch",
				device);
	return pw_error(status,
			"no %s: the module is not loaded, and this kernel is in lockdown (%s), which refuses it unless it is signed; how to: man 8 portwatch, SECURE BOOT",
			device, lockdown.mode);
}

int pw_error_device(const char *device, int err)
{
	const int status = PW_STATUS_DEVICE;

	if (!device)
		device = PORTWATCH_DEVICE;
	if (err == -ENOENT)
		return no_device(status, device);
	return explain(status, device_reasons, device, err);
}

static const char *file_name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

/* What was given is not what is read here; otherwise it could not be read. */
static int input_status(int err)
{
	return err == -ENOEXEC || err == -EPROTO || err == -EILSEQ ||
	       err == -EOPNOTSUPP ? PW_STATUS_USAGE : PW_STATUS_IO;
}

int pw_error_content(const char *path, int err)
{
	return explain(input_status(err), content_reasons, file_name(path), err);
}

int pw_error_file(const char *path, uint32_t version, int err)
{
	if (version > PORTWATCH_RECORDING_VERSION)
		return pw_error(PW_STATUS_USAGE,
				"%s: a recording of version %u, and this portwatch reads up to %u; read it with a newer one",
				path, version, PORTWATCH_RECORDING_VERSION);
	return explain(input_status(err), file_reasons, file_name(path), err);
}

int pw_error_recording(const char *path,
		       const struct portwatch_recording *recording,
		       bool strict)
{
	int status = PW_STATUS_FINE;

	if (recording->damaged)
		status = pw_error(PW_STATUS_IO,
				  "%s: damaged in %u places, where %llu events are missing; what is whole was read",
				  file_name(path), recording->damaged,
				  (unsigned long long)recording->missing);
	if (recording->torn)
		pw_error(status,
			 "%s: %llu bytes at its end are torn; it was cut short, or is still written to",
			 file_name(path), (unsigned long long)recording->torn);
	else if (!recording->ended && recording->version > 1)
		pw_error(status,
			 "%s: not ended in order; it was cut short, or is still written to",
			 file_name(path));
	else
		return status;
	return status || !strict ? status : PW_STATUS_POLICY;
}

int pw_error_output(int err)
{
	if (!err || err == -EPIPE)
		return PW_STATUS_FINE;
	return explain(PW_STATUS_IO, output_reasons, "standard output", err);
}
