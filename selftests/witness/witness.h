/* SPDX-License-Identifier: GPL-2.0 */
/* What the BPF programs tell the program that counts. */
#ifndef WITNESS_H
#define WITNESS_H

enum witness_event {
	WITNESS_BIND,
	WITNESS_BIND_FAILED,
	WITNESS_LISTEN,
	WITNESS_CONNECT,
	WITNESS_ESTABLISHED,
	WITNESS_CONNECT_FAILED,
	WITNESS_ACCEPT,
	WITNESS_CLOSE_CONNECTION,
	WITNESS_CLOSE_LISTENER,
	WITNESS_CLOSE_SOCKET,
	WITNESS_EVENTS
};

/**
 * struct witness_record - something happened to a socket
 *
 * @netns:	inode number of its network namespace
 * @event:	enum witness_event
 * @protocol:	IPPROTO_TCP or IPPROTO_UDP
 */
struct witness_record {
	unsigned int netns;
	unsigned short event;
	unsigned short protocol;
};

#endif /* WITNESS_H */
