// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hung.h"

#define PAGE 4096

static int prepare(struct hung *hung)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	hung->fault = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (hung->fault < 0)
		return -errno;
	hung->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (hung->page == MAP_FAILED)
		return -errno;
	range.range.start = (uintptr_t)hung->page;
	range.range.len = PAGE;
	return ioctl(hung->fault, UFFDIO_API, &api) ||
	       ioctl(hung->fault, UFFDIO_REGISTER, &range) ? -errno : 0;
}

static void *send_page(void *arg)
{
	struct hung *hung = arg;

	return (void *)send(hung->fd, hung->page, PAGE, MSG_NOSIGNAL);
}

int hung_begin(struct hung *hung, int fd)
{
	struct uffd_msg message;
	int err = prepare(hung);

	if (err)
		return err;
	hung->fd = fd;
	err = pthread_create(&hung->thread, NULL, send_page, hung);
	if (err)
		return -err;
	return read(hung->fault, &message, sizeof(message)) == sizeof(message) ?
	       0 : -EIO;
}

int hung_end(struct hung *hung)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)hung->page, .len = PAGE },
	};
	int err = ioctl(hung->fault, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;

	if (!err)
		err = -pthread_join(hung->thread, NULL);
	munmap(hung->page, PAGE);
	close(hung->fault);
	return err;
}
