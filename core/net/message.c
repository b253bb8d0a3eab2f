/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/message.c - envelopes, and their encoding as frames.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "net/messenger.h"
#include "plug/calls/call_codec.h"

#define FRAME_MAGIC 0x31504446u /* "FDP1" in a hex dump; another form gets another digit */
enum { CRC_AT = 60 };
#define RMS_BIT 0x8000u   /* of n: a root mean square loss is behind the vectors */
#define FIRST_BIT 0x4000u /* likewise the loss of the received model */
enum { CODED_BIT = 1 };

void fed_envelope_release(const struct fed_envelope *e)
{
	fed_shared_vectors_unref(e->payload);
	fed_shared_vectors_unref(e->labels);
	fed_sharing_unref(e->sharing);
	fed_shared_codec_unref(e->codec);
	fed_code_unref(e->code);
}

void fed_envelope_ref(const struct fed_envelope *e)
{
	fed_shared_vectors_ref(e->payload);
	fed_shared_vectors_ref(e->labels);
	fed_sharing_ref(e->sharing);
	fed_shared_codec_ref(e->codec);
	fed_code_ref(e->code);
}

struct fed_envelope fed_envelope_move(struct fed_envelope *e)
{
	const struct fed_envelope moved = *e;

	e->payload = e->labels = NULL;
	e->sharing = NULL;
	e->codec = NULL;
	e->code = NULL;
	return moved;
}

void fed_envelope_free(struct fed_envelope *e)
{
	if (!e)
		return;
	fed_envelope_release(e);
	fed_free(e);
}

uint64_t fed_frame_size(uint32_t n, size_t dim)
{
	return FED_FRAME_BYTES + (uint64_t)n * dim * sizeof(float);
}

/* The frame ----------------------------------------------------------------- */

static void put_number(unsigned char *at, unsigned bytes, uint64_t x)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (unsigned char)(x >> (8 * i));
}

static uint64_t get(const unsigned char *at, unsigned bytes)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < bytes; i++)
		x |= (uint64_t)at[i] << (8 * i);
	return x;
}

static uint32_t frame_crc(const unsigned char *frame, size_t len)
{
	static const unsigned char blank[4];
	uint32_t crc = fed_crc32(0, frame, CRC_AT);

	crc = fed_crc32(crc, blank, sizeof blank);
	return fed_crc32(crc, frame + FED_FRAME_BYTES, len - FED_FRAME_BYTES);
}

/* Append a vector as floats. */
static void put_vector(struct fed_text *out, const float *v, size_t dim)
{
	char *at = fed_text_reserve(out, dim * sizeof *v);

	if (!at)
		return;
	for (size_t j = 0; j < dim; j++) {
		uint32_t bits;

		memcpy(&bits, &v[j], sizeof bits);
		put_number((unsigned char *)at + 4 * j, 4, bits);
	}
	out->len += dim * sizeof *v;
	out->s[out->len] = '\0';
}

/* Append what travels of a vector. */
static void put_shared(struct fed_text *out, const struct fed_envelope *e, const float *v)
{
	const struct fed_sharing *s = e->sharing;

	if (!s || s->dim != e->payload->dim) {
		put_vector(out, v, e->payload->dim);
		return;
	}
	for (uint32_t i = 0; i < s->n && !out->failed; i++)
		if (!s->stretch[i].local)
			put_vector(out, v + s->stretch[i].from, s->stretch[i].to - s->stretch[i].from);
}

static void put_figures(struct fed_text *out, const struct fed_envelope *e)
{
	unsigned char bytes[sizeof *e->figure];

	for (uint32_t k = 0; k < e->figures; k++) {
		uint64_t bits;

		memcpy(&bits, &e->figure[k], sizeof bits);
		put_number(bytes, sizeof bits, bits);
		fed_text_put(out, (const char *)bytes, sizeof bytes);
	}
}

int fed_messenger_encode(const struct fed_envelope *e, struct fed_text *out, struct fed_error *err)
{
	unsigned char h[FED_FRAME_BYTES] = {0};
	const uint32_t n = e->payload ? e->payload->n : 0;
	const size_t dim = fed_envelope_travels(e), start = out->len;
	const struct fed_code *code = n ? e->code : NULL;
	const struct fed_code *sealed = e->head.kind == FED_MESSAGE_SEALED ? e->code : NULL;
	uint32_t loss, rms, first;

	if (dim > UINT32_MAX)
		return fed_fail(err, "a message of %zu numbers is too long", dim);
	memcpy(&loss, &e->loss, sizeof loss);
	memcpy(&rms, &e->loss_rms, sizeof rms);
	put_number(h, 4, FRAME_MAGIC);
	put_number(h + 4, 1, e->head.kind);
	memcpy(&first, &e->first_loss, sizeof first);
	put_number(h + 5, 1, 2 * e->model + (code != NULL));
	put_number(h + 6, 2, n | (e->reports_rms ? RMS_BIT : 0) | (e->reports_first ? FIRST_BIT : 0));
	put_number(h + 8, 4, e->head.from);
	put_number(h + 12, 4, e->head.to);
	put_number(h + 16, 8, e->head.id);
	put_number(h + 24, 8, e->version);
	put_number(h + 32, 8, e->round);
	put_number(h + 40, 8, e->labels ? e->labels->dim : e->samples);
	put_number(h + 48, 4, e->steps);
	put_number(h + 52, 4, loss);
	put_number(h + 56, 4, e->figures ? e->figures : sealed ? sealed->len : dim);
	fed_text_put(out, (const char *)h, sizeof h);
	if (code)
		fed_text_put(out, (const char *)code->bytes, code->len);
	for (uint32_t k = code ? 1 : 0; k < n && !out->failed; k++)
		put_shared(out, e, e->payload->vector[k]);
	if (e->labels)
		put_vector(out, e->labels->vector[0], e->labels->dim);
	put_figures(out, e);
	if (sealed)
		fed_text_put(out, (const char *)sealed->bytes, sealed->len);
	if (e->reports_rms) {
		put_number(h, sizeof rms, rms);
		fed_text_put(out, (const char *)h, sizeof rms);
	}
	if (e->reports_first) {
		put_number(h, sizeof first, first);
		fed_text_put(out, (const char *)h, sizeof first);
	}
	if (out->failed)
		return fed_fail_memory(err, fed_frame_size(n, dim), "a message");
	unsigned char *frame = (unsigned char *)out->s + start;
	put_number(frame + CRC_AT, 4, frame_crc(frame, out->len - start));
	return FED_OK;
}

static uint32_t vectors_in(const unsigned char *h)
{
	return (uint32_t)get(h + 6, 2) & ~(RMS_BIT | FIRST_BIT);
}

static bool is_coded(const unsigned char *h)
{
	return h[5] & CODED_BIT;
}

/* Bytes of the root mean square loss and the first loss at the end. */
static size_t rms_size(const unsigned char *h)
{
	return get(h + 6, 2) & RMS_BIT ? sizeof(float) : 0;
}

static size_t first_loss_size(const unsigned char *h)
{
	return get(h + 6, 2) & FIRST_BIT ? sizeof(float) : 0;
}

static size_t claims_size(const unsigned char *h)
{
	return rms_size(h) + first_loss_size(h);
}

/* Bytes of the labels behind the vectors. */
static uint64_t labels_size(const unsigned char *h)
{
	const uint64_t n = h[4] == FED_MESSAGE_SMASHED ? get(h + 40, 8) : 0;

	return n > UINT32_MAX ? UINT64_MAX / 2 : n * sizeof(float);
}

static bool has_figures(const unsigned char *h)
{
	return h[4] == FED_MESSAGE_FIGURES;
}

static bool is_sealed(const unsigned char *h)
{
	return h[4] == FED_MESSAGE_SEALED;
}

/* Numbers of each vector; of sealed bytes as many as they would be. */
static uint64_t vector_length(const unsigned char *h)
{
	return has_figures(h) ? 0 : is_sealed(h) ? get(h + 56, 4) / sizeof(float) : get(h + 56, 4);
}

/* Bytes of vector 0: the length without the head, the other vectors and the labels. */
static size_t first_size(const unsigned char *h, size_t len)
{
	return len - labels_size(h) - claims_size(h) -
	       fed_frame_size(vectors_in(h) - 1, get(h + 56, 4));
}

static int check_size(const unsigned char *h, size_t len, struct fed_error *err)
{
	const uint64_t dim = vector_length(h), rest = labels_size(h) + claims_size(h);
	const uint32_t n = vectors_in(h);
	bool fits = len == fed_frame_size(n, dim) + rest;

	if (has_figures(h))
		return len == FED_FRAME_BYTES + FED_FIGURES * sizeof(double) && n == 0 && rest == 0 &&
		               !is_coded(h) && get(h + 56, 4) == FED_FIGURES
		           ? FED_OK
		           : fed_reject(err, "has %zu bytes, which are not those of %d figures", len,
		                        FED_FIGURES);
	if (is_sealed(h))
		return len == FED_FRAME_BYTES + get(h + 56, 4) && n == 0 && rest == 0 && !is_coded(h)
		           ? FED_OK
		           : fed_reject(err, "has %zu bytes, but announces %llu that are sealed", len,
		                        (unsigned long long)get(h + 56, 4));
	if (is_coded(h)) /* vector 0 is checked when it is decoded */
		fits = n > 0 && len >= fed_frame_size(n - 1, dim) + rest;
	return fits ? FED_OK
	            : fed_reject(err, "has %zu bytes, but announces %u vectors of %llu numbers", len, n,
	                         (unsigned long long)dim);
}

static int check_begin(const unsigned char *h, size_t len, struct fed_error *err)
{
	if (len < FED_FRAME_BYTES)
		return fed_reject(err, "has %zu bytes, less than the %d of a message's head", len,
		                  FED_FRAME_BYTES);
	if (get(h, 4) != FRAME_MAGIC)
		return fed_reject(err, "begins with %08x instead of %08x: it is not a message of fedsh",
		                  (unsigned)get(h, 4), FRAME_MAGIC);
	return FED_OK;
}

/* Check the head against a frame of len bytes, before anything is allocated. */
static int check_frame(const unsigned char *h, size_t len, size_t longest, struct fed_error *err)
{
	if (check_begin(h, len, err))
		return FED_REJECT;
	if (check_size(h, len, err))
		return FED_REJECT;
	if (get(h + CRC_AT, 4) != frame_crc(h, len))
		return fed_reject(err, "is damaged: its checksum does not match");
	if (h[4] < FED_MESSAGE_MODEL || h[4] > FED_MESSAGE_LAST)
		return fed_reject(err, "is of the unknown kind %u", h[4]);
	if (vector_length(h) > longest)
		return fed_reject(err, "announces vectors of %llu numbers, at most %zu are expected",
		                  (unsigned long long)get(h + 56, 4), longest);
	return FED_OK;
}

static void get_floats(const unsigned char *at, float *v, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		const uint32_t bits = (uint32_t)get(at + 4 * j, 4);

		memcpy(&v[j], &bits, sizeof bits);
	}
}

/* What travels of the vectors of the message that was sent; NULL: all. */
static struct fed_sharing *sharing_of(const struct fed_envelope *sent, size_t dim)
{
	struct fed_sharing *s = sent ? sent->sharing : NULL;

	return s && sent->payload && sent->payload->dim == s->dim && dim == s->dim - s->local ? s
	                                                                                      : NULL;
}

/* Decode the vectors behind the head into p, of which `dim` numbers each travelled; the first one
 * by the codec of what was sent. */
static int get_vectors(const unsigned char *h, size_t len, const struct fed_envelope *sent,
                       struct fed_shared_vectors *p, size_t dim, struct fed_error *err)
{
	const unsigned char *at = h + FED_FRAME_BYTES;

	for (uint32_t k = 0; k < p->n; k++) {
		const bool coded = k == 0 && is_coded(h);
		const size_t bytes = coded ? first_size(h, len) : dim * sizeof(float);

		if (coded && (!sent || !sent->codec || sent->coding.n != dim))
			return fed_reject(err, "is under a codec that its receiver does not know");
		if (coded) {
			const int rc = fed_call_decode(&sent->codec->instance, &sent->coding, at, bytes,
			                               p->vector[0], err);
			if (rc)
				return rc;
		} else {
			get_floats(at, p->vector[k], dim);
		}
		if (p->dim != dim)
			fed_sharing_unpack(sent->sharing, p->vector[k], p->vector[k]);
		at += bytes;
	}
	return FED_OK;
}

/* Decode the labels behind the vectors, if any; the caller owns *labels. */
static int get_labels(const unsigned char *h, size_t len, struct fed_shared_vectors **labels,
                      struct fed_error *err)
{
	const size_t bytes = labels_size(h), n = bytes / sizeof(float);

	*labels = NULL;
	if (n == 0)
		return FED_OK;
	struct fed_shared_vectors *p = fed_shared_vectors_new(1, n);
	if (!p)
		return fed_fail_memory(err, bytes, "a message");
	get_floats(h + len - claims_size(h) - bytes, p->vector[0], n);
	*labels = p;
	return FED_OK;
}

/* The envelope that a frame's head describes, without contents. */
static struct fed_envelope head_of(const unsigned char *h, size_t len)
{
	return (struct fed_envelope){
		.head = {.size = sizeof(struct fed_message),
	             .id = get(h + 16, 8),
	             .from = (uint32_t)get(h + 8, 4),
	             .to = (uint32_t)get(h + 12, 4),
	             .kind = h[4],
	             .bytes = len},
		.version = get(h + 24, 8),
		.round = get(h + 32, 8),
		.samples = get(h + 40, 8),
		.steps = (uint32_t)get(h + 48, 4),
	};
}

int fed_frame_head(const void *bytes, size_t len, struct fed_envelope *e, struct fed_error *err)
{
	const unsigned char *h = bytes;

	if (check_begin(h, len, err))
		return FED_REJECT;
	*e = head_of(h, len);
	return FED_OK;
}

bool fed_frame_is_whole(const void *bytes, size_t len)
{
	const unsigned char *h = bytes;

	return len >= FED_FRAME_BYTES && get(h, 4) == FRAME_MAGIC &&
	       get(h + CRC_AT, 4) == frame_crc(h, len);
}

/* Text ------------------------------------------------------------------------- */

int fed_frame_put_text(const struct fed_message *m, uint64_t round, const char *text, size_t n,
                       struct fed_text *out, struct fed_error *err)
{
	unsigned char h[FED_FRAME_BYTES] = {0};
	const size_t start = out->len;

	if (n > UINT32_MAX)
		return fed_fail(err, "a message of %zu bytes is too long", n);
	put_number(h, 4, FRAME_MAGIC);
	put_number(h + 4, 1, m->kind);
	put_number(h + 8, 4, m->from);
	put_number(h + 12, 4, m->to);
	put_number(h + 16, 8, m->id);
	put_number(h + 32, 8, round);
	put_number(h + 56, 4, n);
	fed_text_put(out, (const char *)h, sizeof h);
	fed_text_put(out, text, n);
	if (out->failed)
		return fed_fail_memory(err, n, "a message");
	unsigned char *frame = (unsigned char *)out->s + start;
	put_number(frame + CRC_AT, 4, frame_crc(frame, out->len - start));
	return FED_OK;
}

int fed_frame_get_text(const void *bytes, size_t len, const char **text, size_t *n,
                       struct fed_error *err)
{
	const unsigned char *h = bytes;

	if (check_begin(h, len, err))
		return FED_REJECT;
	if (h[4] < FED_FRAME_UNABLE || get(h + 6, 2) || get(h + 56, 4) != len - FED_FRAME_BYTES)
		return fed_reject(err, "has %zu bytes, but announces a text of %llu", len,
		                  (unsigned long long)get(h + 56, 4));
	if (!fed_frame_is_whole(bytes, len))
		return fed_reject(err, "is damaged: its checksum does not match");
	*text = (const char *)bytes + FED_FRAME_BYTES;
	*n = len - FED_FRAME_BYTES;
	return FED_OK;
}

int fed_messenger_decode(const void *bytes, size_t len, size_t longest,
                         const struct fed_envelope *sent, struct fed_envelope *e,
                         struct fed_error *err)
{
	const unsigned char *h = bytes;
	const uint32_t loss = len < FED_FRAME_BYTES ? 0 : (uint32_t)get(h + 52, 4);

	if (check_frame(h, len, longest, err))
		return FED_REJECT;
	const uint32_t n = vectors_in(h);
	const size_t dim = is_sealed(h) ? 0 : vector_length(h);
	struct fed_sharing *sharing = sharing_of(sent, dim);
	struct fed_shared_vectors *payload = fed_shared_vectors_new(n, sharing ? sharing->dim : dim);
	struct fed_shared_vectors *labels;
	if (!payload)
		return fed_fail_memory(err, len, "a message");
	int rc = get_vectors(h, len, sent, payload, dim, err);
	if (rc == FED_OK)
		rc = get_labels(h, len, &labels, err);
	struct fed_code *code = NULL;
	if (rc == FED_OK && ((is_coded(h) && n) || is_sealed(h))) {
		code = fed_code_new(h + FED_FRAME_BYTES,
		                    is_sealed(h) ? len - FED_FRAME_BYTES : first_size(h, len));
		if (!code) {
			fed_shared_vectors_unref(labels);
			rc = fed_fail_memory(err, len, "a message");
		}
	}
	if (rc) {
		fed_shared_vectors_unref(payload);
		return rc;
	}
	*e = head_of(h, len);
	e->payload = payload;
	e->labels = labels;
	e->sharing = fed_sharing_ref(sharing);
	e->code = code;
	if (code && is_coded(h)) {
		e->codec = fed_shared_codec_ref(sent->codec);
		e->coding = sent->coding;
	}
	memcpy(&e->loss, &loss, sizeof loss);
	e->figures = has_figures(h) ? FED_FIGURES : 0;
	for (uint32_t k = 0; k < e->figures; k++) {
		const uint64_t bits = get(h + FED_FRAME_BYTES + k * sizeof bits, sizeof bits);

		memcpy(&e->figure[k], &bits, sizeof bits);
	}
	e->loss_rms = NAN;
	e->reports_rms = rms_size(h) > 0;
	if (e->reports_rms) {
		const uint32_t rms = (uint32_t)get(h + len - claims_size(h), sizeof rms);

		memcpy(&e->loss_rms, &rms, sizeof rms);
	}
	e->first_loss = NAN;
	e->model = h[5] / 2u;
	e->reports_first = first_loss_size(h) > 0;
	if (e->reports_first) {
		const uint32_t first = (uint32_t)get(h + len - sizeof first, sizeof first);

		memcpy(&e->first_loss, &first, sizeof first);
	}
	return FED_OK;
}
