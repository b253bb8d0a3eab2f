/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/input_plane.h - a plane in the space of a dataset's inputs, on which a model's decisions
 * can be drawn.
 *
 * A point (u, v) of the plane is the input origin + u * axis[0] + v * axis[1]. With two features it
 * is the whole space. With more it goes through the mean of the test examples along their first two
 * principal components, or through three test examples; examples beside it are projected onto it.
 */
#ifndef FED_REPORT_INPUT_PLANE_H
#define FED_REPORT_INPUT_PLANE_H

#include "base/text.h"
#include "data/dataset.h"

enum fed_input_plane_kind {
	FED_PLANE_FEATURES,   /* the two features themselves */
	FED_PLANE_COMPONENTS, /* two principal components of the test examples */
	FED_PLANE_EXAMPLES,   /* through three test examples */
};

struct fed_input_plane {
	enum fed_input_plane_kind kind;
	const struct fed_dataset *data; /* borrowed */
	uint64_t fingerprint;           /* of the dataset */
	size_t d;                       /* numbers of an input */
	float *origin, *axis[2];        /* [d] each, the axes orthonormal; one block */
	double low[2], high[2];         /* what is drawn: the examples and a margin */
	double shown;                   /* components: share of the variance; NaN: none */
	uint32_t example[3];            /* of the test examples, from 0 */
	double least, most;             /* regression: range of the first target of the test examples */
};

/* through: three test examples, counted from 0, or NULL. FED_REJECT where the inputs are tokens or
 * the three examples make no plane. */
int fed_input_plane_init(struct fed_input_plane *, const struct fed_dataset *,
                         const uint32_t through[3], struct fed_error *);
void fed_input_plane_release(struct fed_input_plane *); /* zeroed is fine */
/* Three test examples for such a plane: the first of each of three classes, or of two and one more.
 * FED_REJECT: there are fewer than three test examples. */
int fed_input_plane_choose(const struct fed_dataset *, uint32_t through[3], struct fed_error *);

/* The input at a point, into x [d]. */
void fed__input_plane_point(const struct fed_input_plane *, double u, double v, float *x);
/* The point nearest to an input x [d]. */
void fed__input_plane_place(const struct fed_input_plane *, const float *x, double at[2]);
/* Width by height of the part that is drawn. */
double fed_input_plane_aspect(const struct fed_input_plane *);
/* "the two features of moons", "two principal components (41 % of the variance)", "the plane
 * through test examples 3, 8 and 17". */
void fed_input_plane_title(const struct fed_input_plane *, struct fed_text *);

#endif
