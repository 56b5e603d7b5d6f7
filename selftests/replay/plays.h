/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PLAYS_H
#define PLAYS_H

#include "stage.h"

/* Each records one stream. */

/* A web server, its clients, a name server: what most days are like. */
void play_web(struct stage *stage);

/* Every shape of event with every field that it can have. */
void play_shapes(struct stage *stage);

/* Names and paths that were chosen to do harm. */
void play_hostile(struct stage *stage);

/* Events that are missing, in several places. */
void play_lost(struct stage *stage);

/* Ports taken, shared, given back, taken again. */
void play_ports(struct stage *stage);

/* Context ids for addresses, and ports of 32 bits. */
void play_vsock(struct stage *stage);

/* As many events as the stage wants, to measure with; its stream is not kept. */
void play_day(struct stage *stage);

#endif
