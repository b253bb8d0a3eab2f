/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/resize.c - pictures turned, laid on a background, scaled.
 */
#include "data/readers/pictures/resize.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

void fed__pixels_turn(const struct fed_pixels *from, int orientation, struct fed_pixels *to)
{
	const bool across = orientation >= 5; /* rows become columns */
	const bool down = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
	const bool left = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
	const size_t c = from->channels;

	to->channels = from->channels;
	to->height = across ? from->width : from->height;
	to->width = across ? from->height : from->width;
	for (uint32_t y = 0; y < to->height; y++)
		for (uint32_t x = 0; x < to->width; x++) {
			const uint32_t v = down ? to->height - 1 - y : y, u = left ? to->width - 1 - x : x;
			const size_t at = across ? (size_t)u * from->width + v : (size_t)v * from->width + u;

			memcpy(to->v + ((size_t)y * to->width + x) * c, from->v + at * c, c);
		}
}

void fed__pixels_flatten(struct fed_pixels *p, enum fed_alpha how)
{
	const size_t n = (size_t)p->height * p->width, c = p->channels;
	const unsigned ground = how == FED_ALPHA_WHITE ? 255 : 0;

	if (c != 2 && c != 4)
		return;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *from = p->v + i * c;
		const unsigned alpha = how == FED_ALPHA_IGNORE ? 255 : from[c - 1];

		for (size_t k = 0; k + 1 < c; k++)
			p->v[i * (c - 1) + k] =
				(uint8_t)((from[k] * alpha + ground * (255 - alpha) + 127) / 255);
	}
	p->channels--;
}

void fed__pixels_recolour(const struct fed_pixels *from, uint8_t channels, uint8_t *to)
{
	const size_t n = (size_t)from->height * from->width;
	const uint8_t *v = from->v;

	if (channels == from->channels) {
		memcpy(to, v, n * channels);
		return;
	}
	if (channels == 3) {
		for (size_t i = 0; i < n; i++)
			memset(to + 3 * i, v[i], 3);
		return;
	}
	/* luma of ITU-R BT.601, in 1/1000 */
	for (size_t i = 0; i < n; i++, v += 3)
		to[i] = (uint8_t)((299u * v[0] + 587u * v[1] + 114u * v[2] + 500) / 1000);
}

/* Scaling ---------------------------------------------------------------------------------- */

struct fed_window fed__window_whole(const struct fed_pixels *p)
{
	return (struct fed_window){0, 0, p->height, p->width};
}

struct fed_window fed__window_middle(const struct fed_pixels *p, uint32_t height, uint32_t width)
{
	struct fed_window w = fed__window_whole(p);
	const uint64_t across = (uint64_t)p->width * height, up = (uint64_t)p->height * width;

	if (across > up)
		w.width = (double)up / height;
	else
		w.height = (double)across / width;
	w.y = (p->height - w.height) / 2;
	w.x = (p->width - w.width) / 2;
	return w;
}

/* Which cells of one direction make the cell i of n, and how much each counts: the weights add up
 * to one. */
struct taps {
	uint32_t first, n;
	float *weight;
};

static void area_taps(struct taps *t, double from, double until, uint32_t cells)
{
	const double low = fmax(from, 0), high = fmin(until, cells);

	t->first = (uint32_t)fmin(floor(low), cells - 1);
	t->n = 0;
	for (uint32_t k = t->first; k < cells && k < high; k++) {
		const double part = fmin(k + 1.0, high) - fmax(k, low);

		t->weight[t->n++] = (float)(part / (high - low));
	}
}

static void linear_taps(struct taps *t, double centre, uint32_t cells)
{
	const double at = fmin(fmax(centre, 0), cells - 1.0);

	t->first = (uint32_t)fmin(floor(at), cells > 1 ? cells - 2 : 0);
	t->n = cells > 1 ? 2 : 1;
	t->weight[0] = (float)(1 - (at - t->first));
	if (t->n == 2)
		t->weight[1] = (float)(at - t->first);
}

/* Taps of all n cells; the weights are behind them in the same block. */
static struct taps *make_taps(uint32_t n, double from, double length, uint32_t cells)
{
	const double step = length / n;
	const size_t most = (size_t)ceil(step) + 2;
	struct taps *t = fed_alloc(n * (sizeof *t + most * sizeof *t->weight));
	float *weight = t ? (float *)(t + n) : NULL;

	for (uint32_t i = 0; t && i < n; i++) {
		t[i].weight = weight + i * most;
		if (step > 1)
			area_taps(&t[i], from + i * step, from + (i + 1) * step, cells);
		else
			linear_taps(&t[i], from + (i + 0.5) * step - 0.5, cells);
	}
	return t;
}

/* Rows of the source that are needed, scaled across: (rows, to->width, channels). */
static void scale_across(const struct fed_pixels *from, const struct taps *across, uint32_t row0,
                         uint32_t rows, uint32_t width, float *out)
{
	const size_t c = from->channels;

	for (uint32_t y = row0; y < row0 + rows; y++) {
		const uint8_t *row = from->v + (size_t)y * from->width * c;

		for (uint32_t x = 0; x < width; x++)
			for (size_t k = 0; k < c; k++) {
				const uint8_t *at = row + across[x].first * c + k;
				float sum = 0;

				for (uint32_t i = 0; i < across[x].n; i++)
					sum += across[x].weight[i] * at[i * c];
				*out++ = sum;
			}
	}
}

static void scale_down(const float *rows, uint32_t row0, const struct taps *down,
                       const struct fed_pixels *to)
{
	const size_t row = (size_t)to->width * to->channels;

	for (uint32_t y = 0; y < to->height; y++)
		for (size_t x = 0; x < row; x++) {
			const float *at = rows + (size_t)(down[y].first - row0) * row + x;
			float sum = 0.5f;

			for (uint32_t i = 0; i < down[y].n; i++)
				sum += down[y].weight[i] * at[i * row];
			to->v[y * row + x] = (uint8_t)fminf(sum, 255);
		}
}

int fed__pixels_scale(const struct fed_pixels *from, const struct fed_window *w,
                      const struct fed_pixels *to, struct fed_error *err)
{
	struct taps *down = make_taps(to->height, w->y, w->height, from->height);
	struct taps *across = make_taps(to->width, w->x, w->width, from->width);
	float *rows = NULL;
	size_t size = 0;

	if (down && across) {
		const struct taps *last = &down[to->height - 1];
		const uint32_t row0 = down[0].first, n = last->first + last->n - row0;

		size = (size_t)n * to->width * to->channels * sizeof *rows;
		rows = fed_alloc(size);
		if (rows) {
			scale_across(from, across, row0, n, to->width, rows);
			scale_down(rows, row0, down, to);
		}
	}
	const bool done = rows != NULL;
	fed_free(down);
	fed_free(across);
	fed_free(rows);
	return done ? FED_OK : fed_fail_memory(err, size, "scaling a picture");
}
