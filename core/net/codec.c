/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/codec.c - codecs of messages: choice by text, references, encodings.
 */
#include "net/codec.h"

#include <string.h>

#include "base/key_values.h"
#include "base/mem.h"
#include "base/text.h"
#include "plug/calls/call_codec.h"

/* Texts --------------------------------------------------------------------- */

static int take_direction(char *to, const char *value, size_t len, const char *text,
                          struct fed_error *err)
{
	if (*to)
		return fed_fail(err, "%s names two codecs for one direction", fed_show(text).s);
	if (len == 0 || len >= FED_CODEC_TEXT)
		return fed_fail(err, "%s: a codec has 1 to %d letters", fed_show(text).s,
		                FED_CODEC_TEXT - 1);
	memcpy(to, value, len);
	to[len] = '\0';
	return FED_OK;
}

int fed_codec_names_parse(const char *text, struct fed_codec_names *out, struct fed_error *err)
{
	struct fed_codec_names names = {{0}, {0}};

	for (const char *at = text;; at++) {
		const size_t len = strcspn(at, ",");
		const bool up = strncmp(at, "up=", 3) == 0, down = strncmp(at, "down=", 5) == 0;
		const size_t skip = up ? 3 : down ? 5 : 0;

		if (take_direction(down ? names.down : names.up, at + skip, len - skip, text, err))
			return FED_FAIL;
		at += len;
		if (!*at)
			break;
	}
	if (!*names.up)
		strcpy(names.up, "none");
	if (!*names.down)
		strcpy(names.down, "none");
	*out = names;
	return FED_OK;
}

static const char *codec_name_at(const void *ctx, size_t i)
{
	if (i == 0)
		return "none";
	const struct fed_entry *e = fed_registry_at(ctx, FED_KIND_CODEC, i - 1);
	return e ? e->head->name : NULL;
}

/* The codec of this name, with - for _; the error has the nearest name and the list. */
static int find_codec(const struct fed_registry *plugins, const char *name,
                      const struct fed_entry **out, struct fed_error *err)
{
	const struct fed_entry *e;
	struct fed_text all = {0};

	for (size_t i = 0; (e = fed_registry_at(plugins, FED_KIND_CODEC, i)); i++) {
		*out = e;
		if (fed_same_name(e->head->name, name))
			return FED_OK;
	}
	for (size_t i = 0; (e = fed_registry_at(plugins, FED_KIND_CODEC, i)); i++)
		fed_text_add(&all, ", %s", e->head->name);
	const char *near = fed_nearest(name, codec_name_at, plugins);
	fed_fail(err, "no codec is called %s%s%s%s none%s", fed_show(name).s,
	         near ? "; did you mean " : "", near ? near : "", near ? "? There are" : "; there are",
	         fed_text_str(&all));
	fed_text_release(&all);
	return FED_FAIL;
}

/* A value without a key is of the first parameter. */
static int name_first(const struct fed_entry *entry, struct fed_assign *assign, size_t n,
                      struct fed_error *err)
{
	const struct fed_field *first = entry->head->fields;

	if (n == 0 || assign->value)
		return FED_OK;
	if (first->type == FED_TYPE_END)
		return fed_fail(err, "codec %s takes nothing after its name", entry->head->name);
	*assign = (struct fed_assign){.key = first->name, .value = assign->key};
	return FED_OK;
}

int fed_codec_make(const struct fed_registry *plugins, const char *text,
                   struct fed_shared_codec **out, struct fed_error *err)
{
	struct fed_assign assign[FED_COLONS_MAX];
	const struct fed_entry *entry;
	char cut[FED_CODEC_TEXT];
	const char *name;
	size_t n;

	*out = NULL;
	snprintf(cut, sizeof cut, "%s", text);
	if (fed_assign_cut(cut, &name, assign, &n, err))
		return FED_FAIL;
	if (fed_same_name(name, "none"))
		return n ? fed_fail(err, "codec none takes nothing after its name") : FED_OK;
	if (find_codec(plugins, name, &entry, err) || name_first(entry, assign, n, err))
		return FED_FAIL;
	struct fed_shared_codec *c = fed_alloc(sizeof *c);
	if (!c)
		return fed_fail_memory(err, sizeof *c, "a codec");
	struct fed_error why;
	if (fed_instance_init(&c->instance, entry, assign, n, &why)) {
		fed_free(c);
		return fed_fail(err, "codec %s: %s", entry->head->name, why.text);
	}
	atomic_init(&c->references, 1);
	*out = c;
	return FED_OK;
}

int fed_codecs_check(const struct fed_registry *plugins, const char *text, struct fed_error *err)
{
	struct fed_codec_names names;
	struct fed_shared_codec *up = NULL, *down = NULL;

	if (fed_codec_names_parse(text, &names, err))
		return FED_FAIL;
	int rc = fed_codec_make(plugins, names.up, &up, err);
	if (rc == FED_OK)
		rc = fed_codec_make(plugins, names.down, &down, err);
	fed_shared_codec_unref(up);
	fed_shared_codec_unref(down);
	return rc;
}

static bool is_of(char *text, const char *plugin)
{
	text[strcspn(text, ":")] = '\0';
	return fed_same_name(text, plugin);
}

bool fed_codecs_use(const char *text, const char *plugin)
{
	struct fed_codec_names names;
	struct fed_error unused;

	if (fed_codec_names_parse(text, &names, &unused))
		return false;
	return is_of(names.up, plugin) || is_of(names.down, plugin);
}

/* References ---------------------------------------------------------------- */

struct fed_shared_codec *fed_shared_codec_ref(struct fed_shared_codec *c)
{
	if (c)
		atomic_fetch_add(&c->references, 1);
	return c;
}

void fed_shared_codec_unref(struct fed_shared_codec *c)
{
	if (!c || atomic_fetch_sub(&c->references, 1) > 1)
		return;
	fed_instance_release(&c->instance);
	fed_free(c);
}

struct fed_code *fed_code_ref(struct fed_code *code)
{
	if (code)
		atomic_fetch_add(&code->references, 1);
	return code;
}

void fed_code_unref(struct fed_code *code)
{
	if (code && atomic_fetch_sub(&code->references, 1) == 1)
		fed_free(code);
}

struct fed_code *fed_code_new(const unsigned char *bytes, size_t len)
{
	struct fed_code *code = fed_alloc(sizeof *code + len);

	if (!code)
		return NULL;
	atomic_init(&code->references, 1);
	code->len = len;
	if (bytes)
		memcpy(code->bytes, bytes, len);
	return code;
}

/* Encodings ------------------------------------------------------------------ */

bool fed_codec_has_residual(const struct fed_shared_codec *c)
{
	return c && !fed_codec_is_unbiased(&c->instance);
}

size_t fed_codec_memory(const struct fed_shared_codec *c, const struct fed_coding *coding)
{
	return c ? fed_call_memory(&c->instance, coding) : 0;
}

uint64_t fed_codec_bound(const struct fed_shared_codec *c, const struct fed_coding *coding)
{
	return c ? fed_call_bound(&c->instance, coding) : (uint64_t)coding->n * sizeof(float);
}

void fed_codec_buffers_release(struct fed_codec_buffers *b)
{
	fed_free(b->bytes);
	fed_free_floats(b->scratch);
	*b = (struct fed_codec_buffers){0};
}

static int reserve(struct fed_codec_buffers *b, size_t bytes, size_t floats, struct fed_error *err)
{
	if (bytes > b->n_bytes || !b->bytes) {
		fed_free(b->bytes);
		b->bytes = fed_alloc(bytes + 1);
		b->n_bytes = b->bytes ? bytes : 0;
	}
	if (floats > b->n_scratch) {
		fed_free_floats(b->scratch);
		b->scratch = fed_alloc_floats(floats);
		b->n_scratch = b->scratch ? floats : 0;
	}
	return b->bytes && floats <= b->n_scratch
	           ? FED_OK
	           : fed_fail_memory(err, bytes + floats * sizeof(float), "an update under a codec");
}

int fed_codec_pass(const struct fed_shared_codec *c, const struct fed_coding *coding,
                   struct fed_codec_buffers *b, float *v, struct fed_code **code,
                   struct fed_error *err)
{
	struct fed_coding with = *coding;
	struct fed_error why;
	size_t len;

	if (!c)
		return FED_OK;
	if (reserve(b, fed_call_bound(&c->instance, coding), fed_call_scratch(&c->instance, coding),
	            err))
		return FED_FAIL;
	with.scratch = b->scratch;
	if (fed_call_encode(&c->instance, &with, v, b->bytes, &len, err))
		return FED_FAIL;
	if (fed_call_decode(&c->instance, &with, b->bytes, len, v, &why)) {
		char name[80]; /* which the words begin with */

		snprintf(name, sizeof name, "codec %s: ", c->instance.entry->head->name);
		const bool named = strncmp(why.text, name, strlen(name)) == 0;
		return fed_fail(err, "codec %s refuses what it wrote: %s", c->instance.entry->head->name,
		                why.text + (named ? strlen(name) : 0));
	}
	struct fed_code *made = fed_code_new(b->bytes, len);
	if (!made)
		return fed_fail_memory(err, len, "an update under a codec");
	fed_code_unref(*code);
	*code = made;
	return FED_OK;
}

int fed_recode(const struct fed_shared_codec *c, const struct fed_coding *coding, float *v,
               struct fed_code **code, struct fed_error *err)
{
	struct fed_codec_buffers buffers = {0};
	struct fed_coding with = *coding;

	with.memory = NULL;
	const int rc = fed_codec_pass(c, &with, &buffers, v, code, err);
	fed_codec_buffers_release(&buffers);
	return rc;
}
