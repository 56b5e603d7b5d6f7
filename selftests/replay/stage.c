// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "stage.h"

static void write_bytes(const struct stage *stage, const void *bytes,
			size_t size)
{
	if (fwrite(bytes, size, 1, stage->file) == 1)
		return;
	perror("fixture");
	exit(1);
}

void stage_open(struct stage *stage, const char *path)
{
	struct pw_recording_header header = {
		.version = PW_RECORDING_PLAIN,
		.byte_order = PW_RECORDING_BYTE_ORDER,
		.header_size = PW_RECORDING_HEADER_PLAIN,
		.slot_size = PORTWATCH_SLOT_SIZE,
		.record_version = PORTWATCH_RECORD_VERSION,
		.offset = (int64_t)(STAGE_REAL_TIME - STAGE_BOOT_TIME),
		.created = STAGE_REAL_TIME,
	};

	memcpy(header.magic, PW_RECORDING_MAGIC, sizeof(header.magic));
	stage->time = STAGE_BOOT_TIME;
	stage->seq = 0;
	stage->file = fopen(path, "w");
	if (!stage->file) {
		perror(path);
		exit(1);
	}
	write_bytes(stage, &header, PW_RECORDING_HEADER_PLAIN);
}

void stage_close(struct stage *stage)
{
	if (!fclose(stage->file))
		return;
	perror("fixture");
	exit(1);
}

void stage_process(struct stage *stage, uint32_t key, uint32_t pid,
		   uint32_t uid, const char *comm, const char *exe,
		   const char *cgroup)
{
	union pw_slot slots[PW_RECORD_SLOTS_MAX];
	unsigned int count;

	memset(slots, 0, sizeof(slots));
	count = make_process(slots, stage->time, key, comm, exe, NULL, 0,
			     cgroup);
	slots->process.pid = pid;
	slots->process.uid = uid;
	slots->process.auid = uid >= 1000 ? uid : UINT32_MAX;
	slots->process.start = STAGE_BOOT_TIME - 60 * SEC;
	write_bytes(stage, slots, count * sizeof(slots[0]));
}

/* "[::1]:80" */
static void set_end(union pw_slot *slot, const char *end,
		    void (*set)(union pw_slot *slot, const char *address,
				uint16_t port))
{
	char address[64];
	const char *port;

	if (!end)
		return;
	port = strrchr(end, ':');
	snprintf(address, sizeof(address), "%.*s",
		 (int)(port - end) - 2 * (*end == '['), end + (*end == '['));
	set(slot, address, (uint16_t)atoi(port + 1));
}

union pw_slot stage_event(struct stage *stage, unsigned int type, uint64_t sock,
			  uint32_t owner, const char *local,
			  const char *remote)
{
	union pw_slot slot = make_event(type, stage->time);

	slot.event.sock = sock;
	slot.event.owner = owner;
	slot.event.cpu = (uint16_t)(sock % 2);
	set_end(&slot, local, set_local);
	set_end(&slot, remote, set_remote);
	return slot;
}

void stage_record(struct stage *stage, union pw_slot *slot)
{
	slot->head.seq = stage->seq++;
	write_bytes(stage, slot, sizeof(*slot));
	stage->time += 7 * US;
}

void stage_wait(struct stage *stage, uint64_t nanoseconds)
{
	stage->time += nanoseconds;
}
