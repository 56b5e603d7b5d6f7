/* SPDX-License-Identifier: GPL-2.0 */
#include "sweep.h"

/* So many processes are new before those are forgotten that are gone. */
#define PROCESSES_NEW	32768

/* Whoever an open socket may name was named by the snapshot; the others go. */
static void forget(struct pw_sweep *sweep, struct portwatch_reader *reader)
{
	sweep->under_way = false;
	portwatch_reader_forget(reader);
	sweep->processes = portwatch_reader_processes(reader) + PROCESSES_NEW;
}

bool pw_sweep_look(struct pw_sweep *sweep, struct pw_stream *stream)
{
	const struct portwatch_recording *source =
		portwatch_reader_recording(stream->reader);
	bool over = sweep->under_way && !stream->asked;

	if (source && source->version == 1)
		return false;	/* it names everybody once */
	if (!sweep->processes)
		sweep->processes = PROCESSES_NEW;
	if (over)
		forget(sweep, stream->reader);
	if (!sweep->under_way && !stream->asked &&
	    portwatch_reader_processes(stream->reader) >= sweep->processes) {
		sweep->under_way = true;
		stream->asked = !portwatch_reader_snapshot(stream->reader);
	}
	return over;
}
