/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lossy - messages inside the process, in virtual time, with jitter and losses:
 *
 *     arrival = now + k * timeout + delay + bytes / bandwidth
 *
 * with k lost transmissions before the one that arrives.  Random draws depend on the seed, the
 * message and the number of the attempt alone, so there is no state between messages.
 */
#include <math.h>

#include <fedsh/transport.h>

static const char doc[] =
	"    arrival = now + k * timeout + delay + bytes / bandwidth\n"
	"    timeout = rto * (2 latency + bytes / bandwidth)\n"
	"    delay   ~ normal(latency, jitter) within [0, 2 latency]\n"
	"\n"
	"Each transmission is lost with the probability p of the client's link; after\n"
	"the timeout it is repeated, `retries` times at most. k counts those that were\n"
	"lost, so P(k) = (1 - p) p^k. With N = retries + 1 all are lost with p^N: the\n"
	"message is dropped when the last timeout has passed. Messages that arrive\n"
	"take in the mean\n"
	"\n"
	"    latency + bytes / bandwidth + timeout * (p / (1 - p) - N p^N / (1 - p^N))\n"
	"\n"
	"The normal distribution is cut off at equal distances on both sides, so that\n"
	"time never runs backwards and the mean delay is the latency for any jitter.\n"
	"\n"
	"For: clients on mobile and satellite links; messages that overtake each\n"
	"other; rounds in which an update never comes (retries=0 shows it soonest).\n"
	"\n"
	"Source: the stop-and-wait scheme with a fixed timeout; Bertsekas, Gallager,\n"
	"Data Networks, 2nd ed. 1992, sec. 2.4.\n"
	"\n"
	"Differences: a message is lost as a whole. TCP cuts it into packets, adapts\n"
	"the timeout to what it measures and doubles it after each loss (RFC 6298).\n"
	"Bytes are counted once however often they were sent.\n";

struct state {
	double rto;
	int64_t retries;
};

static const struct fed_field rows[] = {
	FED_REAL(struct state, rto, 2, 1, 1000, "timeout as a multiple of the round trip"),
	FED_INT(struct state, retries, 5, 0, 100, "transmissions after the first"),
	FED_END,
};

/* Standard normal number within [-a, a], by rejection: from uniform numbers where a is small (at
 * least exp(-1/2) are accepted), else from Box and Muller's (at least 0.68). */
static double cut_normal(double a, uint64_t key)
{
	for (uint64_t k = 0;; k += 2) {
		const double u = 1 - fed_random_real(key, k), v = fed_random_real(key, k + 1);

		if (a < 1) {
			const double z = a * (2 * v - 1);
			if (u <= exp(-z * z / 2))
				return z;
		} else {
			const double z = sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
			if (fabs(z) <= a)
				return z;
		}
	}
}

static int carry(void *state, const struct fed_transport_host *host, const struct fed_message *m,
                 struct fed_error *err)
{
	const struct state *s = state;
	const uint64_t key = fed_random(host->seed, m->id);
	const struct fed_path path = fed_path_of(host, m);
	double sent = host->clock(host);
	char why[40];

	(void)err;
	const double pushing = (double)m->bytes / path.rate;
	for (int64_t k = 0; k <= s->retries; k++) {
		const uint64_t try = fed_random(key, (uint64_t)k);

		if (fed_random_real(try, 0) >= path.drop_rate) {
			double delay = path.latency;
			if (path.jitter > 0 && path.latency > 0)
				delay += path.jitter * cut_normal(path.latency / path.jitter, fed_random(try, 1));
			host->deliver(host, m->id, sent + fmax(delay, 0) + pushing);
			return FED_OK;
		}
		sent += s->rto * (2 * path.latency + pushing);
	}
	const long long tries = s->retries + 1;
	snprintf(why, sizeof why, "lost after %lld %s", tries, tries == 1 ? "try" : "tries");
	host->drop(host, m->id, sent, why);
	return FED_OK;
}

FED_PLUGIN struct fed_transport fed_plugin = {
	.head =
		FED_TRANSPORT(struct state, "lossy", "as local, with jitter and lost messages", doc, rows),
	.send = carry,
};
