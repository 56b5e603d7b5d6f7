/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The values of a test, from text.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "filter.h"

#define LOOKUP_SIZE	4096
#define PORT_MAX	UINT32_MAX	/* beyond 65535: of a vsock */
#define MAPPED_BITS	96

/* A number without a sign, decimal or 0x..., up to @end. */
static bool read_number(const char *text, const char *end, uint64_t *number)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &stop, text[1] == 'x' ? 16 : 10);
	return !errno && stop == end;
}

/* N or N-M, neither above @max. */
static bool read_range(const char *text, uint64_t max,
		       struct pw_filter_value *value)
{
	const char *end = text + strlen(text), *dash = strchr(text, '-');
	uint64_t *low = &value->range.low, *high = &value->range.high;

	value->type = PW_VALUE_RANGE;
	if (!dash) {
		if (!read_number(text, end, low))
			return false;
		*high = *low;
	} else if (!read_number(text, dash, low) ||
		   !read_number(dash + 1, end, high)) {
		return false;
	}
	return *low <= *high && *high <= max;
}

static bool one_number(uint64_t number, struct pw_filter_value *value)
{
	value->type = PW_VALUE_RANGE;
	value->range.low = number;
	value->range.high = number;
	return true;
}

static bool read_port(const char *text, struct pw_filter_value *value)
{
	struct servent entry, *service;
	char buffer[LOOKUP_SIZE];

	if (*text == ':')	/* as ss writes it */
		text++;
	if (read_range(text, PORT_MAX, value))
		return true;
	if (isdigit((unsigned char)*text) && !text[strspn(text, "0123456789-")])
		return false;
	if (getservbyname_r(text, NULL, &entry, buffer, sizeof(buffer),
			    &service) || !service)
		return false;
	value->service = true;
	return one_number(ntohs((uint16_t)service->s_port), value);
}

static bool read_cid(const char *text, struct pw_filter_value *value)
{
	if (!strcmp(text, "any"))
		return one_number(VMADDR_CID_ANY, value);
	return read_range(text, UINT32_MAX, value);
}

static bool read_user(const char *text, struct pw_filter_value *value)
{
	struct passwd entry, *user;
	char buffer[LOOKUP_SIZE];

	if (read_range(text, UINT32_MAX, value))
		return true;
	if (getpwnam_r(text, &entry, buffer, sizeof(buffer), &user) || !user)
		return false;
	return one_number(user->pw_uid, value);
}

static bool read_name(const struct pw_filter_word *word, const char *text,
		      struct pw_filter_value *value)
{
	int number = pw_name_value(word->names, text);

	if (number >= 0)
		return one_number((uint64_t)number, value);
	return word->syntax == PW_SYNTAX_NAME_NUMBER &&
	       read_range(text, UINT32_MAX, value);
}

/* A v4-mapped address means the IPv4 one: that is how events bear it. */
static void unmap_prefix(struct pw_filter_value *value)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t *address = value->prefix.address;

	if (value->prefix.family != AF_INET6 ||
	    value->prefix.bits < MAPPED_BITS ||
	    memcmp(address, mapped, sizeof(mapped)))
		return;
	memmove(address, address + sizeof(mapped), 4);
	memset(address + 4, 0, 12);
	value->prefix.family = AF_INET;
	value->prefix.bits -= MAPPED_BITS;
}

static bool bits_beyond(const struct pw_filter_value *value)
{
	unsigned int bit, max = value->prefix.family == AF_INET ? 32 : 128;

	for (bit = value->prefix.bits; bit < max; bit++)
		if (value->prefix.address[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

/* ADDRESS or ADDRESS/BITS. @need_bits: the second. */
static bool read_prefix(const char *text, bool need_bits,
			struct pw_filter_value *value)
{
	const char *slash = strchrnul(text, '/');
	char address[INET6_ADDRSTRLEN];
	uint64_t bits, max;

	if ((size_t)(slash - text) >= sizeof(address) || (need_bits && !*slash))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = 0;
	value->type = PW_VALUE_PREFIX;
	value->prefix.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	memset(value->prefix.address, 0, sizeof(value->prefix.address));
	if (inet_pton(value->prefix.family, address, value->prefix.address) != 1)
		return false;
	max = value->prefix.family == AF_INET ? 32 : 128;
	bits = max;
	if (*slash && !read_number(slash + 1, text + strlen(text), &bits))
		return false;
	value->prefix.bits = (uint8_t)bits;
	return bits <= max;
}

static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?[");
}

static int read_text(const char *text, bool quoted,
		     struct pw_filter_value *value)
{
	value->type = !quoted && is_pattern(text) ? PW_VALUE_PATTERN :
						    PW_VALUE_TEXT;
	value->text = strdup(text);
	return value->text ? 0 : -ENOMEM;
}

/* As systemctl does: a unit without a type is a service. */
static int read_unit(const char *text, bool quoted,
		     struct pw_filter_value *value)
{
	static const char *const types[] = {
		".service", ".scope", ".socket", ".mount", ".swap",
	};
	size_t i, len = strlen(text), end;

	if (!quoted && is_pattern(text))
		return read_text(text, quoted, value);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		end = strlen(types[i]);
		if (len > end && !strcmp(text + len - end, types[i]))
			return read_text(text, true, value);
	}
	value->type = PW_VALUE_TEXT;
	return asprintf(&value->text, "%s.service", text) < 0 ? -ENOMEM : 0;
}

static void list_names(enum pw_names names, const char *intro, char *text,
		       size_t size)
{
	size_t len = (size_t)snprintf(text, size, "%s", intro);
	const char *name;
	unsigned int i;

	for (i = 0; (name = pw_name_at(names, i)) && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s",
					i ? ", " : "", name);
}

void pw_filter_expected(const struct pw_filter_word *word, char *text,
			size_t size)
{
	static const char *const texts[] = {
		[PW_SYNTAX_NUMBER] = "a number, or a range such as 10-20",
		[PW_SYNTAX_PORT] = "a port number, a range such as 8000-8100, or a service of /etc/services",
		[PW_SYNTAX_USER] = "a user's name or number, or a range of numbers",
		[PW_SYNTAX_ADDRESS] = "an IPv4 or IPv6 address, or a network such as 10.0.0.0/8",
		[PW_SYNTAX_NET] = "a network such as 10.0.0.0/8 or fe80::/10",
		[PW_SYNTAX_CID] = "a context id, a range such as 3-100, or any",
		[PW_SYNTAX_TEXT] = "a text, or a pattern such as 'nginx*'",
		[PW_SYNTAX_UNIT] = "a unit such as nginx.service, or a pattern",
	};

	if (word->names == PW_NAMES_ERRNO)
		snprintf(text, size, "an error such as ECONNREFUSED, or its number");
	else if (word->syntax == PW_SYNTAX_NAME_NUMBER)
		list_names(word->names, "a number or one of ", text, size);
	else if (word->syntax == PW_SYNTAX_NAME)
		list_names(word->names, "one of ", text, size);
	else
		snprintf(text, size, "%s", texts[word->syntax]);
}

/* Says how the prefix should have been written. */
static void expect_net(const struct pw_filter_value *value, char *text,
		       size_t size)
{
	char address[INET6_ADDRSTRLEN] = "";
	uint8_t bytes[16];
	unsigned int bit;

	memcpy(bytes, value->prefix.address, sizeof(bytes));
	for (bit = value->prefix.bits; bit < 8 * sizeof(bytes); bit++)
		bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	inet_ntop(value->prefix.family, bytes, address, sizeof(address));
	snprintf(text, size, "%s/%u (no bits beyond the prefix length)", address,
		 value->prefix.bits);
}

static int read_address(const char *text, bool need_bits,
			struct pw_filter_value *value, char *expected,
			size_t size)
{
	if (!read_prefix(text, need_bits, value))
		return -EINVAL;
	if (bits_beyond(value)) {
		expect_net(value, expected, size);
		return -EINVAL;
	}
	unmap_prefix(value);
	return 0;
}

int pw_filter_value(struct pw_filter_value *value,
		    const struct pw_filter_word *word, const char *text,
		    bool quoted, char *expected, size_t size)
{
	bool fine = false;

	value->service = false;
	pw_filter_expected(word, expected, size);
	switch (word->syntax) {
	case PW_SYNTAX_NUMBER:
		fine = read_range(text, UINT64_MAX, value);
		break;
	case PW_SYNTAX_PORT:
		fine = read_port(text, value);
		break;
	case PW_SYNTAX_USER:
		fine = read_user(text, value);
		break;
	case PW_SYNTAX_CID:
		fine = read_cid(text, value);
		break;
	case PW_SYNTAX_NAME:
	case PW_SYNTAX_NAME_NUMBER:
		fine = read_name(word, text, value);
		break;
	case PW_SYNTAX_ADDRESS:
	case PW_SYNTAX_NET:
		return read_address(text, word->syntax == PW_SYNTAX_NET, value,
				    expected, size);
	case PW_SYNTAX_TEXT:
		return read_text(text, quoted, value);
	case PW_SYNTAX_UNIT:
		return read_unit(text, quoted, value);
	case PW_SYNTAX_NONE:
		break;
	}
	return fine ? 0 : -EINVAL;
}
