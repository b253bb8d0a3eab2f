/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/recording.c - the rows of a recording.
 */
#include "room/recording.h"

#include <math.h>

#include "base/mem.h"

void fed__recording_release(struct fed_recording *r)
{
	fed_free(r->of);
	*r = (struct fed_recording){0};
}

/* Memory for one more. */
static bool reserve(struct fed_recording *r)
{
	if (r->n < r->capacity)
		return true;
	if (r->n >= FED_RECORDED_MOST)
		return false;
	const size_t more = r->capacity ? 2 * r->capacity : 64;
	struct fed_recorded *grown =
		fed_resize(r->of, r->capacity * sizeof *grown, more * sizeof *grown);
	if (!grown)
		return false;
	r->of = grown;
	r->capacity = more;
	return true;
}

void fed__recording_sent(struct fed_recording *r, const struct fed_recorded *of)
{
	if (r->n && of->version < r->of[r->n - 1].version)
		r->n = 0;
	if (!reserve(r)) {
		r->left_out++;
		return;
	}
	r->of[r->n++] = *of;
}

/* The client's last row, or NULL. */
static struct fed_recorded *last_of(struct fed_recording *r, uint32_t client)
{
	for (size_t i = r->n; i-- > 0;)
		if (r->of[i].client == client)
			return &r->of[i];
	return NULL;
}

void fed__recording_delivered(struct fed_recording *r, uint32_t client, uint64_t message,
                              double when)
{
	struct fed_recorded *of = last_of(r, client);

	if (of && of->message == message)
		of->delivered = when;
}

void fed__recording_answered(struct fed_recording *r, uint32_t client, uint64_t invitation,
                             double when, uint64_t bytes)
{
	struct fed_recorded *of = last_of(r, client);

	if (!of || of->invitation != invitation || !isnan(of->answered))
		return;
	of->answered = when;
	of->bytes_up = bytes;
}

void fed__recording_lost(struct fed_recording *r, uint32_t client, const char *why)
{
	struct fed_recorded *of = last_of(r, client);

	if (of && isnan(of->answered) && !*of->why)
		snprintf(of->why, sizeof of->why, "%s", *why ? why : "lost");
}
