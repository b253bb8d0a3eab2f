/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sign - one bit a number, and a scale:
 *
 *     (|v|_1 / n) sign(v)
 *
 * Karimireddy, Rebjock, Stich, Jaggi: Error Feedback Fixes SignSGD and other Gradient Compression
 * Schemes, ICML 2019, algorithm 2 with the scaled sign.
 */
#include "bytes.h"

static const char doc[] =
	"    v -> (|v|_1 / n) sign(v)\n"
	"\n"
	"4 bytes for the scale and a bit a number; 0 has the sign +. A vector with a\n"
	"number that is not finite becomes NaNs.\n"
	"\n"
	"For: a thirty-second of the bytes. The error is |v|^2 - |v|_1^2 / n, less than\n"
	"|v|^2: a contraction, so that error feedback (EF-signSGD) makes it converge as\n"
	"SGD does; with error-feedback off it need not converge at all.\n" FEEDBACK "\n"
	"Source: Karimireddy, Rebjock, Stich, Jaggi, Error Feedback Fixes SignSGD and\n"
	"other Gradient Compression Schemes, ICML 2019; Seide et al., 2014.\n"
	"\n"
	"Differences: one scale for the whole vector, not one for each layer.";

static size_t bound(const void *state, const struct fed_coding *c)
{
	(void)state;
	return 4 + (c->n + 7) / 8;
}

static int encode(const void *state, const struct fed_coding *c, const float *v, unsigned char *out,
                  size_t *len, struct fed_error *err)
{
	double sum = 0;

	(void)err;
	*len = bound(state, c);
	memset(out, 0, *len);
	for (size_t j = 0; j < c->n; j++)
		sum += fabs((double)v[j]);
	const uint32_t scale = scale_bits(c->n ? sum / (double)c->n : 0);
	put32(out, scale);
	for (size_t j = 0; scale != CODEC_NAN && j < c->n; j++)
		out[4 + j / 8] |= (unsigned char)((v[j] < 0) << j % 8);
	return FED_OK;
}

static int decode(const void *state, const struct fed_coding *c, const unsigned char *in,
                  size_t len, float *v, struct fed_error *err)
{
	if (len != bound(state, c))
		return wrong_length(len, c, err);
	const uint32_t bits = get32(in);
	if (!scale_is_sound(bits))
		return fed_reject(err, "its scale is %g", (double)float_of(bits));
	if (c->n % 8 && in[len - 1] >> c->n % 8)
		return fed_reject(err, "bits follow its last sign");
	const float scale = float_of(bits);
	for (size_t j = 0; j < c->n; j++)
		v[j] = in[4 + j / 8] >> j % 8 & 1 ? -scale : scale;
	return FED_OK;
}

FED_PLUGIN struct fed_codec fed_plugin = {
	.head = FED_CODEC(char, "sign", "signs and one scale, 1 bit a number", doc, NULL),
	.bound = bound,
	.encode = encode,
	.decode = decode,
};
