/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * What a cgroup path says: the names that systemd and the container runtimes give
 * to the groups that they make are known, and nothing else in the path is.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cgroup.h"

#define CONTAINER_ID	64	/* hexadecimal digits */
#define CONTAINER_ID_MIN	12	/* of an abbreviated one */

/* One component of a path. */
struct part {
	const char *text;
	size_t len;
};

/* The last component before @end, or false when there is no more. */
static bool part_before(const char *path, const char *end, struct part *part)
{
	const char *start;

	while (end > path && end[-1] == '/')
		end--;
	for (start = end; start > path && start[-1] != '/';)
		start--;
	part->text = start;
	part->len = end - start;
	return part->len > 0;
}

static bool part_is(struct part part, const char *text)
{
	return part.len == strlen(text) && !memcmp(part.text, text, part.len);
}

static bool cut_prefix(struct part *part, const char *prefix)
{
	size_t len = strlen(prefix);

	if (part->len <= len || memcmp(part->text, prefix, len))
		return false;
	part->text += len;
	part->len -= len;
	return true;
}

static bool cut_suffix(struct part *part, const char *suffix)
{
	size_t len = strlen(suffix);

	if (part->len <= len ||
	    memcmp(part->text + part->len - len, suffix, len))
		return false;
	part->len -= len;
	return true;
}

static bool is_unit(struct part part)
{
	static const char *const suffixes[] = {
		".service", ".scope", ".socket", ".mount", ".swap",
	};
	size_t i;

	for (i = 0; i < part.len; i++)
		if (!isalnum((unsigned char)part.text[i]) &&
		    !strchr(":-_.\\@", part.text[i]))
			return false;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (cut_suffix(&part, suffixes[i]))
			return true;
	return false;
}

/*
 * systemd puts a "_" before a name that the kernel could take for a file of the
 * cgroup, or that begins with one already.
 */
static bool unit_part(const char *path, const char *end, struct part *part)
{
	while (part_before(path, end, part)) {
		end = part->text;
		cut_prefix(part, "_");
		if (is_unit(*part))
			return true;
	}
	return false;
}

static size_t copy_part(struct part part, char *name, size_t size)
{
	if (part.len >= size)
		part.len = size - 1;
	memcpy(name, part.text, part.len);
	name[part.len] = 0;
	return part.len;
}

static bool is_hex(struct part part, size_t min)
{
	size_t i;

	for (i = 0; i < part.len; i++)
		if (!isdigit((unsigned char)part.text[i]) &&
		    (part.text[i] < 'a' || part.text[i] > 'f'))
			return false;
	return part.len >= min && part.len <= CONTAINER_ID;
}

/* docker-ID.scope and its like: the name says whose it is, the id follows. */
static bool runtime_id(struct part *part)
{
	static const char *const prefixes[] = {
		"docker-", "cri-containerd-", "crio-", "libpod-payload-",
		"libpod-", "nerdctl-", "containerd-",
	};
	struct part id;
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		id = *part;
		cut_suffix(&id, ".scope");
		if (cut_prefix(&id, prefixes[i]) &&
		    is_hex(id, CONTAINER_ID_MIN)) {
			*part = id;
			return true;
		}
	}
	return false;
}

/* An id alone, as cgroupfs drivers make it: /docker/ID, .../podUID/ID. */
static bool plain_id(struct part *part, struct part parent)
{
	struct part id = *part;
	const char *colon = memrchr(id.text, ':', id.len);

	/* kubepods-podUID.slice:cri-containerd:ID */
	if (colon) {
		id.len -= colon + 1 - id.text;
		id.text = colon + 1;
	}
	if (!is_hex(id, CONTAINER_ID) &&
	    !(part_is(parent, "docker") && is_hex(id, CONTAINER_ID_MIN)))
		return false;
	*part = id;
	return true;
}

/* Containers that have a name instead of an id. */
static bool named(struct part *part, struct part parent)
{
	struct part name = *part;

	if (cut_prefix(&name, "lxc.payload.") ||
	    part_is(parent, "lxc") || part_is(parent, "lxc.payload") ||
	    (cut_prefix(&name, "systemd-nspawn@") &&
	     cut_suffix(&name, ".service"))) {
		*part = name;
		return true;
	}
	/* machined's: virtual machines are there too, and are no containers */
	if (cut_prefix(&name, "machine-") && cut_suffix(&name, ".scope") &&
	    strncmp(name.text, "qemu\\x2d", 8)) {
		*part = name;
		return true;
	}
	return false;
}

static bool is_container(struct part part, struct part parent)
{
	return runtime_id(&part) || plain_id(&part, parent) ||
	       named(&part, parent);
}

/* A user's own systemd, which has units of its own: user-N.slice/user@N.service */
static bool is_manager(struct part part, struct part parent)
{
	return cut_prefix(&part, "user@") && cut_suffix(&part, ".service") &&
	       cut_prefix(&parent, "user-") && cut_suffix(&parent, ".slice");
}

/* Where a component of that name begins, its "_" included. */
static const char *start_of(const char *path, struct part part)
{
	const char *start = part.text;

	while (start > path && start[-1] != '/')
		start--;
	return start;
}

/*
 * A service may make groups inside its own and name them as it likes. Units are
 * made by a systemd: that of the machine, of a user or of a container.
 */
static bool is_inside_a_unit(const char *path, struct part unit)
{
	const char *end = start_of(path, unit);
	struct part part, parent;

	while (part_before(path, end, &part)) {
		end = part.text;
		part_before(path, end, &parent);
		if (is_container(part, parent) || is_manager(part, parent))
			return false;
		if (is_unit(part))
			return true;
	}
	return false;
}

size_t pw_cgroup_unit(const char *path, char *name, size_t size)
{
	struct part part, outer, parent;

	if (!unit_part(path, path + strlen(path), &part))
		return 0;
	while (is_inside_a_unit(path, part) &&
	       unit_part(path, start_of(path, part), &outer))
		part = outer;
	/* a user's systemd itself: named after its service, not its cgroup */
	if (part_is(part, "init.scope") &&
	    part_before(path, part.text, &outer)) {
		part_before(path, outer.text, &parent);
		if (is_manager(outer, parent))
			part = outer;
	}
	return copy_part(part, name, size);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* systemd writes a "-" in a name as \x2d. In place; returns the new length. */
static size_t unescape(char *name)
{
	char *from = name, *to = name;

	while (*from) {
		if (from[0] == '\\' && from[1] == 'x' &&
		    hex_digit(from[2]) > 0 && hex_digit(from[3]) >= 0) {
			*to++ = (char)(hex_digit(from[2]) << 4 |
				       hex_digit(from[3]));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
	return to - name;
}

size_t pw_cgroup_container(const char *path, char *id, size_t size)
{
	const char *end = path + strlen(path);
	struct part part, parent;

	for (; part_before(path, end, &part); end = part.text) {
		part_before(path, part.text, &parent);
		if (runtime_id(&part) || plain_id(&part, parent))
			return copy_part(part, id, size);
		if (named(&part, parent)) {
			copy_part(part, id, size);
			return unescape(id);
		}
	}
	return 0;
}
