/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * powersgd - each matrix as a product of two thin ones, by one step of power iteration:
 *
 *     P = M Q, orthogonalise P, Q = M^T P;    M is decoded as P Q^T
 *
 * Vogels, Karimireddy, Jaggi: PowerSGD: Practical Low-Rank Gradient Compression for Distributed
 * Optimization, NeurIPS 2019, algorithm 1.
 */
#include "bytes.h"

struct powersgd {
	int64_t rank;
};

static const struct fed_field fields[] = {
	FED_INT(struct powersgd, rank, 2, 1, 1024, "r: columns of P and of Q"),
	FED_END,
};

static const char doc[] =
	"    P = M Q,  orthogonalise P,  Q = M^T P;   M is decoded as P Q^T\n"
	"\n"
	"for each weight matrix M (rows x columns) of the model, with Q from the\n"
	"client's round before (at first Gaussian): one step of power iteration a round\n"
	"finds the r largest directions. 4 r (rows + columns) bytes; a matrix that this\n"
	"would not make smaller, a bias, and whatever has no matrix form are sent as\n"
	"they are.\n"
	"\n"
	"For: updates whose matrices are near to low rank. Error feedback belongs to\n"
	"it. A client keeps Q beside its residual: together twice the memory of the\n"
	"model.\n"
	"\n"
	"Source: Vogels, Karimireddy, Jaggi, PowerSGD: Practical Low-Rank Gradient\n"
	"Compression for Distributed Optimization, NeurIPS 2019, algorithm 1.\n"
	"\n"
	"Differences: there all workers multiply by the same Q and average P and Q;\n"
	"here each client has its own, since clients come and go. Convolutions are\n"
	"matrices\n"
	"(filters against the rest). Orthogonal by modified Gram-Schmidt, in doubles.";

/* Columns of P and Q for a matrix; 0: it is sent as it is. */
static size_t rank_of(const struct powersgd *s, const struct fed_matrix *m)
{
	const size_t r = (size_t)s->rank;

	return r * (m->rows + m->columns) < m->rows * m->columns ? r : 0;
}

/* Numbers that a matrix takes on the wire. */
static size_t sent(const struct powersgd *s, const struct fed_matrix *m)
{
	const size_t r = rank_of(s, m);

	return r ? r * (m->rows + m->columns) : m->rows * m->columns;
}

static size_t bound(const void *state, const struct fed_coding *c)
{
	size_t n = 0;

	for (uint32_t k = 0; k < c->matrices; k++)
		n += sent(state, &c->matrix[k]);
	return 4 * n;
}

static size_t memory(const void *state, const struct fed_coding *c)
{
	size_t n = 0;

	for (uint32_t k = 0; k < c->matrices; k++)
		n += rank_of(state, &c->matrix[k]) * c->matrix[k].columns;
	return n;
}

/* P and Q of the largest matrix. */
static size_t scratch(const void *state, const struct fed_coding *c)
{
	size_t most = 0;

	for (uint32_t k = 0; k < c->matrices; k++) {
		const size_t n = rank_of(state, &c->matrix[k]) * (c->matrix[k].rows + c->matrix[k].columns);

		most = n > most ? n : most;
	}
	return most;
}

/* Power iteration; row j of p and q has the r numbers of row or column j. ------------- */

static double gaussian(uint64_t key, uint64_t k)
{
	const double radius = sqrt(-2 * log(1 - fed_random_real(key, 2 * k)));

	return radius * cos(6.283185307179586 * fed_random_real(key, 2 * k + 1));
}

/* Q of the round before; Gaussian where there is none yet, or it has died out. */
static void begin_with(float *q, const float *kept, size_t n, uint64_t key)
{
	bool any = false;

	for (size_t j = 0; kept && j < n && !any; j++)
		any = kept[j] != 0;
	for (size_t j = 0; j < n; j++)
		q[j] = any ? kept[j] : (float)gaussian(key, j);
}

/* p = M q */
static void multiply(const float *m, const struct fed_matrix *form, const float *q, float *p,
                     size_t r)
{
	for (size_t i = 0; i < form->rows; i++)
		for (size_t k = 0; k < r; k++) {
			const float *row = m + i * form->columns;
			double sum = 0;

			for (size_t j = 0; j < form->columns; j++)
				sum += (double)row[j] * (double)q[j * r + k];
			p[i * r + k] = (float)sum;
		}
}

/* q = M^T p */
static void multiply_transposed(const float *m, const struct fed_matrix *form, const float *p,
                                float *q, size_t r)
{
	memset(q, 0, form->columns * r * sizeof *q);
	for (size_t i = 0; i < form->rows; i++)
		for (size_t j = 0; j < form->columns; j++)
			for (size_t k = 0; k < r; k++)
				q[j * r + k] += m[i * form->columns + j] * p[i * r + k];
}

/* Modified Gram-Schmidt; a column that depends on those before becomes 0. */
static void orthogonalise(float *p, size_t rows, size_t r)
{
	for (size_t k = 0; k < r; k++) {
		double before = 0, norm = 0;

		for (size_t i = 0; i < rows; i++)
			before += (double)p[i * r + k] * (double)p[i * r + k];
		for (size_t l = 0; l < k; l++) {
			double dot = 0;

			for (size_t i = 0; i < rows; i++)
				dot += (double)p[i * r + l] * (double)p[i * r + k];
			for (size_t i = 0; i < rows; i++)
				p[i * r + k] = (float)((double)p[i * r + k] - dot * (double)p[i * r + l]);
		}
		for (size_t i = 0; i < rows; i++)
			norm += (double)p[i * r + k] * (double)p[i * r + k];
		/* NaN stays NaN */
		const double scale = norm <= 1e-12 * before || norm == 0 ? 0 : 1 / sqrt(norm);
		for (size_t i = 0; i < rows; i++)
			p[i * r + k] = (float)((double)p[i * r + k] * scale);
	}
}

/* Wire --------------------------------------------------------------------------------- */

static unsigned char *put_floats(unsigned char *at, const float *v, size_t n)
{
	for (size_t j = 0; j < n; j++, at += 4)
		put32(at, bits_of(v[j]));
	return at;
}

static int encode(const void *state, const struct fed_coding *c, const float *v, unsigned char *out,
                  size_t *len, struct fed_error *err)
{
	float *kept = c->memory;
	unsigned char *at = out;

	(void)err;
	for (uint32_t k = 0; k < c->matrices; v += c->matrix[k].rows * c->matrix[k].columns, k++) {
		const struct fed_matrix *m = &c->matrix[k];
		const size_t r = rank_of(state, m), numbers = r * m->columns;
		float *p = c->scratch, *q = p + r * m->rows;

		if (r == 0) {
			at = put_floats(at, v, m->rows * m->columns);
			continue;
		}
		begin_with(q, kept, numbers, fed_random(c->seed, k));
		multiply(v, m, q, p, r);
		orthogonalise(p, m->rows, r);
		multiply_transposed(v, m, p, q, r);
		at = put_floats(at, p, r * m->rows);
		at = put_floats(at, q, numbers);
		for (size_t j = 0; kept && j < numbers; j++)
			kept[j] = isfinite(q[j]) ? q[j] : 0;
		kept = kept ? kept + numbers : NULL;
	}
	*len = (size_t)(at - out);
	return FED_OK;
}

static float number_at(const unsigned char *in, size_t j)
{
	return float_of(get32(in + 4 * j));
}

/* v = P Q^T */
static void decode_product(const unsigned char *p, const unsigned char *q,
                           const struct fed_matrix *m, size_t r, float *v)
{
	for (size_t i = 0; i < m->rows; i++)
		for (size_t j = 0; j < m->columns; j++) {
			double sum = 0;

			for (size_t k = 0; k < r; k++)
				sum += (double)number_at(p, i * r + k) * (double)number_at(q, j * r + k);
			*v++ = (float)sum;
		}
}

static int decode(const void *state, const struct fed_coding *c, const unsigned char *in,
                  size_t len, float *v, struct fed_error *err)
{
	if (len != bound(state, c))
		return wrong_length(len, c, err);
	for (uint32_t k = 0; k < c->matrices; k++) {
		const struct fed_matrix *m = &c->matrix[k];
		const size_t r = rank_of(state, m), n = m->rows * m->columns;

		if (r)
			decode_product(in, in + 4 * r * m->rows, m, r, v);
		for (size_t j = 0; r == 0 && j < n; j++)
			v[j] = number_at(in, j);
		in += 4 * sent(state, m);
		v += n;
	}
	return FED_OK;
}

FED_PLUGIN struct fed_codec fed_plugin = {
	.head =
		FED_CODEC(struct powersgd, "powersgd", "low-rank matrices by power iteration", doc, fields),
	.bound = bound,
	.encode = encode,
	.decode = decode,
	.memory = memory,
	.scratch = scratch,
};
