/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/device.c - profiles of devices and links.
 */
#include "train/clients/device.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random.h"

/* Orders of magnitude of what SGD on small batches reaches in float32: about a tenth of the peak
 * of cores x clock x lanes x 2 (a multiply-add). */
const struct fed_device_profile fed_device_profiles[] = {
	{"ideal", "computing takes no time", 0},
	/* 64 cores at 2.5 GHz with 2 x 16 lanes: 10 TFLOP/s at most */
	{"server", "a machine of 64 cores", 1e12},
	/* one core at 3 GHz with 2 x 8 lanes: 100 GFLOP/s at most */
	{"laptop", "one core of a laptop", 1e10},
	/* one core at 2.5 GHz with 2 x 4 lanes: 40 GFLOP/s at most, half of it when warm */
	{"phone", "one core of a phone, warm", 2e9},
	/* a small single-board computer or camera: 1 GHz, one lane: 2 GFLOP/s at
     * most, and memory that is slower still */
	{"iot", "a camera, a gateway, a wearable", 1e8},
	{NULL, NULL, 0},
};

/* Latencies are one way, half of a round trip. */
const struct fed_link_profile fed_link_profiles[] = {
	{"ideal", "messages take no time", {.up = INFINITY, .down = INFINITY}},
	/* gigabit Ethernet less its headers, one switch */
	{"lan",
     "gigabit Ethernet",
     {.latency = 1e-4, .jitter = 2e-5, .up = 118e6, .down = 118e6, .drop_rate = 0}},
	/* 802.11n/ac in a flat: some 100 Mbit/s of goodput, a few ms at the access point */
	{"wifi",
     "wireless at home",
     {.latency = 4e-3, .jitter = 2e-3, .up = 10e6, .down = 12.5e6, .drop_rate = 0.005}},
	/* LTE: 12 Mbit/s down and 5 up, round trip 70 ms */
	{"4g",
     "mobile, LTE",
     {.latency = 35e-3, .jitter = 10e-3, .up = 625e3, .down = 1.5e6, .drop_rate = 0.01}},
	/* HSPA: 1.6 Mbit/s down and 0.75 up, round trip 150 ms: the usual preset of those who
     * measure web pages for mobiles */
	{"3g",
     "mobile, HSPA",
     {.latency = 75e-3, .jitter = 25e-3, .up = 93750, .down = 200e3, .drop_rate = 0.02}},
	/* geostationary: 2 x 35,786 km at the speed of light are 0.24 s, the rest is coding and
     * sharing the channel; 25 Mbit/s down and 3 up */
	{"satellite",
     "geostationary",
     {.latency = 0.3, .jitter = 20e-3, .up = 375e3, .down = 3.125e6, .drop_rate = 0.01}},
	{NULL, NULL, {0}},
};

static const char *device_name(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_device_profiles[i].name;
}
static const char *link_name(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_link_profiles[i].name;
}

struct grammar {
	const char *what, *unit, *example; /* "device", "FLOP/s", "2e9" */
	const char *(*name)(const void *ctx, size_t i);
	double least; /* the smallest number but 0 */
	bool zero;    /* whether 0 is allowed */
};

static int refuse_name(const struct grammar *g, const char *typed, struct fed_error *err)
{
	const char *near = fed_nearest(typed, g->name, NULL);
	char list[100] = "";

	if (near)
		return fed_fail(err, "no %s %s; did you mean %s?", g->what, fed_show(typed).s, near);
	for (size_t i = 0, n = 0; g->name(NULL, i) && n < sizeof list; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", g->name(NULL, i));
	return fed_fail(err, "no %s %s; there are %s, or %s as in %s", g->what, fed_show(typed).s, list,
	                g->unit, g->example);
}

/* "2e9", "2G". */
static bool read_number(const char *typed, double *number)
{
	static const char scales[] = "kMGT";
	const size_t n = strlen(typed);
	const char *scale = n > 1 ? strchr(scales, typed[n - 1]) : NULL;
	char digits[64];

	if (!scale || n >= sizeof digits)
		return fed_parse_real(typed, number);
	memcpy(digits, typed, n - 1);
	digits[n - 1] = 0;
	if (!fed_parse_real(digits, number))
		return false;
	*number *= pow(1000, (double)(scale - scales) + 1);
	return true;
}

/* "NAME", "NUMBER", either with ":SPREAD". */
static int parse(const struct grammar *g, const char *typed, uint8_t *profile, double *number,
                 double *spread, bool *given, struct fed_error *err)
{
	const char *colon = strchr(typed, ':');
	const size_t n = colon ? (size_t)(colon - typed) : strlen(typed);
	char head[64];

	if (n >= sizeof head)
		return refuse_name(g, typed, err);
	memcpy(head, typed, n);
	head[n] = 0;
	*spread = 0;
	*given = colon != NULL;
	if (colon && !(fed_parse_real(colon + 1, spread) && *spread >= 0 && *spread <= FED_SPREAD_MAX))
		return fed_fail(err,
		                "%s %s: after the colon comes the spread, a number from 0 to %g (standard "
		                "deviation of the logarithm)",
		                g->what, fed_show(typed).s, FED_SPREAD_MAX);
	for (size_t i = 0; g->name(NULL, i); i++)
		if (fed_same_name(g->name(NULL, i), head)) {
			*profile = (uint8_t)i;
			return FED_OK;
		}
	*profile = FED_NO_PROFILE;
	if (!read_number(head, number))
		return refuse_name(g, head, err);
	if (!(*number >= g->least && *number <= 1e30) && !(g->zero && *number == 0))
		return fed_fail(err, "%s %s: give a number from %g %s%s, or a name", g->what,
		                fed_show(head).s, g->least, g->unit, g->zero ? ", 0 for no time" : "");
	return FED_OK;
}

int fed_device_parse(const char *typed, struct fed_device_spec *out, struct fed_error *err)
{
	static const struct grammar g = {"device", "FLOP/s", "2e9", device_name, 1, true};
	struct fed_device_spec spec;

	if (parse(&g, typed, &spec.profile, &spec.flops, &spec.spread, &spec.spread_given, err))
		return FED_FAIL;
	if (spec.profile != FED_NO_PROFILE)
		spec.flops = fed_device_profiles[spec.profile].flops;
	*out = spec;
	return FED_OK;
}

/* Seconds of latency behind '@', which end at ':' or the end; *plain: the rest. */
static int cut_latency(const char *typed, char plain[100], double *latency, struct fed_error *err)
{
	const char *at = strchr(typed, '@'), *end = at ? at + strcspn(at, ":") : NULL;
	char seconds[40] = "";

	*latency = 0;
	if (!at || strlen(typed) >= 100) {
		snprintf(plain, 100, "%s", typed);
		return FED_OK;
	}
	snprintf(plain, 100, "%.*s%s", (int)(at - typed), typed, end);
	if ((size_t)(end - at) <= sizeof seconds)
		snprintf(seconds, sizeof seconds, "%.*s", (int)(end - at - 1), at + 1);
	if (!fed_parse_real(seconds, latency) || !(*latency >= 0 && *latency <= 1e6))
		return fed_fail(err, "link %s: behind @ comes the latency in seconds, as in 1e6@0.02",
		                fed_show(typed).s);
	return FED_OK;
}

int fed_link_parse(const char *typed, struct fed_link_spec *out, struct fed_error *err)
{
	static const struct grammar g = {"link", "bytes/s", "1e6", link_name, 1e-3, false};
	struct fed_link_spec spec;
	double rate, latency;
	char plain[100];

	if (cut_latency(typed, plain, &latency, err) ||
	    parse(&g, plain, &spec.profile, &rate, &spec.spread, &spec.spread_given, err))
		return FED_FAIL;
	if (strchr(typed, '@') && spec.profile != FED_NO_PROFILE)
		return fed_fail(err, "link %s: %s has a latency; behind @ comes that of a number",
		                fed_show(typed).s, fed_link_profiles[spec.profile].name);
	spec.link = spec.profile == FED_NO_PROFILE
	                ? (struct fed_link){.latency = latency, .up = rate, .down = rate}
	                : fed_link_profiles[spec.profile].link;
	*out = spec;
	return FED_OK;
}

int fed_device_spread_parse(const char *typed, double *out, struct fed_error *err)
{
	double spread = 0;

	if (!fed_same_name(typed, "auto") &&
	    !(fed_parse_real(typed, &spread) && spread >= 0 && spread <= FED_SPREAD_MAX))
		return fed_fail(err, "device-spread %s: give auto or a number from 0 to %g",
		                fed_show(typed).s, FED_SPREAD_MAX);
	*out = spread;
	return FED_OK;
}

/* One side of the server's link. */
static int parse_server_side(const char *typed, struct fed_link_spec *out, struct fed_error *err)
{
	if (strchr(typed, ':'))
		return fed_fail(err, "link %s: the server has one link, without a spread",
		                fed_show(typed).s);
	return fed_link_parse(typed, out, err);
}

int fed__server_link_parse(const char *typed, struct fed_server_link_rates *out,
                           struct fed_error *err)
{
	const char *slash = strchr(typed, '/');
	struct fed_link_spec up, down;
	char head[64];

	if (fed_same_name(typed, "none")) {
		*out = (struct fed_server_link_rates){0};
		return FED_OK;
	}
	if (slash && (size_t)(slash - typed) >= sizeof head)
		return fed_fail(err, "server-link %s: give none, a link such as lan, or bytes/s",
		                fed_show(typed).s);
	snprintf(head, sizeof head, "%.*s", slash ? (int)(slash - typed) : 63, typed);
	if (parse_server_side(head, &up, err))
		return FED_FAIL;
	down = up;
	if (slash && parse_server_side(slash + 1, &down, err))
		return FED_FAIL;
	if (slash && (up.profile != FED_NO_PROFILE || down.profile != FED_NO_PROFILE))
		return fed_fail(err, "server-link %s: on both sides of / are bytes/s, as in 1M/10M",
		                fed_show(typed).s);
	*out = (struct fed_server_link_rates){
		.up = up.link.up, .down = down.link.down, .latency = up.link.latency};
	return FED_OK;
}

/* Draws ------------------------------------------------------------------- */

enum { DRAW_DEVICE, DRAW_LINK };

static double factor(double spread, uint64_t seed, uint32_t client, uint64_t what)
{
	struct fed_stream s = fed_stream_open(seed, FED_FOR_DEVICE, client, what);

	return spread > 0 ? exp(spread * fed_stream_normal(&s)) : 1;
}

/* A drawn speed within the range of float: neither 0 nor infinite. */
static float in_range(double x)
{
	return (float)fmin(fmax(x, FLT_MIN), FLT_MAX);
}

float fed__device_draw(const struct fed_device_spec *spec, uint64_t seed, uint32_t client)
{
	return spec->flops > 0 ? in_range(spec->flops * factor(spec->spread, seed, client, DRAW_DEVICE))
	                       : 0;
}

struct fed_client_link fed__link_draw(const struct fed_link_spec *spec, uint64_t seed,
                                      uint32_t client)
{
	const struct fed_link *l = &spec->link;
	const double f = factor(spec->spread, seed, client, DRAW_LINK);

	return (struct fed_client_link){
		.latency = (float)l->latency,
		.jitter = (float)l->jitter,
		.up = isinf(l->up) ? INFINITY : in_range(l->up * f),
		.down = isinf(l->down) ? INFINITY : in_range(l->down * f),
		.drop_rate = (float)l->drop_rate,
	};
}

struct fed_link fed__link_of(const struct fed_client_link *l)
{
	return (struct fed_link){.latency = (double)l->latency,
	                         .jitter = (double)l->jitter,
	                         .up = (double)l->up,
	                         .down = (double)l->down,
	                         .drop_rate = (double)l->drop_rate};
}

/* Text -------------------------------------------------------------------- */

void fed_device_put(struct fed_text *out, uint8_t profile, float flops)
{
	if (!(flops > 0)) {
		fed_text_add(out, "ideal");
		return;
	}
	if (profile != FED_NO_PROFILE)
		fed_text_add(out, "%s ", fed_device_profiles[profile].name);
	fed_text_si(out, (double)flops, "FLOP/s");
}

void fed_link_put(struct fed_text *out, uint8_t profile, const struct fed_client_link *l)
{
	const bool named = profile != FED_NO_PROFILE;

	if (named)
		fed_text_add(out, "%s", fed_link_profiles[profile].name);
	if (named && (isinf(l->down) || l->down == (float)fed_link_profiles[profile].link.down))
		return;
	fed_text_add(out, named ? " " : "");
	fed_text_bytes(out, (double)l->down);
	fed_text_add(out, "/s%s", named ? " down" : "");
}

void fed_server_link_put(struct fed_text *out, const char *typed)
{
	struct fed_server_link_rates rates;
	struct fed_error unused;

	if (fed__server_link_parse(typed, &rates, &unused) || !(rates.up > 0)) {
		fed_text_add(out, "none");
		return;
	}
	fed_text_bytes(out, rates.up);
	fed_text_add(out, "/s up, ");
	fed_text_bytes(out, rates.down);
	fed_text_add(out, "/s down");
}
