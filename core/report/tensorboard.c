/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/tensorboard.c - protocol buffers of events, and records of them.
 *
 * Numbers of fields: Event wall_time 1, step 2, file_version 3, summary 5; Summary value 1; Value
 * tag 1, simple_value 2, tensor 8, metadata 9; SummaryMetadata plugin_data 1 (plugin_name 1);
 * TensorProto dtype 1 (string: 7), tensor_shape 2 (dim 2, size 1), string_val 8.
 */
#include "report/tensorboard.h"

#include <endian.h>
#include <math.h>
#include <string.h>

/* Kinds of fields on the wire. */
enum { VARINT = 0, EIGHT_BYTES = 1, BYTES = 2, FOUR_BYTES = 5 };

/* CRC-32C (Castagnoli), reflected. */
static uint32_t crc32c(const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < n; i++) {
		crc ^= b[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
	}
	return ~crc;
}

static void put_masked_crc(struct fed_text *out, const void *bytes, size_t n)
{
	const uint32_t crc = crc32c(bytes, n);
	const uint32_t masked = htole32((crc >> 15 | crc << 17) + 0xA282EAD8u);

	fed_text_put(out, (const char *)&masked, sizeof masked);
}

static void put_record(struct fed_text *out, const struct fed_text *event)
{
	const uint64_t length = htole64(event->len);

	if (event->failed) {
		out->failed = true;
		return;
	}
	fed_text_put(out, (const char *)&length, sizeof length);
	put_masked_crc(out, &length, sizeof length);
	fed_text_put(out, fed_text_str(event), event->len);
	put_masked_crc(out, fed_text_str(event), event->len);
}

/* Fields ------------------------------------------------------------------------------- */

static void put_varint(struct fed_text *out, uint64_t x)
{
	char byte;

	for (; x >= 128; x >>= 7) {
		byte = (char)(x | 128);
		fed_text_put(out, &byte, 1);
	}
	byte = (char)x;
	fed_text_put(out, &byte, 1);
}

static void put_key(struct fed_text *out, unsigned field, unsigned kind)
{
	put_varint(out, field << 3 | kind);
}

static void put_bytes(struct fed_text *out, unsigned field, const char *bytes, size_t n)
{
	put_key(out, field, BYTES);
	put_varint(out, n);
	fed_text_put(out, bytes, n);
}

/* A message as a field of another one; releases it. */
static void put_message(struct fed_text *out, unsigned field, struct fed_text *message)
{
	put_bytes(out, field, fed_text_str(message), message->len);
	out->failed = out->failed || message->failed;
	fed_text_release(message);
}

static void put_double(struct fed_text *out, unsigned field, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	bits = htole64(bits);
	put_key(out, field, EIGHT_BYTES);
	fed_text_put(out, (const char *)&bits, sizeof bits);
}

static void put_float(struct fed_text *out, unsigned field, float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	bits = htole32(bits);
	put_key(out, field, FOUR_BYTES);
	fed_text_put(out, (const char *)&bits, sizeof bits);
}

/* Events -------------------------------------------------------------------------------- */

void fed_tensorboard_begin(struct fed_text *out, double wall)
{
	static const char version[] = "brain.Event:2";
	struct fed_text event = {0};

	put_double(&event, 1, wall);
	put_bytes(&event, 3, version, strlen(version));
	put_record(out, &event);
	fed_text_release(&event);
}

static void put_event(struct fed_text *out, struct fed_text *summary, uint64_t step, double wall)
{
	struct fed_text event = {0};

	put_double(&event, 1, wall);
	put_key(&event, 2, VARINT);
	put_varint(&event, step);
	put_message(&event, 5, summary);
	put_record(out, &event);
	fed_text_release(&event);
}

void fed_tensorboard_round(struct fed_text *out, const struct fed_record *r, double wall)
{
	struct fed_text summary = {0};

	for (const struct fed_field *m = fed_metrics; m->type; m++) {
		const double x = fed_metric_value(m, r);
		struct fed_text value = {0};

		if (!isfinite(x))
			continue;
		put_bytes(&value, 1, m->name, strlen(m->name));
		put_float(&value, 2, (float)x);
		put_message(&summary, 1, &value);
	}
	put_event(out, &summary, (uint64_t)r->round, wall);
}

void fed_tensorboard_text(struct fed_text *out, const char *tag, const char *text, uint64_t step,
                          double wall)
{
	struct fed_text summary = {0}, value = {0}, tensor = {0}, shape = {0}, dim = {0}, plugin = {0},
					metadata = {0};

	put_key(&dim, 1, VARINT);
	put_varint(&dim, 1);
	put_message(&shape, 2, &dim);
	put_key(&tensor, 1, VARINT);
	put_varint(&tensor, 7);
	put_message(&tensor, 2, &shape);
	put_bytes(&tensor, 8, text, strlen(text));
	put_bytes(&plugin, 1, "text", strlen("text"));
	put_message(&metadata, 1, &plugin);
	put_bytes(&value, 1, tag, strlen(tag));
	put_message(&value, 8, &tensor);
	put_message(&value, 9, &metadata);
	put_message(&summary, 1, &value);
	put_event(out, &summary, step, wall);
}
