/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module itself: loaded, unloaded, asked. PORTWATCH_KO in the environment
 * names the file that is loaded.
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/portwatch.h>

#define MODULE_NAME "portwatch"

bool module_is_loaded(void);

/* Path of the module's file, NULL when nothing says where it is. */
const char *module_file(void);

/* 0 or a negative errno; unloading does not wait for users. */
int module_load(void);
int module_load_with(const char *parameters);
int module_unload(void);
/* Anew with these parameters, whether it was loaded or not. */
int module_reload(const char *parameters);

/* Loads it where it is not loaded and can be; -ENOENT where it is not there. */
int module_require(void);

/* A session that is not started: an open descriptor, or a negative errno. */
int module_open(void);

/* Answers of the device to a descriptor. */
int module_status(int fd, struct portwatch_status *status);
int module_hook(int fd, uint32_t index, struct portwatch_hook *hook);

/* Waits, with a limit, until the module tracks no more sockets than that. */
int module_wait_sockets(int fd, uint64_t sockets);

#endif /* MODULE_H */
