// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "plays.h"

static void record_lost(struct stage *stage, uint16_t cpu, uint32_t connects,
			uint32_t accepts, uint32_t closes)
{
	union pw_slot slot;

	memset(&slot, 0, sizeof(slot));
	slot.lost.time = stage->time;
	slot.lost.cpu = cpu;
	slot.lost.type = PORTWATCH_LOST;
	slot.lost.first = stage->time - 15 * MS;
	slot.lost.last = stage->time - 2 * MS;
	slot.lost.count[PORTWATCH_CONNECT] = connects;
	slot.lost.count[PORTWATCH_ACCEPT] = accepts;
	slot.lost.count[PORTWATCH_CLOSE] = closes;
	stage_record(stage, &slot);
	stage->seq += connects + accepts + closes - 1;
}

void play_lost(struct stage *stage)
{
	union pw_slot slot;
	uint64_t sock;

	stage_process(stage, 2, 4000, 1000, "flood", "/usr/local/bin/flood",
		      NULL);
	for (sock = 1; sock <= 6; sock++) {
		slot = stage_event(stage, PORTWATCH_CONNECT, 2 * sock, 2,
				   "127.0.0.1:40000", "127.0.0.1:8080");
		slot.event.lport = (uint16_t)(40000 + sock);
		stage_record(stage, &slot);
		stage_wait(stage, 20 * MS);
		if (sock == 2)
			record_lost(stage, 0, 1, 0, 0);
		if (sock == 4)
			record_lost(stage, 0, 1203, 1199, 2400);
	}
}
