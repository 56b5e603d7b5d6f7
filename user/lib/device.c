/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The source of live events: a session of /dev/portwatch.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "device_map.h"
#include "filter_kernel.h"
#include "stats.h"

/*
 * Slots copied at once: enough to make a scan of the rings cheap, few enough to
 * stay in the cache until they are given.
 */
#define BATCH_SLOTS	512

/* What was seen in the first look may only be due in the second. */
#define LOOKS		3

/* A record can be lost just after we looked for gaps, with nobody to wake us. */
#define WAIT_MS_MAX	1000

/*
 * @snapshots: how many are still to be brought, the one under way included.
 * @before: what the module had missed before this session began.
 */
struct device {
	struct pw_source source;
	int fd;
	unsigned int snapshots;
	struct portwatch_status before;
	struct pw_clock clock;
	struct pw_device_map map;
	struct pw_merge *merge;
	union pw_slot slots[BATCH_SLOTS];
};

_Static_assert(BATCH_SLOTS >= PW_RECORD_SLOTS_MAX, "a record fits a batch");

static struct device *to_device(struct pw_source *source)
{
	return (struct device *)source;
}

static int get_status(int fd, struct portwatch_status *status)
{
	memset(status, 0, sizeof(*status));
	status->size = sizeof(*status);
	return pw_device_ioctl(fd, PORTWATCH_IOC_STATUS, status);
}

/* Goes on with the snapshot until the rings are getting full, or it ends. */
static int continue_snapshot(struct device *device)
{
	int ret;

	if (!device->snapshots)
		return 0;
	ret = pw_device_ioctl(device->fd, PORTWATCH_IOC_SNAPSHOT, NULL);
	if (ret < 0)
		return ret;
	if (!ret)
		device->snapshots--;
	return 0;
}

/* Rings are empty: has the kernel lost something that it has not said yet? */
static int flush_gaps(struct device *device)
{
	if (pw_merge_waiting(device->merge) || !pw_merge_gap(device->merge))
		return 0;
	return pw_device_ioctl(device->fd, PORTWATCH_IOC_FLUSH, NULL);
}

static int device_fill(struct pw_source *source, const union pw_slot **slots)
{
	struct device *device = to_device(source);
	int i, count, err;

	pw_clock_update(&device->clock);
	source->offset = device->clock.offset;
	err = continue_snapshot(device);
	*slots = device->slots;
	for (i = 0; i < LOOKS && !err; i++) {
		count = pw_merge_fill(device->merge, device->slots,
				      BATCH_SLOTS);
		if (count)
			return count;
		err = flush_gaps(device);
	}
	return err;
}

/*
 * Records that may not be given yet wait for a CPU that is writing one: that takes
 * no longer than the writing does, unless the CPU itself is kept from running. And a
 * snapshot goes on as soon as there is room.
 */
static int device_wait(struct pw_source *source, int timeout_ms)
{
	struct device *device = to_device(source);
	struct pollfd poller = { .fd = device->fd, .events = POLLIN };
	int limit = WAIT_MS_MAX;

	if (device->snapshots || pw_merge_waiting(device->merge)) {
		sched_yield();
		limit = 1;
	}
	if (timeout_ms < 0 || timeout_ms > limit)
		timeout_ms = limit;
	if (poll(&poller, 1, timeout_ms) < 0)
		return -errno;
	if (poller.revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EIO;
	return 1;
}

static int device_snapshot(struct pw_source *source)
{
	struct device *device = to_device(source);

	device->snapshots++;
	return device->snapshots > 1 ? 0 : continue_snapshot(device);
}

static int device_stats(struct pw_source *source, struct portwatch_stats *stats)
{
	struct device *device = to_device(source);
	struct portwatch_status status;
	int err;

	pw_merge_stats(device->merge, stats);
	err = get_status(device->fd, &status);
	if (err < 0)
		return err;
	stats->missed = status.misses - device->before.misses;
	stats->untracked = status.sockets_missed - device->before.sockets_missed;
	stats->unnamed = status.processes_missed -
			 device->before.processes_missed;
	return 0;
}

static int device_fd(const struct pw_source *source)
{
	return ((const struct device *)source)->fd;
}

static void device_close(struct pw_source *source)
{
	struct device *device = to_device(source);

	pw_merge_free(device->merge);
	pw_device_unmap(&device->map);
	if (device->fd >= 0)
		close(device->fd);
	free(device);
}

static const struct pw_source_ops device_ops = {
	.fill = device_fill,
	.wait = device_wait,
	.snapshot = device_snapshot,
	.stats = device_stats,
	.fd = device_fd,
	.close = device_close,
};

static int check_version(struct device *device)
{
	struct portwatch_status *status = &device->before;
	int err;

	err = get_status(device->fd, status);
	if (err < 0)
		return err;
	if (status->api_version != PORTWATCH_API_VERSION ||
	    status->record_version != PORTWATCH_RECORD_VERSION)
		return -EPROTO;
	return 0;
}

/*
 * A module that knows no filters, or not this test, refuses it. Then all of it is left
 * to the reader, as a part of it always is.
 */
static void give_filter(struct device *device,
			const struct portwatch_filter *filter)
{
	struct portwatch_tests tests;
	struct pw_filter_plan plan;

	if (!filter || pw_filter_plan_make(&plan, filter))
		return;
	if (pw_filter_compile(&plan, &tests))
		pw_device_ioctl(device->fd, PORTWATCH_IOC_FILTER, &tests);
	pw_filter_plan_free(&plan);
}

static int start(struct device *device, const struct portwatch_options *options)
{
	struct portwatch_start request = {
		.size = sizeof(request),
		.flags = options->no_events ? PORTWATCH_START_NO_EVENTS : 0,
		.events = options->events,
		.ring_slots = options->ring_slots,
		.watermark = options->watermark,
		.timeout_ms = options->timeout_ms,
	};

	if (!request.events)
		request.events = PORTWATCH_EVENTS_ALL &
				 ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET);
	return pw_device_ioctl(device->fd, PORTWATCH_IOC_START, &request);
}

static int begin_session(struct device *device,
			 const struct portwatch_options *options)
{
	const struct portwatch_header *header;
	int err;

	device->fd = pw_device_open_fd(options->device);
	if (device->fd < 0)
		return device->fd;
	err = check_version(device);
	if (err)
		return err;
	give_filter(device, options->filter);
	err = start(device, options);
	if (err)
		return err;
	err = pw_device_map(&device->map, device->fd);
	if (err)
		return err;
	header = device->map.header;
	err = pw_merge_new(&device->merge, device->map.maps, header->nr_rings,
			   header->ring_slots, pw_clock_boot);
	if (err || options->no_snapshot)
		return err;
	return device_snapshot(&device->source);
}

int pw_device_open(struct pw_source **source,
		   const struct portwatch_options *options)
{
	struct device *device;
	int err;

	device = calloc(1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->source.ops = &device_ops;
	pw_clock_init(&device->clock);
	err = begin_session(device, options);
	if (err < 0) {
		device_close(&device->source);
		return err;
	}
	*source = &device->source;
	return 0;
}
