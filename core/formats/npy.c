/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/npy.c - the header of NumPy array files, a Python dictionary in ASCII.
 *
 * Source: NumPy enhancement proposal 1, "A Simple File Format for NumPy Arrays".
 */
#include "formats/npy.h"

#include <ctype.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6

void fed_npy_header(struct fed_text *out, bool whole, uint32_t rank, const uint32_t *shape)
{
	const size_t begin = out->len;

	fed_text_put(out, MAGIC "\x01\x00\x00\x00", MAGIC_SIZE + 4); /* the length comes last */
	fed_text_add(out, "{'descr': '<%s4', 'fortran_order': False, 'shape': (", whole ? "u" : "f");
	for (uint32_t k = 0; k < rank; k++)
		fed_text_add(out, "%u%s", shape[k], rank == 1 ? "," : k + 1 < rank ? ", " : "");
	fed_text_add(out, "), }");
	while (!out->failed && (out->len - begin) % 64 != 63)
		fed_text_put(out, " ", 1);
	fed_text_put(out, "\n", 1);
	if (out->failed)
		return;
	const size_t length = out->len - begin - MAGIC_SIZE - 4;
	out->s[begin + MAGIC_SIZE + 2] = (char)(length & 255);
	out->s[begin + MAGIC_SIZE + 3] = (char)(length >> 8);
}

/* A parser's cursor over the dictionary. */
struct cursor {
	const char *at, *end;
};

static void skip_blank(struct cursor *c)
{
	while (c->at < c->end && isspace((unsigned char)*c->at))
		c->at++;
}

static bool take_text(struct cursor *c, const char *word)
{
	const size_t n = strlen(word);

	skip_blank(c);
	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
		return false;
	c->at += n;
	return true;
}

/* 'text' or "text"; false when there is none or it does not fit. */
static bool take_string(struct cursor *c, char out[32])
{
	skip_blank(c);
	if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
		return false;
	const char quote = *c->at++;
	size_t n = 0;
	while (c->at < c->end && *c->at != quote) {
		if (n == 31 || *c->at == '\\' || !isprint((unsigned char)*c->at))
			return false;
		out[n++] = *c->at++;
	}
	out[n] = 0;
	return c->at < c->end && *c->at++ == quote;
}

static bool take_size(struct cursor *c, uint64_t *x)
{
	skip_blank(c);
	const char *const begin = c->at;

	*x = 0;
	while (c->at < c->end && isdigit((unsigned char)*c->at)) {
		if (__builtin_mul_overflow(*x, 10, x) ||
		    __builtin_add_overflow(*x, (uint64_t)(*c->at - '0'), x))
			return false;
		c->at++;
	}
	if (c->at == begin)
		return false;
	c->at += c->at < c->end && *c->at == 'L'; /* Python 2 */
	return true;
}

/* (), (3,), (3, 4) */
static bool take_shape(struct cursor *c, struct fed_stored_tensor *t)
{
	t->rank = 0;
	if (!take_text(c, "("))
		return false;
	while (!take_text(c, ")")) {
		if (t->rank == FED_RANK_MAX || !take_size(c, &t->shape[t->rank++]))
			return false;
		if (!take_text(c, ",")) {
			if (t->rank < 2)
				return false; /* (3) is a number, no tuple */
			return take_text(c, ")");
		}
	}
	return true;
}

static bool take_flag(struct cursor *c, bool *flag)
{
	*flag = take_text(c, "True");
	return *flag || take_text(c, "False");
}

/* "f4": the type behind the order of bytes; false: it is not known. */
static bool type_of(const char *kind, struct fed_stored_tensor *t)
{
	static const struct {
		const char *kind;
		enum fed_number_type type;
	} types[] = {
		{"f4", FED_NUMBER_F32},  {"f8", FED_NUMBER_F64}, {"f2", FED_NUMBER_F16},
		{"b1", FED_NUMBER_BOOL}, {"u1", FED_NUMBER_U8},  {"i1", FED_NUMBER_I8},
		{"u2", FED_NUMBER_U16},  {"i2", FED_NUMBER_I16}, {"u4", FED_NUMBER_U32},
		{"i4", FED_NUMBER_I32},  {"u8", FED_NUMBER_U64}, {"i8", FED_NUMBER_I64},
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(kind, types[i].kind) == 0) {
			t->type = types[i].type;
			return true;
		}
	}
	if ((*kind != 'U' && *kind != 'S') || strlen(kind) > 7 || kind[1] < '1' || kind[1] > '9')
		return false;
	t->type = *kind == 'U' ? FED_NUMBER_UNICODE : FED_NUMBER_BYTES;
	t->width = 0;
	for (const char *p = kind + 1; *p; p++) {
		if (!isdigit((unsigned char)*p))
			return false;
		t->width = t->width * 10 + (uint32_t)(*p - '0');
	}
	return true;
}

static int check_type(const char *descr, bool fortran, bool any, struct fed_stored_tensor *t,
                      struct fed_error *err)
{
	const bool known = *descr && strchr("<>|=", *descr) && type_of(descr + 1, t);
	const bool is_float =
		t->type == FED_NUMBER_F32 || t->type == FED_NUMBER_F64 || t->type == FED_NUMBER_F16;

	t->big_endian = *descr == '>';
	t->fortran = fortran;
	if (strchr(descr, 'O'))
		return fed_fail(err,
		                "holds Python objects (dtype %s), a pickle, which is never read; save "
		                "x.astype(float), or str for texts",
		                descr);
	if (!any && fortran)
		return fed_fail(err, "is in Fortran order; save numpy.ascontiguousarray(x)");
	if (known && (any || (is_float && *descr == '<')))
		return FED_OK;
	if (!any)
		return fed_fail(err, "has dtype %s; float32, float64 and float16, little-endian, are read",
		                descr);
	return fed_fail(err, "has dtype %s; whole numbers, floats, bool and texts are read", descr);
}

enum { HAS_DESCR = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

static int parse_dictionary(struct cursor *c, bool any, struct fed_stored_tensor *t,
                            struct fed_error *err)
{
	char key[32], descr[32] = "";
	bool fortran = false;
	int seen = 0;

	if (!take_text(c, "{"))
		return fed_fail(err, "its header is not a dictionary");
	bool more = !take_text(c, "}");
	while (more) {
		int what = 0;

		if (!take_string(c, key) || !take_text(c, ":"))
			return fed_fail(err, "its header is damaged");
		if (strcmp(key, "descr") == 0 && take_string(c, descr))
			what = HAS_DESCR;
		else if (strcmp(key, "fortran_order") == 0 && take_flag(c, &fortran))
			what = HAS_ORDER;
		else if (strcmp(key, "shape") == 0 && take_shape(c, t))
			what = HAS_SHAPE;
		if (!what || (seen & what))
			return fed_fail(err, "its header has a %s that is not understood", key);
		seen |= what;
		const bool comma = take_text(c, ",");
		more = !take_text(c, "}");
		if (more && !comma)
			return fed_fail(err, "its header is damaged");
	}
	skip_blank(c);
	if (seen != HAS_ALL || c->at != c->end)
		return fed_fail(err, "its header is damaged");
	return check_type(descr, fortran, any, t, err);
}

static int parse(const void *bytes, size_t len, bool any, struct fed_stored_tensor *out,
                 struct fed_error *err)
{
	const unsigned char *b = bytes;
	size_t at = MAGIC_SIZE + 4, length;

	if (len < at || memcmp(b, MAGIC, MAGIC_SIZE) != 0)
		return fed_fail(err, "is no NumPy array file");
	if (b[6] < 1 || b[6] > 3 || b[7] != 0)
		return fed_fail(err, "has NumPy format %u.%u; 1.0 to 3.0 are read", b[6], b[7]);
	length = b[8] | (size_t)b[9] << 8;
	if (b[6] > 1) {
		at += 2;
		if (len < at)
			return fed_fail(err, "ends inside its header");
		length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
	}
	if (length > len - at)
		return fed_fail(err, "ends inside its header");
	struct cursor c = {.at = (const char *)b + at, .end = (const char *)b + at + length};
	if (parse_dictionary(&c, any, out, err))
		return FED_FAIL;
	out->bytes = b + at + length;
	const size_t have = len - at - length;
	const bool text = out->type == FED_NUMBER_BYTES || out->type == FED_NUMBER_UNICODE;
	const size_t size = fed__number_size(out->type) * (text ? out->width : 1);
	if (!fed__stored_count(out) || out->n != have / size || have % size)
		return fed_fail(err, "has %zu bytes of data, which its shape does not take", have);
	return FED_OK;
}

int fed_npy_parse(const void *bytes, size_t len, struct fed_stored_tensor *out,
                  struct fed_error *err)
{
	return parse(bytes, len, false, out, err);
}

int fed_npy_parse_any(const void *bytes, size_t len, struct fed_stored_tensor *out,
                      struct fed_error *err)
{
	return parse(bytes, len, true, out, err);
}
