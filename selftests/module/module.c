// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "patience.h"
#include "patience.h"
#include "perform.h"

#define PATIENCE_NS 10000000000ULL

bool module_is_loaded(void)
{
	return !access("/sys/module/" MODULE_NAME, F_OK);
}

const char *module_file(void)
{
	return getenv("PORTWATCH_KO");
}

int module_load_with(const char *parameters)
{
	const char *path = module_file();
	int fd, err;

	if (!path)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_load(void)
{
	return module_load_with("");
}

int module_unload(void)
{
	return syscall(SYS_delete_module, MODULE_NAME, O_NONBLOCK) ? -errno : 0;
}

int module_reload(const char *parameters)
{
	int err = module_is_loaded() ? module_unload() : 0;

	return err ? err : module_load_with(parameters);
}

int module_require(void)
{
	int err = 0;

	if (!module_is_loaded())
		err = module_load();
	if (err)
		fprintf(stderr, "# the module is not loaded: %s\n",
			strerror(-err));
	return err;
}

int module_open(void)
{
	int fd = open(PORTWATCH_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int module_status(int fd, struct portwatch_status *status)
{
	memset(status, 0, sizeof(*status));
	status->size = sizeof(*status);
	return ioctl(fd, PORTWATCH_IOC_STATUS, status) ? -errno : 0;
}

int module_hook(int fd, uint32_t index, struct portwatch_hook *hook)
{
	memset(hook, 0, sizeof(*hook));
	hook->size = sizeof(*hook);
	hook->index = index;
	return ioctl(fd, PORTWATCH_IOC_HOOK, hook) ? -errno : 0;
}

int module_wait_sockets(int fd, uint64_t sockets)
{
	uint64_t limit = clock_boottime() + patient(PATIENCE_NS);
	struct portwatch_status status;
	int err;

	do {
		err = module_status(fd, &status);
		if (err || status.sockets <= sockets)
			return err;
		poll(NULL, 0, 1);
	} while (clock_boottime() < limit);
	fprintf(stderr, "# %llu sockets are tracked, expected %llu\n",
		(unsigned long long)status.sockets,
		(unsigned long long)sockets);
	return -ETIME;
}
