/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * geometric.h - the geometric median, shared by geometric-median and bgd.
 *
 *     z = argmin_z f(z),   f(z) = sum_i w_i |z - x_i|
 *
 * Weiszfeld's method (Weiszfeld 1937): z is iteratively the mean with the weights w_i / |z - x_i|.
 * It begins at the row of the least f by the step of Vardi and Zhang (2000), which stays there when
 * this row is the median; as f falls with every step, z reaches no other row.  Each third step is
 * an extrapolation of the two before it (Aitken), if f falls by it.  It ends when the gradient is a
 * small part of the sum of weights, which the length of a far row does not enter.
 *
 * z is always an affine combination sum_i a_i x_i, so the steps need only squared distances D
 * between rows: |z - x_i|^2 = (D a)_i - a'Da / 2.  A row that is very far from the center c (the
 * row around which half of the weight lies closest) would lose the others in rounding of that
 * difference.  It is represented by a row x' nearer to c on the same line, x = c + s (x' - c),
 * which is the same problem: combinations of the x are combinations of the x'.
 */
#ifndef GEOMETRIC_H
#define GEOMETRIC_H

#include <math.h>
#include <string.h>

#include "robust.h"

struct geometric {
	double tolerance; /* stop when |sum_i w_i (x_i - z)/|x_i - z|| is below this share of sum w_i */
	int64_t iterations;
};

/* Field rows for members of these names. */
#define GEOMETRIC_ROWS(S)                                                                   \
	FED_REAL(S, tolerance, 1e-6, 0, 1, "stop when the sum of pulls is this share or less"), \
		FED_INT(S, iterations, 1000, 1, 1000000, "steps of Weiszfeld's method at most")

/* As shares of the middle distance from the center: the least value of a distance, and the least
 * distance of representatives.  Representatives are also so far away that rounding their
 * coordinates to floats hardly turns them, as a share of the center's distance from the origin; the
 * host computes distances below about 0.1 of that from the differences.  Rows up to GEOMETRIC_FAR
 * times as far away represent themselves. */
#define GEOMETRIC_LEAST 1e-7
#define GEOMETRIC_NEARER 32.0
#define GEOMETRIC_NEARER_OF_CENTER 0.03
#define GEOMETRIC_FAR 4.0

enum { GEOMETRIC_EXPONENTS = 1100 }; /* more than those of a double, on either side of 0 */

/* A point: its coefficients on the rows, those on their representatives, and D times these. */
struct geometric_point {
	double *a, *b, *product; /* [n] */
};

struct geometric_work {
	const struct fed_host *host;
	const float *const *row;
	size_t n, center, first; /* first: the row of the least f */
	double *w;               /* [n], of equal rows the first one has all; 0: infinitely far away */
	double *square;          /* [n][n], D of the representatives */
	double *stretch;         /* [n], s; 1: the row itself */
	uint32_t *same;          /* [n], the first of the rows that are equal to this one */
	double *distance;        /* [n], from the point measured last */
	struct geometric_point here, last, before;
	double total;  /* of w */
	double middle; /* the distance from the center that half of the weight does not exceed, to a
	                * factor of 2 */
	double value;  /* f at the point measured last, less the distances of the far rows to c */
	double pull;   /* sum_i w_i / |z - x_i| there */
};

/* Points ----------------------------------------------------------------- */

static inline int geometric_point_init(struct geometric_point *p, const struct geometric_work *g,
                                       struct fed_error *err)
{
	double *block = g->host->scratch(g->host, 3 * g->n, sizeof *block, err);

	if (!block)
		return FED_FAIL;
	*p = (struct geometric_point){block, block + g->n, block + 2 * g->n};
	return FED_OK;
}

static inline void geometric_copy(const struct geometric_work *g, struct geometric_point *to,
                                  const struct geometric_point *from)
{
	memcpy(to->a, from->a, 3 * g->n * sizeof *to->a);
}

/* Compute b and product of p from a, whose sum is 1 (of a difference of points: 0). */
static inline void geometric_multiply(const struct geometric_work *g, struct geometric_point *p,
                                      double sum)
{
	for (size_t i = 0; i < g->n; i++) {
		p->b[i] = p->a[i] * g->stretch[i];
		p->product[i] = 0;
		sum -= i == g->center ? 0 : p->b[i];
	}
	p->b[g->center] = sum;
	for (size_t i = 0; i < g->n; i++) {
		const double *square = g->square + i * g->n, b = p->b[i];

		for (size_t j = 0; j < g->n && b != 0; j++)
			p->product[j] += b * square[j];
	}
}

/* Inner product of the differences p - q and s - t of points. */
static inline double geometric_dot(const struct geometric_work *g, const struct geometric_point *p,
                                   const struct geometric_point *q, const struct geometric_point *s,
                                   const struct geometric_point *t)
{
	double sum = 0;

	for (size_t i = 0; i < g->n; i++)
		sum -= 0.5 * (p->b[i] - q->b[i]) * (s->product[i] - t->product[i]);
	return sum;
}

/* |x_i - z| from the squared distances of z to row i's representative and to the center (Stewart's
 * theorem), into *distance; *excess grows by |x_i - z| - |x_i - c| for a far row, by |x_i - z| for
 * a near one. */
static inline void geometric_stretch(const struct geometric_work *g, size_t i, double square,
                                     double center, double *distance, double *excess)
{
	const double s = g->stretch[i], least = GEOMETRIC_LEAST * g->middle;

	if (s == 1) {
		*distance = sqrt(fmax(square, least * least));
		*excess += g->w[i] * *distance;
		return;
	}
	const double nearer = g->square[g->center * g->n + i], length = s * sqrt(nearer);
	const double change = s * (square - center - nearer) + center;
	*distance = sqrt(fmax(length * length + change, least * least));
	*excess += g->w[i] * change / (*distance + length);
}

/* Compute f, the distances and the pull at p, whose products are computed. */
static inline void geometric_measure(struct geometric_work *g, struct geometric_point *p)
{
	double half = 0;

	geometric_multiply(g, p, 1);
	g->value = g->pull = 0;
	for (size_t i = 0; i < g->n; i++)
		half += 0.5 * p->b[i] * p->product[i];
	for (size_t i = 0; i < g->n; i++) {
		if (g->w[i] == 0)
			continue;
		geometric_stretch(g, i, p->product[i] - half, p->product[g->center] - half, &g->distance[i],
		                  &g->value);
		g->pull += g->w[i] / g->distance[i];
	}
}

/* Compute the weights of Weiszfeld's next step into a [n]. */
static inline void geometric_weigh(const struct geometric_work *g, double *a)
{
	for (size_t i = 0; i < g->n; i++)
		a[i] = g->w[i] == 0 ? 0 : g->w[i] / g->distance[i] / g->pull;
}

/* The problem ------------------------------------------------------------ */

/* A power of two: at least half of the total weight lies no farther than this from row i, squared;
 * 0: at least half lies in it; infinite: not half lies at a finite distance. */
static inline double geometric_middle(const struct geometric_work *g, size_t i, double *of_exponent)
{
	const double *square = g->square + i * g->n;
	int lowest = GEOMETRIC_EXPONENTS, highest = -GEOMETRIC_EXPONENTS;
	double sum = 0;

	for (size_t j = 0; j < g->n; j++) {
		if (square[j] == 0) {
			sum += g->w[j];
		} else if (isfinite(square[j])) {
			const int e = ilogb(square[j]);

			/* Only the part between the lowest and the highest so far is cleared. */
			for (; highest < e && highest >= lowest; highest++)
				of_exponent[highest + 1] = 0;
			for (; lowest > e && highest >= lowest; lowest--)
				of_exponent[lowest - 1] = 0;
			if (highest < lowest) {
				lowest = highest = e;
				of_exponent[e] = 0;
			}
			of_exponent[e] += g->w[j];
		}
	}
	if (sum >= g->total / 2)
		return 0;
	for (int e = lowest; e <= highest; e++)
		if ((sum += of_exponent[e]) >= g->total / 2)
			return ldexp(1, e + 1);
	return INFINITY;
}

/* Find the center and the middle distance. */
static inline int geometric_find_center(struct geometric_work *g, struct fed_error *err)
{
	double *of_exponent =
		g->host->scratch(g->host, 2 * GEOMETRIC_EXPONENTS, sizeof *of_exponent, err);
	double best = INFINITY;

	if (!of_exponent)
		return FED_FAIL;
	for (size_t i = 0; i < g->n; i++)
		g->total += g->w[i];
	for (size_t i = 0; i < g->n; i++) {
		const double middle = geometric_middle(g, i, of_exponent + GEOMETRIC_EXPONENTS);

		if (middle < best) {
			best = middle;
			g->center = i;
		}
	}
	if (isinf(best))
		return fed_fail(err, "half of the weight or more is infinitely far away");
	g->middle = sqrt(best);
	return FED_OK;
}

/* Merge equal rows, and drop rows infinitely far from the center. */
static inline void geometric_merge(struct geometric_work *g)
{
	for (size_t i = 0; i < g->n; i++) {
		double *const square = g->square + i * g->n;
		const bool infinite = isinf(square[g->center]);
		size_t j = 0;

		for (size_t k = 0; infinite && k < g->n; k++)
			square[k] = g->square[k * g->n + i] = 0;
		while (j < i && (infinite || square[j] > 0 || g->w[j] == 0))
			j++;
		g->same[i] = (uint32_t)j;
		if (j < i)
			g->w[j] += g->w[i];
		if (j < i || infinite)
			g->w[i] = 0;
	}
}

struct geometric_far {
	const float *const *row;
	const float *center;
	const double *stretch; /* [n] */
	float *const *nearer;  /* [n]; NULL: the row is near */
	size_t n;
};

static inline void geometric_pull_tile(void *ctx, size_t j0, size_t j1)
{
	const struct geometric_far *f = ctx;

	for (size_t i = 0; i < f->n; i++)
		for (size_t j = j0; f->nearer[i] && j < j1; j++) {
			const double c = (double)f->center[j];
			f->nearer[i][j] = (float)(c + ((double)f->row[i][j] - c) / f->stretch[i]);
		}
}

/* Compute stretch [n], and representatives of the far rows among all [n]. */
static inline int geometric_represent(struct geometric_work *g, size_t dim, const float **all,
                                      size_t *n_far, struct fed_error *err)
{
	const struct fed_host *host = g->host;
	float **nearer = host->scratch(host, g->n, sizeof *nearer, err);
	struct geometric_far f = {g->row, g->row[g->center], g->stretch, nearer, g->n};
	double square;

	if (!nearer || host->lengths(host, &f.center, 1, NULL, &square, err))
		return FED_FAIL;
	const double stand =
		fmax(fmax(GEOMETRIC_NEARER * g->middle, GEOMETRIC_NEARER_OF_CENTER * sqrt(square)), 1e-33);
	for (size_t i = 0; i < g->n; i++) {
		const double length = sqrt(g->square[g->center * g->n + i]);

		g->stretch[i] = 1;
		all[i] = g->w[i] > 0 ? g->row[i] : f.center;
		if (g->w[i] == 0 || length <= GEOMETRIC_FAR * stand)
			continue;
		if (!(nearer[i] = host->scratch(host, dim, sizeof **nearer, err)))
			return FED_FAIL;
		g->stretch[i] = length / stand;
		all[i] = nearer[i];
		*n_far += 1;
	}
	return *n_far > 0 ? host->tiles(host, geometric_pull_tile, &f, err) : FED_OK;
}

/* Compute the distances between the rows or their representatives. */
static inline int geometric_bring_nearer(struct geometric_work *g, size_t dim,
                                         struct fed_error *err)
{
	const struct fed_host *host = g->host;
	const float **all = host->scratch(host, g->n, sizeof *all, err);
	double *length = host->scratch(host, g->n, sizeof *length, err);
	size_t n_far = 0;

	if (!all || !length || geometric_represent(g, dim, all, &n_far, err))
		return FED_FAIL;
	for (size_t i = 0; i < g->n; i++)
		length[i] = sqrt(g->square[g->center * g->n + i]);
	if (n_far == 0)
		return FED_OK;
	if (host->distances(host, all, g->n, g->square, err))
		return FED_FAIL;
	for (size_t i = 0; i < g->n; i++)
		if (g->stretch[i] != 1)
			g->stretch[i] = length[i] / sqrt(g->square[g->center * g->n + i]);
	return FED_OK;
}

/* Steps ------------------------------------------------------------------ */

/* Compute the distances from near row i, and f there. */
static inline void geometric_look_from(struct geometric_work *g, size_t i)
{
	const double *square = g->square + i * g->n;

	g->value = 0;
	for (size_t j = 0; j < g->n; j++) {
		g->distance[j] = 0;
		if (j != i && g->w[j] > 0)
			geometric_stretch(g, j, square[j], square[g->center], &g->distance[j], &g->value);
	}
}

static inline void geometric_find_first(struct geometric_work *g)
{
	double best = INFINITY;

	for (size_t i = 0; i < g->n; i++) {
		if (g->w[i] == 0 || g->stretch[i] != 1)
			continue;
		geometric_look_from(g, i);
		if (g->value < best) {
			best = g->value;
			g->first = i;
		}
	}
}

/* Make the step of Vardi and Zhang from the first row, into here; false: that row is the median. */
static inline bool geometric_leave_first(struct geometric_work *g)
{
	double *a = g->here.a, sum = 0;

	geometric_look_from(g, g->first);
	for (size_t j = 0; j < g->n; j++) {
		a[j] = g->distance[j] > 0 ? g->w[j] / g->distance[j] : 0;
		sum += a[j];
	}
	a[g->first] = -sum;
	geometric_multiply(g, &g->here, 0);
	double square = 0;
	for (size_t i = 0; i < g->n; i++)
		square -= 0.5 * g->here.b[i] * g->here.product[i];
	const double own = g->w[g->first], pull = sqrt(fmax(square, 0));
	for (size_t j = 0; j < g->n; j++)
		a[j] *= pull > own ? (1 - own / pull) / sum : 0;
	a[g->first] = pull > own ? own / pull : 1;
	return pull > own;
}

/* Extrapolate `here` after two steps along the slowest direction; kept only when f falls. */
static inline void geometric_extrapolate(struct geometric_work *g)
{
	const struct geometric_point *x = &g->before, *y = &g->last, *z = &g->here;
	const double value = g->value, old = geometric_dot(g, y, x, y, x);
	const double both = geometric_dot(g, z, y, y, x), new = geometric_dot(g, z, y, z, y);
	const double bend = new - 2 * both + old, by = (new - both) / bend;

	if (!(bend > 0) || !isfinite(by))
		return;
	for (size_t i = 0; i < g->n; i++)
		g->before.a[i] = z->a[i] - by * (z->a[i] - y->a[i]);
	geometric_measure(g, &g->before);
	if (g->value < value)
		geometric_copy(g, &g->here, &g->before);
	else
		geometric_measure(g, &g->here);
}

static inline void geometric_descend(struct geometric_work *g, const struct geometric *how)
{
	geometric_measure(g, &g->here);
	for (int64_t t = 0; t < how->iterations; t++) {
		const double pull = g->pull;

		geometric_copy(g, &g->before, &g->last);
		geometric_copy(g, &g->last, &g->here);
		geometric_weigh(g, g->here.a);
		geometric_measure(g, &g->here);
		const double step = geometric_dot(g, &g->here, &g->last, &g->here, &g->last);
		if (!(sqrt(fmax(step, 0)) * pull > how->tolerance * g->total))
			break;
		if (t % 3 == 2)
			geometric_extrapolate(g);
	}
	geometric_weigh(g, g->here.a);
}

static inline int geometric_init(struct geometric_work *g, const double w[], struct fed_error *err)
{
	const struct fed_host *host = g->host;

	if (!(g->square = host->scratch(host, g->n * g->n, sizeof *g->square, err)) ||
	    !(g->w = host->scratch(host, g->n, sizeof *g->w, err)) ||
	    !(g->stretch = host->scratch(host, g->n, sizeof *g->stretch, err)) ||
	    !(g->distance = host->scratch(host, g->n, sizeof *g->distance, err)) ||
	    !(g->same = host->scratch(host, g->n, sizeof *g->same, err)) ||
	    geometric_point_init(&g->here, g, err) || geometric_point_init(&g->last, g, err) ||
	    geometric_point_init(&g->before, g, err))
		return FED_FAIL;
	memcpy(g->w, w, g->n * sizeof *w);
	return host->distances(host, g->row, g->n, g->square, err);
}

/* Scratch of the median of n rows, for scratch_bytes(); without the copies of rows of extreme
 * length. */
static inline double geometric_bytes(size_t n)
{
	const double each = 13 * sizeof(double); /* weights, distances, three points */

	return (double)n * ((double)n * sizeof(double) + each);
}

/* Compute the median into out [dim], and each row's weight in it into share [n].  w [n] >= 0, not
 * all 0. */
static inline int geometric_median(const struct fed_round *r, const struct geometric *how,
                                   const float *const row[], const double w[], size_t n,
                                   double share[], float *out, struct fed_error *err)
{
	struct geometric_work g = {.host = r->host, .row = row, .n = n};

	if (geometric_init(&g, w, err) || geometric_find_center(&g, err))
		return FED_FAIL;
	geometric_merge(&g);
	if (g.middle > 0) {
		if (geometric_bring_nearer(&g, r->dim, err))
			return FED_FAIL;
		geometric_find_first(&g);
		if (geometric_leave_first(&g))
			geometric_descend(&g, how);
	} else { /* half of the weight or more lies in one point: it is the median */
		g.here.a[g.same[g.center]] = 1;
	}
	for (size_t i = 0; i < n; i++) {
		const size_t j = g.same[i];
		share[i] = g.here.a[j] > 0 ? g.here.a[j] * (w[i] / g.w[j]) : 0;
	}
	return r->host->combine(r->host, row, share, n, out, err);
}

#endif
