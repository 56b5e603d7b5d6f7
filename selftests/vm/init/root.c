// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

struct mount_row {
	const char *type, *source, *target, *options;
	unsigned long flags;
	bool optional;
};

static const struct mount_row kernel_views[] = {
	{ "devtmpfs", "dev", "/dev", NULL, 0, false },
	{ "proc", "proc", "/proc", NULL, 0, false },
	{ "sysfs", "sys", "/sys", NULL, 0, false },
};

#define NINE_P "trans=virtio,version=9p2000.L,msize=512000"

/*
 * The release's root, on the host, is only read; what the guest writes goes to
 * memory. The share is the one place that it writes on the host.
 */
static const struct mount_row release_root[] = {
	{ "9p", "root", "/lower", NINE_P ",cache=loose", MS_RDONLY, false },
	{ "tmpfs", "tmpfs", "/upper", "mode=0755", 0, false },
};

static const struct mount_row userland[] = {
	{ "devtmpfs", "dev", "/dev", NULL, MS_NOSUID, false },
	{ "devpts", "devpts", "/dev/pts", "gid=5,mode=620", MS_NOSUID, false },
	{ "tmpfs", "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID, false },
	{ "proc", "proc", "/proc", NULL, MS_NOSUID, false },
	{ "sysfs", "sys", "/sys", NULL, MS_NOSUID, false },
	{ "securityfs", "securityfs", "/sys/kernel/security", NULL, 0, true },
	{ "debugfs", "debugfs", "/sys/kernel/debug", NULL, 0, true },
	{ "tracefs", "tracefs", "/sys/kernel/tracing", NULL, 0, true },
	{ "cgroup2", "cgroup2", "/sys/fs/cgroup", NULL, 0, true },
	{ "tmpfs", "tmpfs", "/run", "mode=0755", MS_NOSUID, false },
	{ "tmpfs", "tmpfs", "/tmp", "mode=1777", MS_NOSUID, false },
	{ "9p", "share", PW_SHARE, NINE_P, 0, false },
};

static void mount_rows(const struct mount_row *row, size_t count)
{
	for (; count--; row++) {
		mkdir(row->target, 0755);
		if (mount(row->source, row->target, row->type, row->flags,
			  row->options) && !row->optional)
			die(row->target);
	}
}

static const struct link_row {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
	{ "/proc/mounts", "/etc/mtab" },
};

static void link_rows(const struct link_row *row, size_t count)
{
	for (; count--; row++)
		if (symlink(row->target, row->path) && errno != EEXIST)
			die(row->path);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

void root_mount_kernel_views(void)
{
	mount_rows(kernel_views, ARRAY_SIZE(kernel_views));
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		die(path);
	close(fd);
}

/* The names are numbered in the order in which the modules need each other. */
void root_load_modules(const char *dir)
{
	struct dirent **names;
	char path[PATH_MAX];
	int count, i;

	count = scandir(dir, &names, NULL, alphasort);
	if (count < 0)
		die(dir);
	for (i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", dir,
				 names[i]->d_name);
			load_module(path);
		}
		free(names[i]);
	}
	free(names);
}

void root_enter(void)
{
	mount_rows(release_root, ARRAY_SIZE(release_root));
	mkdir("/upper/files", 0755);
	mkdir("/upper/work", 0755);
	mkdir("/root", 0755);
	if (mount("overlay", "/root", "overlay", 0,
		  "lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work"))
		die("overlay");
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		die("the root of the release");
}

static void set_loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo))
		die("lo");
	lo.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		die("lo");
	close(fd);
}

void root_set_up(void)
{
	static const char hostname[] = "portwatch-vm";

	mount_rows(userland, ARRAY_SIZE(userland));
	link_rows(links, ARRAY_SIZE(links));
	mkdir("/run/lock", 01777);
	if (sethostname(hostname, sizeof(hostname) - 1))
		die("sethostname");
	set_loopback_up();
	write_file("/proc/sys/kernel/printk_devkmsg", "on\n");
}
