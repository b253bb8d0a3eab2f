/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/device.h - device and link profiles of clients: table, parser, random draws.
 *
 * A user types `phone`, `2e9`, `phone:0.5`; `4g`, `1e6`, `4g:0.3`, `1e6@0.02` with a latency.  The
 * number after the colon is the standard deviation of the logarithm: each client's value is
 * lognormal with the profile's as median.  A link's spread is one factor for both of its bandwidths
 * (a bad reception is bad both ways).  Draws depend on the seed and the client's id alone, so a
 * client that is fast among phones is fast among laptops, too.  A number may end in k, M, G or T.
 */
#ifndef FED_TRAIN_CLIENTS_DEVICE_H
#define FED_TRAIN_CLIENTS_DEVICE_H

#include "base/text.h"
#include "fedsh/transport.h"
#include "net/server_link.h"

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
#define FED_SPREAD_MAX \
	3.0 /* at 1 the middle two thirds lie between 0.37 and 2.7 times the median */
#define FED_NO_PROFILE 255 /* a number was typed */
#define FED_DEVICE_DEFAULT "laptop"
#define FED_LINK_DEFAULT "ideal"

/* Device and link as the user typed them. */
struct fed_device_spec {
	double flops, spread;
	uint8_t profile;
	bool spread_given; /* with a colon */
};
struct fed_link_spec {
	struct fed_link link;
	double spread;
	uint8_t profile;
	bool spread_given;
};
int fed_device_parse(const char *typed, struct fed_device_spec *, struct fed_error *);
int fed_link_parse(const char *typed, struct fed_link_spec *, struct fed_error *);
/* Spread of devices and links that are given without one: a number, or `auto`, which is none unless
 * the front end sets one. */
int fed_device_spread_parse(const char *typed, double *, struct fed_error *);
/* The server's own link: `none` (rates 0), a link's name, bytes/s, or bytes/s to the server and
 * from it: `lan`, `100M`, `1M/10M`. */
int fed__server_link_parse(const char *typed, struct fed_server_link_rates *, struct fed_error *);
/* Append "118 MB/s up, 118 MB/s down", or "none". */
void fed_server_link_put(struct fed_text *, const char *typed);

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
