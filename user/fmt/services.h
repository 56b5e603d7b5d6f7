/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_SERVICES_H
#define PW_SERVICES_H

#include <stdint.h>

#define PW_SERVICES_FILE	"/etc/services"

/* The names of ports. */
struct pw_services;

/*
 * Reads a file of the form of services(5); one that is not there has no names.
 * It is read once: a look-up is then a look into a table.
 */
struct pw_services *pw_services_read(const char *path);
void pw_services_free(struct pw_services *services);

/*
 * The name of a port, of letters, digits and -+._ only, or NULL; @services may
 * be NULL.
 */
const char *pw_service_name(const struct pw_services *services,
			    unsigned int proto, uint16_t port);

#endif
