/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/chunk_codec.c - planes of bytes, compressed by zstd.
 */
#include "travel/chunk_codec.h"

#include <endian.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"

#define LEVEL 1 /* of zstd: the planes with the low bits are noise at any level */

void fed__chunk_codec_release(struct fed_chunk_codec *c)
{
	ZSTD_freeCCtx(c->encoder);
	ZSTD_freeDCtx(c->decoder);
	fed_free(c->planes);
	*c = (struct fed_chunk_codec){0};
}

static bool reserve(struct fed_chunk_codec *c, size_t n)
{
	if (n <= c->capacity)
		return true;
	unsigned char *planes = fed_alloc(n);
	if (!planes)
		return false;
	fed_free(c->planes);
	c->planes = planes;
	c->capacity = n;
	return true;
}

static uint32_t load_word(const unsigned char *x, size_t i)
{
	uint32_t word;

	memcpy(&word, x + 4 * i, sizeof word);
	return le32toh(word);
}

/* Byte k of word i goes to plane k; bytes behind the last whole word stay where they are. */
static void split(unsigned char *restrict planes, const unsigned char *restrict x,
                  const unsigned char *restrict base, size_t n)
{
	const size_t words = n / 4;

	for (size_t k = 0; k < 4; k++)
		for (size_t i = 0; i < words; i++)
			planes[k * words + i] = (unsigned char)(load_word(x, i) >> 8 * k);
	for (size_t k = 0; base && k < 4; k++)
		for (size_t i = 0; i < words; i++)
			planes[k * words + i] ^= (unsigned char)(load_word(base, i) >> 8 * k);
	for (size_t i = 4 * words; i < n; i++)
		planes[i] = (unsigned char)(x[i] ^ (base ? base[i] : 0));
}

static void join(unsigned char *restrict x, const unsigned char *restrict planes,
                 const unsigned char *restrict base, size_t n)
{
	const size_t words = n / 4;
	const unsigned char *const p0 = planes, *const p1 = p0 + words, *const p2 = p1 + words,
							   *const p3 = p2 + words;

	for (size_t i = 0; i < words; i++) {
		const uint32_t word =
			htole32(p0[i] | (uint32_t)p1[i] << 8 | (uint32_t)p2[i] << 16 | (uint32_t)p3[i] << 24);

		memcpy(x + 4 * i, &word, sizeof word);
	}
	memcpy(x + 4 * words, planes + 4 * words, n - 4 * words);
	for (size_t i = 0; base && i < n; i++)
		x[i] ^= base[i];
}

size_t fed__chunk_encode(struct fed_chunk_codec *c, const void *bytes, size_t n, const void *base,
                         void *out, size_t most)
{
	if (!c->encoder)
		c->encoder = ZSTD_createCCtx();
	if (!c->encoder || !reserve(c, n))
		return 0;
	split(c->planes, bytes, base, n);
	const size_t stored = ZSTD_compressCCtx(c->encoder, out, most, c->planes, n, LEVEL);
	return ZSTD_isError(stored) ? 0 : stored;
}

bool fed__chunk_decode(struct fed_chunk_codec *c, const void *bytes, size_t stored,
                       const void *base, void *out, size_t n)
{
	if (!c->decoder)
		c->decoder = ZSTD_createDCtx();
	if (!c->decoder || !reserve(c, n) ||
	    ZSTD_decompressDCtx(c->decoder, c->planes, n, bytes, stored) != n)
		return false;
	join(out, c->planes, base, n);
	return true;
}
