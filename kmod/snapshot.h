/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets that were open before.
 */
#ifndef PW_SNAPSHOT_H
#define PW_SNAPSHOT_H

struct pw_session;

/*
 * Make records for the sockets that are open now and have none, once the hooks are
 * attached. May sleep. A negative errno says that some could not be looked at.
 */
int pw_snapshot_discover(void);

/* All sockets are news to a session: before it starts, and when it asks again. */
void pw_snapshot_forget(struct pw_session *session);

/*
 * Go on with a session's snapshot, or begin one. Returns 0 when the end mark is
 * written, 1 when the rings are getting full, or a negative errno.
 */
int pw_snapshot_step(struct pw_session *session);
void pw_snapshot_free(struct pw_session *session);

#endif /* PW_SNAPSHOT_H */
