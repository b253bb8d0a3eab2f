/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A port of loopback at which nothing listens, nor at the next one, when it is looked at: below
 * those that the kernel gives to connections. */
#ifndef FED_TEST_FREE_PORT_H
#define FED_TEST_FREE_PORT_H

#include <stdint.h>

uint16_t free_port(void);

#endif
