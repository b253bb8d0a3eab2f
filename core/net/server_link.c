/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/server_link.c - the queues of the server's link.
 */
#include "net/server_link.h"

struct fed_server_link_turn fed__server_link_join(struct fed_server_link *link, bool up, double now,
                                                  uint64_t bytes)
{
	double *const busy = up ? &link->busy.up : &link->busy.down;
	const double rate = up ? link->rates.up : link->rates.down;

	if (!fed_server_link_exists(link))
		return (struct fed_server_link_turn){now, now};
	const double begins = *busy > now ? *busy : now;
	*busy = begins + (double)bytes / rate;
	return (struct fed_server_link_turn){begins, *busy + link->rates.latency};
}
