/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_MACHINE_H
#define PW_MACHINE_H

#include "portwatch.h"

/* Fills in what a recording says about the machine that it is made on. */
void pw_machine_describe(struct portwatch_recording *recording);

#endif
