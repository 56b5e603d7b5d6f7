/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test VM's process 1: it makes a Debian userland out of the initramfs,
 * runs one command in it and tells the host, on a serial port of its own, how
 * that ended.
 */
#ifndef PW_VM_INIT_H
#define PW_VM_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What scripts/vm-boot shares with the guest, as the guest sees it. */
#define PW_SHARE "/run/share"

/* How a command ended, and how much of its output went to the host. */
struct outcome {
	int status;
	unsigned long long stdout_bytes;
	unsigned long long stderr_bytes;
};

/* report.c: the verdict port */
void report_open(const char *tty);
int report_fd(void);
void report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *report_hear(void);
void report_await_ack(int limit_ms);
void die(const char *what) __attribute__((noreturn));
void power_off(void) __attribute__((noreturn));

/* root.c: modules, mounts, the network's loopback */
void root_mount_kernel_views(void);
void root_load_modules(const char *dir);
void root_enter(void);
void root_set_up(void);

/* command.c: the command and its streams */
void command_run(bool tty, struct outcome *outcome);

/* ports.c: the virtio ports by name */
int port_open(const char *name);

#endif
