// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/portwatch.h>

#include "hostile_ioctl.h"

#define AREA 16384	/* four pages: the longest that is looked at, and more */

/* What is documented. */
static const struct request {
	unsigned long number;
	size_t size;		/* of its structure, 0: it has none */
	int errors[8];
} requests[] = {
	{ PORTWATCH_IOC_START, sizeof(struct portwatch_start),
	  { EINVAL, E2BIG, EFAULT, EBUSY, ENOSPC, ENOMEM } },
	{ PORTWATCH_IOC_SNAPSHOT, 0, { EINVAL, ENODATA, ENOMEM } },
	{ PORTWATCH_IOC_FLUSH, 0, { EINVAL, ENODATA } },
	{ PORTWATCH_IOC_STATUS, sizeof(struct portwatch_status),
	  { EINVAL, E2BIG, EFAULT } },
	{ PORTWATCH_IOC_HOOK, sizeof(struct portwatch_hook),
	  { EINVAL, E2BIG, EFAULT, ENOENT } },
	{ PORTWATCH_IOC_SESSION, sizeof(struct portwatch_session_info),
	  { EINVAL, E2BIG, EFAULT, ENOENT } },
};

#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

/* The door of 32-bit programs, which is open to 64-bit ones too. */
static long ioctl32(int fd, unsigned int number, unsigned int argument)
{
#ifdef __x86_64__
	long result;

	asm volatile("int $0x80"
		     : "=a" (result)
		     : "a" (54L), "b" ((long)fd), "c" ((long)number),
		       "d" ((long)argument)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
#else
	return -ENOSYS;
#endif
}

/* Where there is no such door the call is a fault. */
static bool has_compat(void)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(ioctl32(-1, 0, 0) != -EBADF);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

int arguments_open(struct arguments *arguments)
{
	unsigned char *area = mmap(NULL, 2 * AREA, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (area == MAP_FAILED)
		return -errno;
	arguments->end = area + AREA;
	arguments->compat = has_compat();
	return mprotect(arguments->end, AREA, PROT_NONE) ? -errno : 0;
}

void arguments_close(struct arguments *arguments)
{
	munmap(arguments->end - AREA, 2 * AREA);
}

static unsigned long choose_number(struct chance *chance, unsigned long number)
{
	switch (chance_below(chance, 8)) {
	case 0:
		return number ^ 1UL << chance_below(chance, 32);
	case 1:
		return _IOC(chance_below(chance, 4), PORTWATCH_IOC,
			    chance_below(chance, 256),
			    chance_below(chance, 1 << 14));
	case 2:
		return chance_word(chance) & 0xffffffff;
	default:
		return number;
	}
}

/* As something that makes sense, and then a little less. */
static void fill(unsigned char *at, size_t room, struct chance *chance,
		 const struct request *request)
{
	const uint32_t sizes[] = {
		request->size, request->size, request->size, 0, 1, 4,
		request->size - 1, request->size + 1, request->size + 8, room,
		4095, 4096, 4097, 1U << 31, -1U, chance_word(chance),
	};
	uint32_t size = CHANCE_OF(chance, sizes);
	size_t i, bits = chance_below(chance, 4);

	memset(at, 0, room);
	if (chance_below(chance, 4) == 0)
		for (i = 0; i < room; i++)
			at[i] = chance_word(chance);
	if (request->number == PORTWATCH_IOC_START && room >= request->size) {
		struct portwatch_start *start = (void *)at;

		start->events = chance_word(chance) & PORTWATCH_EVENTS_ALL;
		start->ring_slots = 1U << chance_below(chance, 24);
	} else if (room >= 8) {
		((uint32_t *)at)[1] = chance_below(chance, 80);
	}
	for (i = 0; room > 8 && i < bits; i++)
		at[4 + chance_below(chance, room - 4)] ^=
			1 << chance_below(chance, 8);
	memcpy(at, &size, room < sizeof(size) ? room : sizeof(size));
}

static bool is_documented(unsigned long number, int err)
{
	unsigned int i, k;

	for (i = 0; i < REQUESTS; i++)
		if (requests[i].number == number)
			break;
	if (i == REQUESTS)
		return err == ENOTTY;
	for (k = 0; requests[i].errors[k]; k++)
		if (requests[i].errors[k] == err)
			return true;
	return false;
}

/* An address of the kernel's memory, in the words of an answer. */
static bool has_pointer(const unsigned char *at, size_t room)
{
	uint64_t word;
	size_t i;

	for (i = 0; i + sizeof(word) <= room; i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		if (word >= 0xffff800000000000ULL)
			return true;
	}
	return false;
}

/* Only a structure that the caller has made room for is written, and all of it. */
static bool is_good_answer(const struct request *request, unsigned long number,
			   const unsigned char *at, size_t room)
{
	uint32_t size;

	if (number != request->number || number == PORTWATCH_IOC_START ||
	    !request->size)
		return true;
	memcpy(&size, at, sizeof(size));
	return size == request->size && !has_pointer(at, size) && room >= size;
}

static unsigned long choose_pointer(struct chance *chance, unsigned long good)
{
	const unsigned long pointers[] = {
		0, 1, 8, 4095, good - 1, good + 1, good + AREA, -1UL, -4096UL,
		0xffff888000000000UL, 0xffffffff81000000UL, 1UL << 47,
		(1UL << 47) - 4096, 1UL << 63, chance_word(chance),
	};

	return CHANCE_OF(chance, pointers);
}

bool hostile_ioctl(struct arguments *arguments, struct chance *chance, int fd)
{
	const struct request *request = &CHANCE_OF(chance, requests);
	unsigned long number = choose_number(chance, request->number);
	const size_t rooms[] = {
		request->size, request->size, request->size, request->size + 8,
		0, 4, 8, 64, 4096, 8192, chance_below(chance, AREA),
	};
	size_t room = CHANCE_OF(chance, rooms);
	unsigned char *at = arguments->end - room;
	unsigned long argument = (unsigned long)at;
	bool wild = chance_below(chance, 8) == 0;
	long result;

	fill(at, room, chance, request);
	if (wild)
		argument = choose_pointer(chance, argument);
	else if (!request->size && chance_below(chance, 2))
		argument = 0;
	if (arguments->compat && chance_below(chance, 4) == 0) {
		result = ioctl32(fd, number, argument);
	} else {
		result = ioctl(fd, number, argument);
		if (result < 0)
			result = -errno;
	}
	if (result < 0 ? is_documented(number, -result) :
	    result > 1 ? false :
	    wild || is_good_answer(request, number, at, room))
		return false;
	fprintf(stderr, "# ioctl(%#lx, %#lx), %zu bytes: %s\n", number, argument,
		room, result < 0 ? strerror(-result) : "a wrong answer");
	return true;
}
