// SPDX-License-Identifier: GPL-2.0
/* The areas of a session: who may map what, and what is in there. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "module.h"
#include "raw.h"
#include "scene.h"

#define SUM(raw, counters, type) \
	raw_sum(raw, offsetof(struct portwatch_ring, counters), type)

SCENE_HOLD_HOOKS

FIXTURE(mapping)
{
	struct raw raw;
	size_t page;
};

FIXTURE_SETUP(mapping)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, raw_open(&self->raw, &start));
	self->page = sysconf(_SC_PAGESIZE);
}

FIXTURE_TEARDOWN(mapping)
{
	raw_close(&self->raw);
}

/* 0 or the negative errno of a mmap() that is undone at once. */
static int try_map(int fd, size_t size, int protection, int flags,
		   uint64_t offset)
{
	void *area = mmap(NULL, size, protection, flags, fd, offset);

	if (area == MAP_FAILED)
		return -errno;
	munmap(area, size);
	return 0;
}

/* The three kinds of area that the kernel writes. */
static unsigned int read_only_areas(const struct portwatch_header *header,
				    uint64_t offset[3], size_t size[3])
{
	offset[0] = PORTWATCH_MMAP_HEADER;
	size[0] = header->page_size;
	offset[1] = header->beacon_offset;
	size[1] = header->beacon_bytes;
	offset[2] = header->ring_offset;
	size[2] = header->ring_bytes;
	return 3;
}

TEST_F(mapping, header_describes_the_session)
{
	const struct portwatch_header *header = self->raw.header;

	EXPECT_EQ(PORTWATCH_MAGIC, header->magic);
	EXPECT_LE(sizeof(*header), header->header_size);
	EXPECT_EQ(PORTWATCH_API_VERSION, (int)header->api_version);
	EXPECT_EQ(PORTWATCH_RECORD_VERSION, (int)header->record_version);
	EXPECT_EQ(PORTWATCH_SLOT_SIZE, (int)header->slot_size);
	EXPECT_EQ(self->page, header->page_size);
	EXPECT_LE(sysconf(_SC_NPROCESSORS_CONF), (long)header->nr_rings);
	EXPECT_EQ(PORTWATCH_SLOTS_MIN, (int)header->ring_slots);
	EXPECT_GT(header->reserve_slots, 0U);
	EXPECT_LT(header->reserve_slots, header->ring_slots);
	EXPECT_EQ(header->ring_slots / 4, header->watermark);
	EXPECT_EQ(20U, header->timeout_ms);
	EXPECT_EQ(0U, header->reserved);
	EXPECT_LE(header->nr_rings * header->beacon_stride,
		  header->beacon_bytes + header->beacon_stride);
	EXPECT_EQ(header->ring_data + header->ring_slots * PORTWATCH_SLOT_SIZE,
		  header->ring_bytes);
	EXPECT_LE(header->ring_bytes, header->ring_stride);
	EXPECT_LE(header->start_time, clock_boottime());
}

TEST_F(mapping, read_only_areas_cannot_be_mapped_to_write)
{
	uint64_t offset[3];
	size_t size[3];
	unsigned int i, n;

	n = read_only_areas(self->raw.header, offset, size);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(0, try_map(self->raw.fd, size[i], PROT_READ,
				     MAP_SHARED, offset[i]));
		EXPECT_EQ(-EPERM, try_map(self->raw.fd, size[i],
					  PROT_READ | PROT_WRITE, MAP_SHARED,
					  offset[i]));
		EXPECT_EQ(-EPERM, try_map(self->raw.fd, size[i], PROT_WRITE,
					  MAP_SHARED, offset[i]));
	}
}

TEST_F(mapping, read_only_areas_cannot_be_made_writable_later)
{
	uint64_t offset[3];
	size_t size[3];
	unsigned int i, n;
	void *area;

	n = read_only_areas(self->raw.header, offset, size);
	for (i = 0; i < n; i++) {
		area = mmap(NULL, size[i], PROT_READ, MAP_SHARED, self->raw.fd,
			    offset[i]);
		ASSERT_NE(MAP_FAILED, area);
		EXPECT_EQ(-1, mprotect(area, size[i], PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(area, size[i], PROT_READ | PROT_EXEC));
		EXPECT_EQ(EACCES, errno);
		munmap(area, size[i]);
	}
}

TEST_F(mapping, no_area_can_be_executed)
{
	const struct portwatch_header *header = self->raw.header;
	uint64_t offset[3];
	size_t size[3];
	unsigned int i, n;

	n = read_only_areas(header, offset, size);
	for (i = 0; i < n; i++)
		EXPECT_EQ(-EINVAL, try_map(self->raw.fd, size[i],
					   PROT_READ | PROT_EXEC, MAP_SHARED,
					   offset[i]));
	EXPECT_EQ(-EINVAL, try_map(self->raw.fd, self->page,
				   PROT_READ | PROT_EXEC, MAP_SHARED,
				   header->consumer_offset));
}

TEST_F(mapping, no_area_can_be_private)
{
	const struct portwatch_header *header = self->raw.header;
	uint64_t offset[3];
	size_t size[3];
	unsigned int i, n;

	n = read_only_areas(header, offset, size);
	for (i = 0; i < n; i++)
		EXPECT_EQ(-EINVAL, try_map(self->raw.fd, size[i], PROT_READ,
					   MAP_PRIVATE, offset[i]));
	EXPECT_EQ(-EINVAL, try_map(self->raw.fd, self->page,
				   PROT_READ | PROT_WRITE, MAP_PRIVATE,
				   header->consumer_offset));
}

/* All rings are one area, and so are all consumer pages. */
TEST_F(mapping, no_area_is_longer_than_it_is)
{
	const struct portwatch_header *header = self->raw.header;
	const struct {
		uint64_t offset, size;
	} areas[] = {
		{ PORTWATCH_MMAP_HEADER, self->page },
		{ header->beacon_offset, header->beacon_bytes },
		{ header->ring_offset, header->nr_rings * header->ring_stride },
		{ header->consumer_offset,
		  header->nr_rings * header->consumer_stride },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		EXPECT_EQ(0, try_map(self->raw.fd, areas[i].size, PROT_READ,
				     MAP_SHARED, areas[i].offset));
		EXPECT_GT(0, try_map(self->raw.fd, areas[i].size + self->page,
				     PROT_READ, MAP_SHARED, areas[i].offset));
		EXPECT_GT(0, try_map(self->raw.fd, 1ULL << 40, PROT_READ,
				     MAP_SHARED, areas[i].offset));
	}
}

TEST_F(mapping, nothing_is_behind_the_areas)
{
	const struct portwatch_header *header = self->raw.header;
	uint64_t end, offset;
	int bit;

	end = header->consumer_offset +
	      header->nr_rings * header->consumer_stride;
	EXPECT_LE(header->ring_offset + header->nr_rings * header->ring_stride,
		  header->consumer_offset);
	EXPECT_GT(0, try_map(self->raw.fd, self->page, PROT_READ, MAP_SHARED,
			     end));
	/* Up to the highest offsets that there are. */
	for (bit = 44; bit < 64; bit++) {
		offset = 1ULL << bit;
		EXPECT_GT(0, try_map(self->raw.fd, self->page, PROT_READ,
				     MAP_SHARED, offset));
		EXPECT_GT(0, try_map(self->raw.fd, self->page, PROT_READ,
				     MAP_SHARED, -offset));
	}
	EXPECT_GT(0, try_map(self->raw.fd, self->page, PROT_READ, MAP_SHARED,
			     -(uint64_t)self->page));
}

TEST_F(mapping, begins_with_the_start)
{
	int fd = module_open();

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENODATA, try_map(fd, self->page, PROT_READ, MAP_SHARED,
				    PORTWATCH_MMAP_HEADER));
	close(fd);
}

/* A reader that was given a descriptor to read from cannot move the tails. */
TEST_F(mapping, by_a_descriptor_for_reading_is_for_reading)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);
	const struct portwatch_header *header = self->raw.header;
	int fd = open(PORTWATCH_DEVICE, O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, PORTWATCH_IOC_START, &start));
	EXPECT_EQ(0, try_map(fd, self->page, PROT_READ, MAP_SHARED,
			     PORTWATCH_MMAP_HEADER));
	EXPECT_EQ(0, try_map(fd, header->ring_bytes, PROT_READ, MAP_SHARED,
			     header->ring_offset));
	EXPECT_EQ(-EACCES, try_map(fd, self->page, PROT_READ | PROT_WRITE,
				   MAP_SHARED, header->consumer_offset));
	close(fd);
}

TEST_F(mapping, cannot_grow)
{
	void *area = mmap(NULL, self->page, PROT_READ, MAP_SHARED,
			  self->raw.fd, PORTWATCH_MMAP_HEADER);

	ASSERT_NE(MAP_FAILED, area);
	EXPECT_EQ(MAP_FAILED, mremap(area, self->page, 2 * self->page,
				     MREMAP_MAYMOVE));
	munmap(area, self->page);
}

/* Whoever is forked has no part in the session's memory. */
TEST_F(mapping, is_not_inherited_by_a_child)
{
	const struct portwatch_header *header = self->raw.header;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile const uint32_t *)&header->magic ==
		      PORTWATCH_MAGIC);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

static bool is_zero(const void *from, size_t size)
{
	const char *byte = from;
	size_t i;

	for (i = 0; i < size; i++)
		if (byte[i])
			return false;
	return true;
}

/* Nothing of the kernel's memory shows where nothing was written. */
TEST_F(mapping, is_zero_where_nothing_was_written)
{
	const struct portwatch_header *header = self->raw.header;
	const struct portwatch_ring *ring;
	size_t written;
	unsigned int i;

	EXPECT_TRUE(is_zero((const char *)header + header->header_size,
			    self->page - header->header_size));
	for (i = 0; i < header->nr_rings; i++) {
		ring = self->raw.rings[i];
		EXPECT_TRUE(is_zero(ring + 1, header->ring_data -
					      sizeof(*ring)));
		EXPECT_TRUE(is_zero(ring->reserved, sizeof(ring->reserved)));
		written = header->ring_data + ring->head * PORTWATCH_SLOT_SIZE;
		EXPECT_TRUE(is_zero((const char *)ring + written,
				    header->ring_bytes - written));
		EXPECT_TRUE(is_zero(self->raw.consumers[i], self->page));
	}
}

/* No pointer of the kernel is in what it wrote: nothing has its high bits. */
TEST_F(mapping, holds_no_address_of_the_kernel)
{
	const struct portwatch_header *header = self->raw.header;
	const uint64_t *word;
	unsigned int i, bad = 0;
	size_t k;

	for (i = 0; i < 30; i++)
		ASSERT_EQ(0, churn_bind());
	for (i = 0; i < header->nr_rings; i++) {
		word = (const void *)self->raw.rings[i];
		for (k = 0; k < header->ring_bytes / sizeof(*word); k++)
			bad += word[k] >> 47 == 0x1ffff;
	}
	EXPECT_EQ(0U, bad);
}

/* Values that no reader can honestly have: counted, believed never. */
TEST_F(mapping, tail_that_cannot_be_is_a_full_ring)
{
	static const uint64_t tails[] = {
		-1000000ULL, 1ULL << 63, 1ULL << 32, 0x123456789abcdefULL, 1000000,
	};
	struct raw *raw = &self->raw;
	uint64_t head, lost, bad;
	unsigned int i, k, n;

	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		raw_drain_all(raw, NULL, NULL);
		lost = SUM(raw, lost, PORTWATCH_BIND);
		for (n = 0, bad = 0; n < raw->header->nr_rings; n++) {
			bad += raw->rings[n]->bad_tail;
			raw->consumers[n]->tail = tails[i];
		}
		for (k = 0; k < 10; k++)
			ASSERT_EQ(0, churn_bind());
		EXPECT_EQ(lost + 10, SUM(raw, lost, PORTWATCH_BIND));
		for (n = 0; n < raw->header->nr_rings; n++)
			bad -= raw->rings[n]->bad_tail;
		EXPECT_NE(0U, bad);
		for (n = 0; n < raw->header->nr_rings; n++) {
			head = raw->rings[n]->head;
			raw->consumers[n]->tail = head;
		}
	}
	/* An honest tail again: the ring takes records again. */
	lost = SUM(raw, lost, PORTWATCH_BIND);
	ASSERT_EQ(0, churn_bind());
	EXPECT_EQ(lost, SUM(raw, lost, PORTWATCH_BIND));
}

/* Just ahead of the head, or just more than a ring behind. */
TEST_F(mapping, tail_off_by_one_is_found_out)
{
	struct raw *raw = &self->raw;
	uint64_t before, after;
	unsigned int n, k;

	for (k = 0; k < 2; k++) {
		raw_drain_all(raw, NULL, NULL);
		for (n = 0, before = 0; n < raw->header->nr_rings; n++) {
			before += raw->rings[n]->bad_tail;
			raw->consumers[n]->tail = raw->rings[n]->head +
				(k ? -(uint64_t)raw->header->ring_slots - 1 : 1);
		}
		ASSERT_EQ(0, churn_bind());
		for (n = 0, after = 0; n < raw->header->nr_rings; n++) {
			after += raw->rings[n]->bad_tail;
			raw->consumers[n]->tail = raw->rings[n]->head;
		}
		EXPECT_GT(after, before);
	}
}

TEST_HARNESS_MAIN
