/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/instance.c - saver and loader of a plugin instance.
 *
 * Its settings are text, so that a plugin rebuilt with more settings can read them.  Then follow
 * the bytes of its state that no field row describes, in memory layout, or none if all are zero;
 * and its PERSISTENT and BROADCAST vectors.
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/parts.h"
#include "plug/aggregator_chain.h"

static const struct fed_field *field_rows(const struct fed_instance *x)
{
	return x->entry->head->fields;
}

/* Zero the bytes that field rows describe; false if all others are zero. */
static bool zero_fields(const struct fed_instance *x, char *state)
{
	size_t i = 0;

	for (const struct fed_field *row = field_rows(x); row && row->type != FED_TYPE_END; row++)
		memset(state + row->offset, 0, row->size);
	while (i < x->entry->head->state_size && !state[i])
		i++;
	return i < x->entry->head->state_size;
}

static void put_own_state(struct fed_saver *f, const struct fed_instance *x,
                          const struct fed_instance_backup *backup)
{
	const uint32_t size = x->entry->head->state_size;
	char *state = fed_alloc((size_t)size + 1);

	if (!state) {
		f->failed = true;
		return;
	}
	if (backup)
		memcpy(state, backup->state, size);
	else
		fed_instance_state_bytes(x, state);
	const uint32_t n = zero_fields(x, state) ? size : 0;
	fed_put_u32(f, n);
	fed_put_raw(f, state, n);
	fed_free(state);
}

static bool are_zero(const struct fed_instance *x, const struct fed_instance_backup *backup,
                     uint32_t rows)
{
	for (uint32_t k = 0; k < rows; k++) {
		const double *v = backup ? backup->kept + k * backup->dim : fed_instance_persistent(x, k);

		for (size_t i = 0; i < x->dim; i++)
			if (v[i] != 0)
				return false;
	}
	return true;
}

static void put_persistent(struct fed_saver *f, const struct fed_instance *x,
                           const struct fed_instance_backup *backup)
{
	uint32_t rows = 0;

	while (!backup && fed_instance_persistent(x, rows))
		rows++;
	if (backup)
		rows = backup->rows;
	if (f->canonical && are_zero(x, backup, rows))
		rows = 0;
	fed_put_u32(f, rows);
	fed_put_u64(f, rows ? x->dim : 0);
	for (uint32_t k = 0; k < rows; k++)
		fed_put_f64s(f, backup ? backup->kept + k * backup->dim : fed_instance_persistent(x, k),
		             x->dim);
}

void fed__save_instance(struct fed_saver *f, const char *section, const struct fed_instance *x,
                        const struct fed_instance_backup *backup)
{
	struct fed_instance then = *x;
	struct fed_key_values settings = {0};
	struct fed_error unused; /* there is no memory */

	fed_saver_begin(f, section);
	fed_put_u8(f, x->entry != NULL);
	if (x->entry) {
		if (backup)
			then.state = backup->state;
		if (fed_instance_settings(&settings, &then, &unused))
			f->failed = true;
		fed__put_string(f, x->entry->head->name);
		fed__put_pairs(f, &settings);
		put_own_state(f, x, backup);
		put_persistent(f, x, backup);
		fed_key_values_release(&settings);
	}
	fed_saver_end(f);
}

/* Reading ------------------------------------------------------------------------- */

/* Set the state to the saved bytes, except those that field rows describe. */
static void set_state(struct fed_loader *f, struct fed_instance *x, char *saved, char *state)
{
	const size_t n = x->entry->head->state_size;
	struct fed_error unused; /* the size is right */

	zero_fields(x, saved);
	fed_instance_state_bytes(x, state);
	for (const struct fed_field *row = field_rows(x); row && row->type != FED_TYPE_END; row++)
		memcpy(saved + row->offset, state + row->offset, row->size);
	if (!f->failed)
		fed_instance_set_state(x, saved, n, &unused);
}

static void get_own_state(struct fed_loader *f, struct fed_instance *x)
{
	const uint32_t n = fed_get_u32(f), size = x->entry->head->state_size;

	if (f->failed || n == 0)
		return;
	if (n != size) {
		fed_loader_fail(f,
		                "%s keeps %u bytes of its own, not %u; restore with the plugin as it was",
		                x->entry->head->name, size, n);
		return;
	}
	char *saved = fed_get_array(f, n, 1, 1), *state = fed_alloc(n);
	if (saved && state) {
		fed_get_raw(f, saved, n);
		set_state(f, x, saved, state);
	} else {
		fed_loader_fail(f, "out of memory for %u bytes of state", n);
	}
	fed_free(saved);
	fed_free(state);
}

static void get_persistent(struct fed_loader *f, struct fed_instance *x)
{
	const uint32_t rows = fed_get_u32(f);
	const uint64_t dim = fed_get_u64(f);
	struct fed_error why;

	if (f->failed || rows == 0)
		return;
	if (dim > SIZE_MAX / sizeof(double) / rows ||
	    !fed_loader_holds(f, rows * dim, sizeof(double))) {
		fed_loader_fail(f, "%u vectors of %llu numbers", rows, (unsigned long long)dim);
		return;
	}
	if (fed_instance_size(x, dim, &why)) {
		fed_loader_fail(f, "%s", why.text);
		return;
	}
	for (uint32_t k = 0; k < rows && !f->failed; k++) {
		double *v = fed_instance_persistent(x, k);

		if (v)
			fed_get_f64s(f, v, dim);
		else
			fed_loader_fail(f, "%s keeps fewer vectors than were saved; it was built anew since",
			                x->entry->head->name);
	}
}

/* Settings that files of earlier builds lack, whose default is not what was done then. */
static const struct {
	const char *beside, *key, *value;
} earlier[] = {
	{"lora", "lora_on", "dense"}, /* adapters were those of dense layers alone */
};

static bool has_key(const struct fed_key_values *settings, const char *key)
{
	for (size_t k = 0; k < settings->n; k++)
		if (strcmp(settings->assign[k].key, key) == 0)
			return true;
	return false;
}

static int add_earlier(const struct fed_entry *entry, struct fed_key_values *settings,
                       struct fed_error *err)
{
	for (size_t k = 0; k < sizeof earlier / sizeof *earlier; k++)
		if (has_key(settings, earlier[k].beside) && !has_key(settings, earlier[k].key) &&
		    entry->head->fields && fed_fields_find(entry->head->fields, earlier[k].key) &&
		    fed_key_values_add(settings, earlier[k].key, earlier[k].value, err))
			return FED_FAIL;
	return FED_OK;
}

static int make_instance(const struct fed_registry *plugins, enum fed_kind kind, const char *name,
                         struct fed_key_values *settings, struct fed_instance *out,
                         struct fed_error *err)
{
	const struct fed_entry *entry;

	if (kind == FED_KIND_AGGREGATOR)
		return fed_aggregator_make(plugins, out, name, settings->assign, settings->n, err);
	if (fed_registry_find(plugins, kind, name, &entry, err) || add_earlier(entry, settings, err))
		return FED_FAIL;
	return fed_instance_init(out, entry, settings->assign, settings->n, err);
}

/* Read the open section. */
static void load_section(struct fed_loader *f, const struct fed_registry *plugins,
                         enum fed_kind kind, struct fed_instance *x)
{
	struct fed_text name = {0};
	struct fed_key_values pairs = {0};
	struct fed_error why;

	if (fed_get_flag(f)) {
		fed__get_string(f, &name);
		fed__get_pairs(f, &pairs);
		if (!f->failed && make_instance(plugins, kind, fed_text_str(&name), &pairs, x, &why))
			fed_loader_fail(f, "%s", why.text);
		if (!f->failed)
			get_own_state(f, x);
		if (!f->failed)
			get_persistent(f, x);
	}
	fed_text_release(&name);
	fed_key_values_release(&pairs);
	fed_loader_end(f);
}

void fed__load_instance(struct fed_loader *f, const struct fed_registry *plugins,
                        enum fed_kind kind, struct fed_instance *x)
{
	*x = (struct fed_instance){0};
	if (fed__loader_begin(f, fed_kind_name(kind)) == FED_OK)
		load_section(f, plugins, kind, x);
}

void fed__load_instance_if_any(struct fed_loader *f, const struct fed_registry *plugins,
                               enum fed_kind kind, struct fed_instance *x)
{
	*x = (struct fed_instance){0};
	if (fed_loader_begin_optional(f, fed_kind_name(kind)))
		load_section(f, plugins, kind, x);
}
