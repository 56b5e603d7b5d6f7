/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_CHARDEV_H
#define PW_CHARDEV_H

int pw_chardev_init(void);
void pw_chardev_exit(void);

#endif /* PW_CHARDEV_H */
