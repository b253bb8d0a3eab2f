/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/glyphs.c - the `glyphs` source: handwriting-like digits, 28x28, drawn from strokes; no files
 * needed.
 *
 * One example: a style of the digit; its points wobble; the smooth strokes are Catmull-Rom curves;
 * an affine map turns, scales, shears and moves them into pixels; a round pen of random width
 * draws; contrast, background and pixel noise follow.
 */
#include "data/glyphs.h"

#include <math.h>

#include "base/random.h"
#include "data/source_internal.h"

enum {
	SIDE = 28,
	PIXELS = SIDE * SIDE,
	STEPS = 5, /* straight pieces between two points of a curve */
};

struct glyphs_args {
	int64_t train, test;
	double noise, distortion;
};
static const struct fed_field glyphs_fields[] = {
	FED_INT(struct glyphs_args, train, 20000, 1, 10000000, "training examples"),
	FED_INT(struct glyphs_args, test, 4000, 1, 10000000, "test examples"),
	FED_REAL(struct glyphs_args, noise, 0.1, 0, 1, "standard deviation of the pixel noise"),
	FED_REAL(struct glyphs_args, distortion, 1, 0, 3,
             "how much the digits turn, slant, stretch, move and wobble; 0: all alike"),
	FED_END,
};

/* The pen -------------------------------------------------------------------- */

struct canvas {
	float distance2[PIXELS]; /* of each pixel's centre to the nearest stroke, squared, in pixels */
	float reach;             /* pixels farther away are not drawn */
};

/* Distances to the segment a..b: to the foot of the perpendicular, or the nearer end. */
static void draw_segment(struct canvas *c, struct fed_point a, struct fed_point b)
{
	const int x0 = (int)fmaxf(0, fminf(a.x, b.x) - c->reach);
	const int y0 = (int)fmaxf(0, fminf(a.y, b.y) - c->reach);
	const int x1 = (int)fminf(SIDE - 1, fmaxf(a.x, b.x) + c->reach + 1);
	const int y1 = (int)fminf(SIDE - 1, fmaxf(a.y, b.y) + c->reach + 1);
	const float dx = b.x - a.x, dy = b.y - a.y;
	const float inverse = 1 / (dx * dx + dy * dy + 1e-12f);

	for (int y = y0; y <= y1; y++)
		for (int x = x0; x <= x1; x++) {
			const float px = (float)x - a.x, py = (float)y - a.y;
			float t = (px * dx + py * dy) * inverse;

			t = t < 0 ? 0 : t > 1 ? 1 : t;

			const float ex = px - t * dx, ey = py - t * dy;
			const float d2 = ex * ex + ey * ey;
			float *nearest = &c->distance2[y * SIDE + x];

			if (d2 < *nearest)
				*nearest = d2;
		}
}

/* Catmull-Rom (Catmull, Rom 1974) between b and c, neighbours a and d. */
static struct fed_point curve_at(struct fed_point a, struct fed_point b, struct fed_point c,
                                 struct fed_point d, float t)
{
	const float wa = t * (-1 + t * (2 - t)) / 2, wb = (2 + t * t * (-5 + 3 * t)) / 2;
	const float wc = t * (1 + t * (4 - 3 * t)) / 2, wd = t * t * (t - 1) / 2;

	return (struct fed_point){wa * a.x + wb * b.x + wc * c.x + wd * d.x,
	                          wa * a.y + wb * b.y + wc * c.y + wd * d.y};
}

static void draw_stroke(struct canvas *c, const struct fed_point *p, int n, bool smooth)
{
	for (int i = 0; i + 1 < n; i++) {
		if (!smooth) {
			draw_segment(c, p[i], p[i + 1]);
			continue;
		}

		struct fed_point from = p[i];

		for (int k = 1; k <= STEPS; k++) {
			const struct fed_point to = curve_at(p[i ? i - 1 : 0], p[i], p[i + 1],
			                                     p[i + 2 < n ? i + 2 : n - 1], (float)k / STEPS);

			draw_segment(c, from, to);
			from = to;
		}
	}
}

/* One digit -------------------------------------------------------------------- */

/* Pixel coordinates = m * (point - its centre) + move. */
struct affine {
	float m[2][2], move[2];
};

static struct affine draw_affine(struct fed_stream *r, double distortion)
{
	const double turn = 0.14 * distortion * fed_stream_normal(r);
	const double slant = 0.18 * distortion * fed_stream_normal(r);
	const double width = 12.5 * exp(0.16 * distortion * fed_stream_normal(r));
	const double height = 18.5 * exp(0.1 * distortion * fed_stream_normal(r));
	const double c = cos(turn), s = sin(turn);
	struct affine map = {.m = {{(float)(c * width), (float)((-c * slant - s) * height)},
	                           {(float)(s * width), (float)((-s * slant + c) * height)}}};

	for (int k = 0; k < 2; k++)
		map.move[k] = (float)((SIDE - 1) / 2.0 + 1.2 * distortion * fed_stream_normal(r));
	return map;
}

static void draw_glyph(struct canvas *c, const struct fed_glyph *glyph, double distortion,
                       struct fed_stream *r)
{
	const struct affine map = draw_affine(r, distortion);
	const double wobble = 0.045 * distortion;

	for (int s = 0; s < glyph->n; s++) {
		const struct fed_stroke *stroke = &glyph->stroke[s];
		struct fed_point p[FED_STROKE_POINTS];

		for (int i = 0; i < stroke->n; i++) {
			const float x = stroke->at[i].x - 0.5f + (float)(wobble * fed_stream_normal(r));
			const float y = stroke->at[i].y - 0.5f + (float)(wobble * fed_stream_normal(r));

			p[i].x = map.m[0][0] * x + map.m[0][1] * y + map.move[0];
			p[i].y = map.m[1][0] * x + map.m[1][1] * y + map.move[1];
		}
		draw_stroke(c, p, stroke->n, stroke->smooth);
	}
}

/* Nearly normal, twice for one draw: the sum of four bytes has mean 510 and deviation 147.8. */
static void noise_pair(struct fed_stream *r, float deviation, float out[2])
{
	uint64_t bits = fed_stream_u64(r);

	for (int k = 0; k < 2; k++, bits >>= 32) {
		const uint32_t sum =
			(bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24 & 255);

		out[k] = ((float)sum - 510.0f) * (deviation / 147.8f);
	}
}

/* Ink where the distance is under the pen's radius, with an edge one pixel wide. */
static void develop(const struct canvas *c, float radius, const struct glyphs_args *args,
                    struct fed_stream *r, uint8_t *pixels)
{
	const float paper = (float)(0.12 * args->distortion * fed_stream_real(r));
	const float ink = 1 - paper - (float)(0.12 * args->distortion * fed_stream_real(r));

	for (int i = 0; i < PIXELS; i += 2) {
		float noise[2];

		noise_pair(r, (float)args->noise, noise);
		for (int k = 0; k < 2; k++) {
			float cover = radius + 0.5f - sqrtf(c->distance2[i + k]);

			cover = cover < 0 ? 0 : cover > 1 ? 1 : cover;

			const float value = 255 * (paper + ink * cover + noise[k]);

			pixels[i + k] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f);
		}
	}
}

static void draw_digit(struct fed_dataset *data, const struct glyphs_args *args, uint64_t seed,
                       uint32_t i)
{
	struct fed_stream r = fed__example_stream(seed, FED_GENERATOR_GLYPHS, data, i);
	const uint32_t digit = fed_stream_below(&r, 10);
	const float radius = (float)(1.1 * exp(0.25 * args->distortion * fed_stream_normal(&r)));
	struct canvas c = {.reach = radius + 1};
	uint32_t styles = 0;

	while (styles < FED_GLYPH_STYLES && fed__glyphs[digit][styles].n)
		styles++;
	for (int k = 0; k < PIXELS; k++)
		c.distance2[k] = PIXELS;
	draw_glyph(&c, &fed__glyphs[digit][fed_stream_below(&r, styles)], args->distortion, &r);
	develop(&c, radius, args, &r, data->bytes + (size_t)i * PIXELS);
	data->label[i] = (int32_t)digit;
}

static int glyphs_load(struct fed_dataset **out, const void *args_, const char *path,
                       const struct fed_generation *making, struct fed_error *err)
{
	const struct glyphs_args *args = args_;
	const struct fed_dataset_plan plan = {.name = "glyphs",
	                                      .shape = {.rank = 3, .dim = {SIDE, SIDE, 1}},
	                                      .classes = 10,
	                                      .train = (uint32_t)args->train,
	                                      .test = (uint32_t)args->test,
	                                      .bytes = true};

	(void)path;
	int rc = fed__dataset_new(out, &plan, err);

	for (uint32_t i = 0; rc == FED_OK && i < plan.train + plan.test; i++) {
		draw_digit(*out, args, making->seed, i);
		rc = fed__generation_check(making, i + 1, err);
	}
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

const struct fed_source fed__source_glyphs = {
	.name = "glyphs",
	.help = "28x28 digits drawn from strokes, from the seed",
	.doc = "Digits as people write them, in several styles, with random rotation, scale, slant, "
		   "place,\n"
		   "pen width, wobble, contrast and pixel noise; needs no files.  As hard as it should be\n"
		   "for teaching: a linear model stays under 93 %, McMahan's CNN passes 98 %.",
	.fields = glyphs_fields,
	.args_size = sizeof(struct glyphs_args),
	.load = glyphs_load,
};
