/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long to wait for what comes in any case. On a kernel that checks all that it
 * does everything takes longer; PW_PATIENCE in the environment says how many times as
 * long a wait may be, and a test.
 */
#ifndef PW_PATIENCE_H
#define PW_PATIENCE_H

#include <stdint.h>

uint64_t patient(uint64_t time);

#endif
