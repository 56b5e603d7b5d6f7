/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has the port that a socket did not get.
 */
#ifndef PW_HOLDER_H
#define PW_HOLDER_H

#include <linux/types.h>
#include <linux/portwatch.h>

struct pw_address;
struct pw_process;
struct sock;

/**
 * struct pw_holder - a socket that stands in the way, as it was a moment ago
 *
 * @process:	its owner, with a reference; NULL: it has none, or not known
 * @cookie:	its cookie; 0: none that anybody knows
 * @since:	when it took the port; 0: not known
 * @uid:	its user, in the first user namespace (@state TIME_WAIT: none)
 * @state:	enum portwatch_state; 0: nobody was found, the rest is 0 then
 */
struct pw_holder {
	struct pw_process *process;
	u64 cookie;
	u64 since;
	u32 uid;
	u8 state;
};

/*
 * Look for the socket because of which @sk could not have what @asked says. In
 * process context, atomic or not, interrupts on, no lock of ours held. @sk is not
 * freed meanwhile. pw_holder_put() follows in any case.
 */
void pw_holder_find(struct pw_holder *holder, struct sock *sk,
		    const struct pw_address *asked);
void pw_holder_put(struct pw_holder *holder);

/* Into an event of type BIND_FAILED. */
void pw_holder_encode(const struct pw_holder *holder,
		      struct portwatch_event *event);

#endif /* PW_HOLDER_H */
