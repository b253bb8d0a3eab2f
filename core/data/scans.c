/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/scans.c - the `scans` source: grey medical-like scans, 28x28, of hospitals whose scanners
 * differ; no files needed.
 *
 * One scan: tissue, a sum of plane waves of random direction, phase and length within a band; a
 * lesion of its class somewhere in it, faint and of random size; then the hospital's scanner
 * (contrast, brightness, sharpness, noise).  A class has no place and no mean brightness of its
 * own, so weights for each pixel see little of it.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "data/source_internal.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, WAVES = 14, MARGIN = 7 };

/* Wavelengths of tissue in pixels: about the width of lesions. */
#define SHORTEST 7.0
#define LONGEST 22.0

enum lesion { CLEAR, MASS, CYST, STAR, LESIONS };
static const char *const lesions[LESIONS] = {"clear", "mass", "cyst", "star"};

struct scans_args {
	int64_t train, test, hospitals;
	double differ, noise, lesion;
};
static const struct fed_field scans_fields[] = {
	FED_INT(struct scans_args, train, 1500, 1, 10000000, "training scans, of all hospitals"),
	FED_INT(struct scans_args, test, 1000, 1, 10000000, "test scans, as many of each hospital"),
	FED_INT(struct scans_args, hospitals, 5, 1, 100000,
            "the users of `natural`; the k-th has 1/k times the scans of the first"),
	FED_REAL(struct scans_args, differ, 1, 0, 3, "how much the scanners differ; 0: all alike"),
	FED_REAL(struct scans_args, noise, 0.05, 0, 1,
             "standard deviation of a middling scanner's noise"),
	FED_REAL(struct scans_args, lesion, 0.5, 0, 1, "how much brighter than the tissue lesions are"),
	FED_END,
};

/* Scanners --------------------------------------------------------------------- */

struct scanner {
	float contrast, brightness; /* grey = brightness + contrast * (tissue and lesion) */
	float noise;
	float blur; /* weight of a pixel's four neighbours, 0 to 1/5 */
};

static struct scanner scanner_of(const struct scans_args *args, uint64_t seed, uint32_t hospital)
{
	struct fed_stream r = fed__common_stream(seed, FED_GENERATOR_SCANS, hospital);
	const double d = args->differ;
	struct scanner s;

	s.contrast = (float)exp(d * 0.5 * (2 * fed_stream_real(&r) - 1));
	s.brightness = (float)(0.4 + d * 0.22 * (2 * fed_stream_real(&r) - 1));
	s.noise = (float)(args->noise * exp(d * 0.7 * (2 * fed_stream_real(&r) - 1)));
	s.blur = (float)fmin(0.2, 0.05 + d * 0.1 * fed_stream_real(&r));
	return s;
}

/* One scan --------------------------------------------------------------------- */

/* Mean 0, variance near 0.14^2.  A wave over the plane is a product of waves over x and y. */
static void draw_tissue(struct fed_stream *r, float *grey)
{
	const float height = (float)(0.14 * sqrt(2.0 / WAVES));

	memset(grey, 0, PIXELS * sizeof *grey);
	for (int w = 0; w < WAVES; w++) {
		const double length = SHORTEST * pow(LONGEST / SHORTEST, fed_stream_real(r));
		const double turn = M_PI * fed_stream_real(r), phase = 2 * M_PI * fed_stream_real(r);
		const double kx = 2 * M_PI / length * cos(turn), ky = 2 * M_PI / length * sin(turn);
		float cx[SIDE], sx[SIDE];

		for (int x = 0; x < SIDE; x++) {
			cx[x] = height * (float)cos(kx * x + phase);
			sx[x] = height * (float)sin(kx * x + phase);
		}
		for (int y = 0; y < SIDE; y++) {
			const float cy = (float)cos(ky * y), sy = (float)sin(ky * y);

			for (int x = 0; x < SIDE; x++)
				grey[y * SIDE + x] += cx[x] * cy - sx[x] * sy;
		}
	}
}

/* 1 well inside, 0 well outside, an edge about two pixels wide; `inside` in pixels. */
static double soft(double inside)
{
	return 1 / (1 + exp(-2.5 * inside));
}

/* A mass is a disc, a cyst has only its rim, a star's edge runs out into five spikes. */
static void draw_lesion(enum lesion kind, double height, struct fed_stream *r, float *grey)
{
	const double cx = MARGIN + (SIDE - 1 - 2 * MARGIN) * fed_stream_real(r);
	const double cy = MARGIN + (SIDE - 1 - 2 * MARGIN) * fed_stream_real(r);
	const double radius = 2.8 + 1.7 * fed_stream_real(r), turn = 2 * M_PI * fed_stream_real(r);
	const double bright = height * (0.7 + 0.6 * fed_stream_real(r));

	for (int i = 0; kind != CLEAR && i < PIXELS; i++) {
		const double dx = i % SIDE - cx, dy = i / SIDE - cy, d = hypot(dx, dy);
		double cover;

		if (kind == MASS)
			cover = soft(radius - d);
		else if (kind == CYST)
			cover = soft(1 - fabs(d - radius));
		else
			cover = soft(radius * (1 + 0.75 * cos(5 * atan2(dy, dx) + turn)) - d);
		grey[i] += (float)(bright * cover);
	}
}

/* Neighbours beyond the edge are the pixel itself. */
static float blurred(const float *grey, int x, int y, float blur)
{
	const float *p = grey + y * SIDE + x;
	const float around = (x ? p[-1] : *p) + (x < SIDE - 1 ? p[1] : *p) + (y ? p[-SIDE] : *p) +
	                     (y < SIDE - 1 ? p[SIDE] : *p);

	return (1 - 4 * blur) * *p + blur * around;
}

static void scan(const struct scanner *s, const float *grey, struct fed_stream *r, uint8_t *pixels)
{
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++) {
			const float seen = s->brightness + s->contrast * blurred(grey, x, y, s->blur);
			const float value = 255 * (seen + s->noise * (float)fed_stream_normal(r));

			pixels[y * SIDE + x] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f);
		}
}

/* Hospital k = 0, 1, ... with probability in proportion to 1 / (k + 1); sum: of these. */
static uint32_t draw_hospital(struct fed_stream *r, uint32_t hospitals, double sum)
{
	double left = sum * fed_stream_real(r);
	uint32_t k = 0;

	for (; k + 1 < hospitals; k++) {
		left -= 1.0 / (k + 1);
		if (left < 0)
			break;
	}
	return k;
}

static void draw_scan(struct fed_dataset *data, const struct scans_args *args,
                      const struct scanner *scanner, double sum, uint64_t seed, uint32_t i)
{
	struct fed_stream r = fed__example_stream(seed, FED_GENERATOR_SCANS, data, i);
	const enum lesion kind = (enum lesion)fed_stream_below(&r, LESIONS);
	uint32_t hospital;
	float grey[PIXELS];

	if (i < data->train)
		hospital = data->owner[i] = draw_hospital(&r, data->owners, sum);
	else
		hospital = (i - data->train) % data->owners;
	draw_tissue(&r, grey);
	draw_lesion(kind, args->lesion, &r, grey);
	scan(&scanner[hospital], grey, &r, data->bytes + (size_t)i * PIXELS);
	data->label[i] = (int32_t)kind;
}

static int fill(struct fed_dataset *data, const struct scans_args *args,
                const struct fed_generation *making, struct fed_error *err)
{
	struct scanner *scanner = fed_alloc_array(data->owners, sizeof *scanner);
	double sum = 0;
	int rc = FED_OK;

	if (!scanner)
		return fed_fail_memory(err, data->owners * sizeof *scanner, "the scanners");
	for (uint32_t k = 0; k < data->owners; k++) {
		scanner[k] = scanner_of(args, making->seed, k);
		sum += 1.0 / (k + 1);
	}
	for (uint32_t i = 0; rc == FED_OK && i < data->train + data->test; i++) {
		draw_scan(data, args, scanner, sum, making->seed, i);
		rc = fed__generation_check(making, i + 1, err);
	}
	fed_free(scanner);
	return rc;
}

static int scans_load(struct fed_dataset **out, const void *args_, const char *path,
                      const struct fed_generation *making, struct fed_error *err)
{
	const struct scans_args *args = args_;
	const struct fed_dataset_plan plan = {.name = "scans",
	                                      .shape = {.rank = 3, .dim = {SIDE, SIDE, 1}},
	                                      .classes = LESIONS,
	                                      .train = (uint32_t)args->train,
	                                      .test = (uint32_t)args->test,
	                                      .bytes = true};

	(void)path;
	int rc = fed__dataset_new(out, &plan, err);

	if (rc)
		return rc;

	struct fed_dataset *data = *out;

	data->owners = (uint32_t)args->hospitals;
	data->owner = fed_alloc_array(data->train, sizeof *data->owner);
	if (!data->owner)
		return fed_fail_memory(err, data->train * sizeof *data->owner, "the scans' hospitals");
	rc = fed__dataset_name_classes(data, lesions, err);
	if (rc == FED_OK)
		rc = fill(data, args, making, err);
	if (rc == FED_OK)
		fed__dataset_seal(data);
	return rc;
}

const struct fed_source fed__source_scans = {
	.name = "scans",
	.help = "28x28 grey scans with lesions, of hospitals whose scanners differ, from the seed",
	.doc =
		"Tissue is band-limited noise: plane waves 7 to 22 pixels long. In it lies nothing\n"
		"(clear), a bright disc (mass), a rim (cyst) or a disc with five spikes (star), of\n"
		"random place, size and brightness. Each hospital has its own scanner: contrast,\n"
		"brightness, sharpness and noise. A training scan is of hospital k with probability in\n"
		"proportion to 1/k, so all have few and each has fewer than the one before it; test\n"
		"scans come from all alike. The hospitals are the users of `add-client 5 natural`.\n"
		"No patient was scanned: these are drawings to learn with. A small CNN passes 85 % where\n"
		"the hospitals learn together; a linear model stays under 50 %.",
	.fields = scans_fields,
	.args_size = sizeof(struct scans_args),
	.load = scans_load,
};
