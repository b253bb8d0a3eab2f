/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/countdown.h - countdown to the call that a test lets fail (private to base/).
 */
#ifndef FED_BASE_COUNTDOWN_H
#define FED_BASE_COUNTDOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Count one call, on any thread; whether it is the one.  0 counts nothing. */
static inline bool fed__countdown(_Atomic uint64_t *left)
{
	uint64_t now = atomic_load(left);

	while (now > 0 && !atomic_compare_exchange_weak(left, &now, now - 1))
		;
	return now == 1;
}

#endif
