/* SPDX-License-Identifier: GPL-2.0 */
/* Files that tests write: settings of the kernel, control groups. */
#ifndef FILE_H
#define FILE_H

/* Writes all of a text at once; 0 or a negative errno. */
int file_write(const char *path, const char *text);

/* A setting of the test's own netns: "ipv4/tcp_fastopen". */
int file_set_net(const char *name, const char *text);

#endif /* FILE_H */
