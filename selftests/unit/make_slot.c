// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "make_slot.h"

union pw_slot make_event(unsigned int type, uint64_t time)
{
	union pw_slot slot;

	memset(&slot, 0, sizeof(slot));
	slot.event.time = time;
	slot.event.type = (uint8_t)type;
	slot.event.family = AF_INET;
	slot.event.proto = IPPROTO_TCP;
	slot.event.sock = 4711;
	slot.event.netns = 4026531840;
	return slot;
}

static void set_address(union pw_slot *slot, uint8_t *bytes, const char *text)
{
	slot->event.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	memset(bytes, 0, 16);
	if (inet_pton(slot->event.family, text, bytes) != 1)
		abort();
}

void set_local(union pw_slot *slot, const char *address, uint16_t port)
{
	set_address(slot, slot->event.laddr, address);
	slot->event.lport = port;
	slot->event.flags |= PORTWATCH_F_LOCAL;
}

void set_remote(union pw_slot *slot, const char *address, uint16_t port)
{
	set_address(slot, slot->event.raddr, address);
	slot->event.rport = port;
	slot->event.flags |= PORTWATCH_F_REMOTE;
}

static void set_vsock(union pw_slot *slot, uint8_t *bytes, uint32_t cid,
		      uint32_t port)
{
	const struct portwatch_vsock_addr vsock = { .cid = cid, .port = port };

	slot->event.family = AF_VSOCK;
	slot->event.proto = PORTWATCH_PROTO_VSOCK;
	memset(bytes, 0, 16);
	memcpy(bytes, &vsock, sizeof(vsock));
}

void set_vsock_local(union pw_slot *slot, uint32_t cid, uint32_t port)
{
	set_vsock(slot, slot->event.laddr, cid, port);
	slot->event.flags |= PORTWATCH_F_LOCAL;
}

void set_vsock_remote(union pw_slot *slot, uint32_t cid, uint32_t port)
{
	set_vsock(slot, slot->event.raddr, cid, port);
	slot->event.flags |= PORTWATCH_F_REMOTE;
}

static uint16_t add(uint8_t *texts, size_t *len, const void *text, size_t size)
{
	if (text)
		memcpy(texts + *len, text, size);
	*len += text ? size : 0;
	return text ? (uint16_t)size : 0;
}

unsigned int make_process(union pw_slot *slots, uint64_t time, uint32_t key,
			  const char *comm, const char *exe,
			  const void *cmdline, size_t cmdline_len,
			  const char *cgroup)
{
	struct portwatch_process *process = &slots->process;
	uint8_t texts[32768], *rest = texts;
	size_t len = 0;

	memset(slots, 0, sizeof(*slots));
	process->time = time;
	process->type = PORTWATCH_PROCESS;
	process->key = key;
	process->pid = 1000 + key;
	process->ppid = 1;
	process->auid = (uint32_t)-1;
	strncpy((char *)process->comm, comm, sizeof(process->comm));
	process->exe_len = add(texts, &len, exe, exe ? strlen(exe) : 0);
	process->cmdline_len = add(texts, &len, cmdline, cmdline_len);
	process->cgroup_len = add(texts, &len, cgroup,
				  cgroup ? strlen(cgroup) : 0);
	process->slots = 1;
	process->text_len = len < sizeof(process->text) ?
			    (uint16_t)len : sizeof(process->text);
	memcpy(process->text, rest, process->text_len);
	for (rest += process->text_len; rest < texts + len;) {
		struct portwatch_text *text = &slots[process->slots].text;
		size_t left = (size_t)(texts + len - rest);

		memset(text, 0, sizeof(*text));
		text->time = time;
		text->type = PORTWATCH_TEXT;
		text->part = process->slots++;
		text->key = key;
		text->text_len = left < sizeof(text->text) ?
				 (uint16_t)left : sizeof(text->text);
		memcpy(text->text, rest, text->text_len);
		rest += text->text_len;
	}
	return process->slots;
}
