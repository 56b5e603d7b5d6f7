// SPDX-License-Identifier: GPL-2.0
#include "plays.h"

/* 15 bytes at most: what a process can call itself. */
static const char *const names[] = {
	"\033[2J\033[31mroot",		/* a terminal obeys */
	"a\nb\rc\td",			/* lines */
	"\2332J\220q\234",		/* C1, not UTF-8 */
	"\302\2332J",		/* C1, as UTF-8 */
	"x\x7fy\xff\xfez",		/* DEL, no UTF-8 */
	"a\342\200\256fdp.exe",	/* right-to-left override */
	"\xe2\x81\xa6iso\xe2\x81\xa9",	/* isolates */
	"\"},{\"pid\":0",		/* out of a JSON string */
	"a,\"b\",c",			/* out of a CSV cell */
	"=cmd|'/c calc'",		/* a formula */
	"\\x1b\\",			/* what an escape looks like */
	"\xc0\xaf\xed\xa0\x80",		/* overlong, surrogate */
	"\xf4\x90\x80\x80\xe2\x82",	/* too large, cut short */
	"gr\xc3\xbc\xc3\x9f \xe2\x98\x83 \xf0\x9f\x90\xa7", /* harmless */
	"zero\xe2\x80\x8bwidth",	/* nobody sees it */
	"nginx[1] root",		/* plays a column */
};

void play_hostile(struct stage *stage)
{
	union pw_slot slot;
	uint32_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char exe[64], cgroup[96];

		snprintf(exe, sizeof(exe), "/tmp/%s", names[i]);
		snprintf(cgroup, sizeof(cgroup), "/evil.slice/%s.service",
			 names[i]);
		stage_process(stage, 2 + i, 3000 + i, 64321, names[i], exe,
			      cgroup);
		slot = stage_event(stage, PORTWATCH_BIND, 10 + i, 2 + i,
				   "127.0.0.1:9000", NULL);
		slot.event.bind.how = PORTWATCH_HOW_EXPLICIT;
		slot.event.bind.req_port = 9000;
		snprintf((char *)slot.event.bind.ifname,
			 sizeof(slot.event.bind.ifname), "%s", names[i]);
		slot.event.actor = i ? 1 + i : 0;
		stage_record(stage, &slot);
		stage_wait(stage, 1 * MS);
	}
}
