/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_PORTS_VIEW_H
#define PW_PORTS_VIEW_H

#include "audit/ledger.h"
#include "fmt/output.h"
#include "fmt/printer.h"

/* How ports are shown. */
struct pw_ports_view;

/*
 * Reads the names of services and starts what knows those of users: before the tool is
 * confined. @style and @filter must outlive it; @filter may be NULL.
 */
struct pw_ports_view *pw_ports_view_new(const struct pw_style *style,
					const struct portwatch_filter *filter);
void pw_ports_view_free(struct pw_ports_view *view);

/* From now on for a screen of so many columns and lines (0: no screen). */
void pw_ports_view_limit(struct pw_ports_view *view, size_t width,
			 size_t lines);

/*
 * For one port that is asked about: say every state and every unit, and make one row
 * of all connections that a process has on it.
 */
void pw_ports_view_detail(struct pw_ports_view *view);

/* One line of JSON for each socket. */
void pw_ports_view_json(struct pw_ports_view *view, struct pw_output *output,
			const struct pw_port *const *list, size_t count);

/*
 * A table; sockets of one process that share a port are one row. @now is the time,
 * nanoseconds since 1970.
 */
void pw_ports_view_table(struct pw_ports_view *view, struct pw_output *output,
			 const struct pw_port *const *list, size_t count,
			 uint64_t now);

#endif
