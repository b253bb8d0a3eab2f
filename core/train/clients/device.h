/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/device.h - device and link profiles of clients: table, parser, random draws.
 *
 * A user types `phone`, `2e9`, `phone:0.5`; `4g`, `1e6`, `4g:0.3`.  The number after the colon is
 * the standard deviation of the logarithm: each client's value is lognormal with the profile's as
 * median.  A link's spread is one factor for both of its bandwidths (a bad reception is bad both
 * ways).  Draws depend on the seed and the client's id alone, so a client that is fast among phones
 * is fast among laptops, too.
 */
#ifndef FED_TRAIN_CLIENTS_DEVICE_H
#define FED_TRAIN_CLIENTS_DEVICE_H

#include "base/text.h"
#include "fedsh/transport.h"

struct fed_device_profile {
	const char *name, *help;
	double flops; /* FLOP/s; 0: computing takes no time */
};
struct fed_link_profile {
	const char *name, *help;
	struct fed_link link;
};
extern const struct fed_device_profile fed_device_profiles[]; /* ends with a NULL name */
extern const struct fed_link_profile fed_link_profiles[];     /* likewise; the first is ideal */
#define FED_NO_PROFILE 255                                    /* a number was typed */
#define FED_DEVICE_DEFAULT "laptop"
#define FED_LINK_DEFAULT "ideal"

/* Device and link as the user typed them. */
struct fed_device_spec {
	double flops, spread;
	uint8_t profile;
};
struct fed_link_spec {
	struct fed_link link;
	double spread;
	uint8_t profile;
};
int fed_device_parse(const char *typed, struct fed_device_spec *, struct fed_error *);
int fed_link_parse(const char *typed, struct fed_link_spec *, struct fed_error *);

/* Link of one client: in floats, for there may be millions. */
struct fed_client_link {
	float latency, jitter, up, down, drop_rate; /* units of struct fed_link */
};
float fed__device_draw(const struct fed_device_spec *, uint64_t seed, uint32_t client);
struct fed_client_link fed__link_draw(const struct fed_link_spec *, uint64_t seed, uint32_t client);
struct fed_link fed__link_of(const struct fed_client_link *);

/* Append "phone 2.1 GFLOP/s", "3 GFLOP/s", "ideal"; "4g", "4g 1.1 MB/s down" when it differs from
 * the profile's. */
void fed_device_put(struct fed_text *, uint8_t profile, float flops);
void fed_link_put(struct fed_text *, uint8_t profile, const struct fed_client_link *);

#endif
