/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/recording_fit.c - devices and links that take as long as the clients of a recording did.
 *
 * The server learns two times of an invitation: a, from sending the model to the word that it has
 * arrived, and b, from then to the answer.  With latency l and rate r in both directions a = 2 l +
 * down/r and b = training + up/r, for the word and the answer travel equally long.  Small messages
 * tell 2 l (the shortest round trip), medians of a then tell r, and medians of b the training,
 * which FLOPs turn into a device's speed.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "room/recording.h"

/* Seconds below which a difference of two times is noise of the machine. */
#define RESOLUTION 2e-5
/* A median training shorter than this is not told from none: the fastest device that is made. */
#define TRAINING_LEAST 1e-6

/* Medians ---------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. */
static double median(double *x, size_t n)
{
	if (n == 0)
		return NAN;
	qsort(x, n, sizeof *x, ascending);
	return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* One client --------------------------------------------------------------------------------- */

static bool is_measured(const struct fed_recorded *of)
{
	return !isnan(of->delivered) && !isnan(of->answered);
}

/* Seconds until the word came that the model has arrived: on a busy machine the server may take it
 * after the answer. */
static double delivery_of(const struct fed_recorded *of)
{
	return fmin(of->delivered, isnan(of->answered) ? INFINITY : of->answered) - of->sent;
}

/* Seconds from there to the answer. */
static double work_of(const struct fed_recorded *of)
{
	return of->answered - of->sent - delivery_of(of);
}

static double shortest_round_trip(const struct fed_recording *r, uint32_t client)
{
	double least = INFINITY;

	for (size_t i = 0; i < r->n; i++) {
		const struct fed_recorded *of = &r->of[i];

		if (of->client != client)
			continue;
		if (of->round_trip < least)
			least = of->round_trip;
		if (!isnan(of->delivered) && delivery_of(of) < least)
			least = delivery_of(of);
	}
	return isinf(least) ? 0 : least;
}

/* Fit latency and rate by the deliveries: x has memory for all rows. */
static void fit_link(const struct fed_recording *r, struct fed_fitted_client *c, double *x)
{
	const double trip = shortest_round_trip(r, c->client);
	double bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->of[i].client == c->client && !isnan(r->of[i].delivered)) {
			x[n++] = delivery_of(&r->of[i]);
			bytes += (double)r->of[i].bytes_down;
		}
	const double took = median(x, n) - trip;
	c->latency = trip / 2;
	c->rate = n && took > RESOLUTION ? bytes / (double)n / took : INFINITY;
}

/* Fit the device by what is left of the answers' times; where an upload at that rate would take
 * most of them, messages wait for other reasons than their size: that becomes latency. */
static void fit_device(const struct fed_recording *r, struct fed_fitted_client *c, double *x)
{
	double flops = 0, up = 0, down = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct fed_recorded *of = &r->of[i];

		if (of->client != c->client || !is_measured(of))
			continue;
		x[n++] = work_of(of);
		flops += of->flops;
		up += (double)of->bytes_up;
		down += (double)of->bytes_down;
	}
	if (n == 0)
		return;
	const double work = median(x, n), least = up / (double)n / (0.5 * fmax(work, TRAINING_LEAST));
	if (c->rate < least) {
		c->latency += (down / (double)n / c->rate - down / (double)n / least) / 2;
		c->rate = least;
	}
	c->device = flops / (double)n / fmax(work - up / (double)n / c->rate, TRAINING_LEAST);
}

static void count_client(const struct fed_recording *r, struct fed_fitted_client *c)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct fed_recorded *of = &r->of[i];

		if (of->client != c->client)
			continue;
		c->examples = of->examples;
		c->answers += !isnan(of->answered);
		c->lost += isnan(of->answered) && *of->why;
		c->undelivered += isnan(of->answered) && *of->why && isnan(of->delivered);
	}
}

/* Rounds ------------------------------------------------------------------------------------- */

static const struct fed_fitted_client *fitted(const struct fed_room_fit *fit, uint32_t client)
{
	for (uint32_t i = 0; i < fit->n; i++)
		if (fit->client[i].client == client)
			return &fit->client[i];
	return NULL;
}

static double made_seconds(const struct fed_fitted_client *c, const struct fed_recorded *of)
{
	return 2 * c->latency + (double)of->bytes_down / c->rate + (double)of->bytes_up / c->rate +
	       (c->device > 0 ? of->flops / c->device : 0);
}

/* Seconds of the invitations from row i on that have its version, in reality and as made; returns
 * the first row behind them.  NaN: none was answered. */
static size_t measure_round(const struct fed_room_fit *fit, const struct fed_recording *r, size_t i,
                            double *real, double *made)
{
	const uint64_t version = r->of[i].version;
	const double began = r->of[i].sent;

	*real = *made = NAN;
	for (; i < r->n && r->of[i].version == version; i++) {
		const struct fed_recorded *of = &r->of[i];
		const struct fed_fitted_client *c = fitted(fit, of->client);

		if (!c || !is_measured(of))
			continue;
		*real = fmax(*real, of->answered - began);
		*made = fmax(*made, made_seconds(c, of));
	}
	return i;
}

/* How well the fit reproduces the rounds; x: memory for three numbers of each row. */
static void judge(struct fed_room_fit *fit, const struct fed_recording *r, double *x)
{
	double *real = x, *made = x + r->n, *error = x + 2 * r->n;

	for (size_t i = 0; i < r->n;) {
		const uint32_t k = fit->rounds;

		i = measure_round(fit, r, i, &real[k], &made[k]);
		if (isnan(real[k]) || !(real[k] > 0))
			continue;
		error[k] = fabs(made[k] - real[k]) / real[k];
		fit->worst = fmax(fit->worst, error[k]);
		fit->rounds++;
	}
	fit->real = median(real, fit->rounds);
	fit->made = median(made, fit->rounds);
	fit->error = median(error, fit->rounds);
}

/* All ------------------------------------------------------------------------------------------ */

static bool is_listed(const struct fed_room_fit *fit, uint32_t client)
{
	return fitted(fit, client) != NULL;
}

static int by_client(const void *a, const void *b)
{
	const struct fed_fitted_client *x = a, *y = b;

	return (x->client > y->client) - (x->client < y->client);
}

int fed_room_fit_make(struct fed_room_fit *fit, const struct fed_recording *r,
                      struct fed_error *err)
{
	*fit = (struct fed_room_fit){.first = UINT64_MAX};
	double *x = fed_alloc_array(3 * r->n + 1, sizeof *x);
	fit->client = fed_alloc_array(r->n + 1, sizeof *fit->client);
	if (!x || !fit->client) {
		fed_free(x);
		fed_room_fit_release(fit);
		return fed_fail_memory(err, r->n * sizeof *x, "the fit of a recording");
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct fed_recorded *of = &r->of[i];

		fit->first = of->version < fit->first ? of->version : fit->first;
		fit->last = of->version > fit->last ? of->version : fit->last;
		if (is_measured(of) && !is_listed(fit, of->client))
			fit->client[fit->n++] = (struct fed_fitted_client){.client = of->client};
	}
	qsort(fit->client, fit->n, sizeof *fit->client, by_client);
	for (uint32_t k = 0; k < fit->n; k++) {
		count_client(r, &fit->client[k]);
		fit_link(r, &fit->client[k], x);
		fit_device(r, &fit->client[k], x);
	}
	judge(fit, r, x);
	fed_free(x);
	if (fit->n)
		return FED_OK;
	fed_room_fit_release(fit);
	return fed_reject(err, "no real client has answered yet; `round` first");
}

void fed_room_fit_release(struct fed_room_fit *fit)
{
	fed_free(fit->client);
	*fit = (struct fed_room_fit){0};
}
