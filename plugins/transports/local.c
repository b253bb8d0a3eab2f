/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local - messages inside the process, in virtual time:
 *
 *     arrival = now + latency + bytes / bandwidth
 *
 * with the latency and the bandwidth, up or down, of the client's link (between two clients: of
 * both).  The smallest complete transport: without losses, jitter or a queue.
 */
#include <fedsh/transport.h>

static const char doc[] =
	"    arrival = now + latency + bytes / bandwidth\n"
	"\n"
	"Server and clients live in one process and the clock is virtual.  Each\n"
	"message takes the latency of the client's link and its size over the link's\n"
	"bandwidth (up from the client, down to it).  A link of infinite bandwidth\n"
	"and no latency, which clients have by default, takes no time.  A\n"
	"message from client to client goes over both links, at the pace of the slower.\n"
	"\n"
	"For: everything where the network is not the question; and the shortest\n"
	"example of a transport.  It never loses, delays at random or reorders by\n"
	"chance: a link's jitter and loss are left out, and messages on one link do\n"
	"not wait for each other.\n"
	"\n"
	"Source: the latency-bandwidth model of a message; Hockney, The communication\n"
	"challenge for MPP, Parallel Computing 20(3), 1994.\n"
	"\n"
	"Differences: packet simulators such as ns-3 also share links, queue and back\n"
	"off; their times are longer under load.";

static int carry(void *state, const struct fed_transport_host *host, const struct fed_message *m,
                 struct fed_error *err)
{
	const struct fed_path path = fed_path_of(host, m);

	(void)state, (void)err;
	/* An infinite rate takes no time. */
	host->deliver(host, m->id, host->clock(host) + path.latency + (double)m->bytes / path.rate);
	return FED_OK;
}

/* char: no state, so any type does. */
FED_PLUGIN struct fed_transport fed_plugin = {
	.head =
		FED_TRANSPORT(char, "local", "in the process, in virtual time, without loss", doc, NULL),
	.send = carry,
};
