/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/instance.c - plugin instances: settings, vectors, backup and restore.
 */
#include <string.h>

#include "base/fields.h"
#include "base/key_values.h"
#include "base/mem.h"
#include "plug/guard/guard.h"
#include "plug/registry.h"
#include "plug/remote.h"

/* Vectors start on cache lines of their own. */
static size_t padded(size_t dim)
{
	return (dim + 7) / 8 * 8;
}

static double **vector_of(const struct fed_instance *instance, const struct fed_field *row)
{
	return (double **)((char *)instance->state + row->offset);
}

static bool is_kept(const struct fed_field *row)
{
	return row->type == FED_TYPE_PERSISTENT || row->type == FED_TYPE_BROADCAST;
}

static const struct fed_field *rows_of(const struct fed_instance *instance)
{
	return instance->entry->head->fields;
}

static uint32_t count_rows(const struct fed_field *row, bool (*counts)(const struct fed_field *))
{
	uint32_t n = 0;

	for (; row->type != FED_TYPE_END; row++)
		n += counts(row);
	return n;
}

int fed_instance_init(struct fed_instance *instance, const struct fed_entry *entry,
                      const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	const size_t size = entry->head->state_size ? entry->head->state_size : 1;
	void *state = fed_alloc(size);

	if (!state)
		return fed_fail_memory(err, size, "a plugin's state");
	fed_fields_default(entry->head->fields, state);
	if (fed_fields_assign(entry->head->fields, state, assign, n, err)) {
		fed_free(state);
		return FED_FAIL;
	}
	*instance = (struct fed_instance){.entry = entry, .state = state};
	if (fed__remote_attach(instance, err)) {
		fed_free(state);
		*instance = (struct fed_instance){0};
		return FED_FAIL;
	}
	((struct fed_entry *)entry)
		->users++; /* entries belong to the registry and are never constant objects */
	return FED_OK;
}

/* Vectors of a guarded instance are in shared memory. */
static double *vectors_new(const struct fed_instance *instance, size_t bytes)
{
	struct fed_guard *guard = fed__remote_guard(instance);

	if (guard)
		return fed_shared_memory_take(guard->memory, bytes);
	return (double *)fed_alloc_floats(bytes / sizeof(float));
}

static void vectors_free(const struct fed_instance *instance)
{
	struct fed_guard *guard = fed__remote_guard(instance);

	if (guard)
		fed_shared_memory_return(guard->memory, instance->vectors);
	else
		fed_free_floats((float *)instance->vectors);
}

void fed_instance_release(struct fed_instance *instance)
{
	if (instance->entry)
		vectors_free(instance);
	fed__remote_detach(instance);
	if (instance->after)
		fed_instance_release(instance->after);
	fed_free(instance->after);
	if (instance->entry)
		((struct fed_entry *)instance->entry)->users--;
	fed_free(instance->state);
	memset(instance, 0, sizeof *instance);
}

size_t fed_instance_vector_bytes(const struct fed_instance *instance, size_t dim)
{
	const size_t rows = count_rows(rows_of(instance), fed_field_vector);
	const size_t each = padded(dim) * sizeof(double);

	if (!rows || !dim)
		return 0;
	return padded(dim) < dim || each / sizeof(double) != padded(dim) || each > SIZE_MAX / rows
	           ? SIZE_MAX
	           : rows * each;
}

void fed_instance_lend_vectors(struct fed_instance *instance, size_t dim, double *block)
{
	instance->vectors = block;
	instance->dim = dim;
	for (const struct fed_field *row = rows_of(instance); row->type != FED_TYPE_END; row++) {
		if (!fed_field_vector(row))
			continue;
		*vector_of(instance, row) = block;
		block = block ? block + padded(dim) : NULL;
	}
}

int fed_instance_size(struct fed_instance *instance, size_t dim, struct fed_error *err)
{
	const size_t bytes = fed_instance_vector_bytes(instance, dim);
	double *block = NULL;

	if (bytes == SIZE_MAX)
		return fed_fail_memory(err, SIZE_MAX, "an aggregator's vectors");
	if (bytes) {
		block = vectors_new(instance, bytes);
		if (!block)
			return fed_fail_memory(err, bytes, "an aggregator's vectors");
	}
	vectors_free(instance);
	fed_instance_lend_vectors(instance, dim, block);
	return FED_OK;
}

int fed__instance_set_after(struct fed_instance *instance, struct fed_instance *after,
                            struct fed_error *err)
{
	/* where it runs depends on both */
	fed__remote_detach(instance);
	instance->after = after;
	return fed__remote_attach(instance, err);
}

void fed__instance_zero_scratch(struct fed_instance *instance)
{
	for (const struct fed_field *row = rows_of(instance); row->type != FED_TYPE_END; row++)
		if (row->type == FED_TYPE_SCRATCH && instance->vectors)
			memset(*vector_of(instance, row), 0, instance->dim * sizeof(double));
}

static bool is_sent(const struct fed_field *row)
{
	return row->type == FED_TYPE_BROADCAST;
}

static double *nth_vector(const struct fed_instance *instance, uint32_t k,
                          bool (*counts)(const struct fed_field *))
{
	if (!instance->vectors)
		return NULL;
	for (const struct fed_field *row = rows_of(instance); row->type != FED_TYPE_END; row++)
		if (counts(row) && k-- == 0)
			return *vector_of(instance, row);
	return NULL;
}

uint32_t fed_instance_broadcast_rows(const struct fed_instance *instance)
{
	return count_rows(rows_of(instance), is_sent);
}

double *fed_instance_model(struct fed_instance *instance, uint32_t k)
{
	return nth_vector(instance, k - 1, is_sent);
}

uint32_t fed_instance_models(const struct fed_instance *instance)
{
	const char *name = instance->entry->head->kind == FED_KIND_AGGREGATOR
	                       ? instance->entry->copy.aggregator.models
	                       : NULL;
	const struct fed_field *count = name ? fed_fields_find(rows_of(instance), name) : NULL;

	return count ? (uint32_t)fed_field_number(count, instance->state) : 1;
}

uint32_t fed_instance_broadcasts(const struct fed_instance *instance)
{
	if (instance->entry->head->kind != FED_KIND_AGGREGATOR ||
	    !instance->entry->copy.aggregator.models)
		return fed_instance_broadcast_rows(instance);
	return fed_instance_models(instance) - 1;
}

const double *fed_instance_broadcast(const struct fed_instance *instance, uint32_t k)
{
	return nth_vector(instance, k, is_sent);
}

double *fed_instance_persistent(const struct fed_instance *instance, uint32_t k)
{
	return nth_vector(instance, k, is_kept);
}

void fed_instance_state_bytes(const struct fed_instance *instance, void *out)
{
	memcpy(out, instance->state, instance->entry->head->state_size);
	for (const struct fed_field *row = rows_of(instance); row->type != FED_TYPE_END; row++)
		if (fed_field_vector(row))
			memset((char *)out + row->offset, 0, sizeof(double *));
}

int fed_instance_set_state(struct fed_instance *instance, const void *bytes, size_t n,
                           struct fed_error *err)
{
	const struct fed_head *head = instance->entry->head;
	char *state = instance->state;
	size_t from = 0;

	if (n != head->state_size)
		return fed_fail(err, "%s keeps %u bytes of state, not %zu; it was built anew since",
		                head->name, head->state_size, n);
	/* copy the bytes between the vectors' pointers, whose rows may be in any order */
	while (from < n) {
		size_t end = n, next = n;
		for (const struct fed_field *row = head->fields; row->type != FED_TYPE_END; row++) {
			if (fed_field_vector(row) && row->offset >= from && row->offset < end) {
				end = row->offset;
				next = end + sizeof(double *);
			}
		}
		memcpy(state + from, (const char *)bytes + from, end - from);
		from = next;
	}
	return FED_OK;
}

int fed_instance_backup(const struct fed_instance *instance, struct fed_instance_backup *backup,
                        struct fed_error *err)
{
	const size_t size = instance->entry->head->state_size;
	const uint32_t rows = instance->vectors ? count_rows(rows_of(instance), is_kept) : 0;

	if (backup->rows != rows || backup->dim != instance->dim) {
		fed_backup_release(backup);
		backup->kept = rows ? fed_alloc_array(rows, instance->dim * sizeof(double)) : NULL;
		if (rows && !backup->kept)
			return fed_fail_memory(err, rows * instance->dim * sizeof(double), "a backup");
		backup->rows = rows;
		backup->dim = instance->dim;
	}
	if (!backup->state)
		backup->state = fed_alloc(size ? size : 1);
	if (!backup->state)
		return fed_fail_memory(err, size, "a backup");
	fed_instance_state_bytes(instance, backup->state);
	for (uint32_t k = 0; k < rows; k++)
		memcpy(backup->kept + k * backup->dim, fed_instance_persistent(instance, k),
		       backup->dim * sizeof(double));
	return FED_OK;
}

void fed_instance_rollback(struct fed_instance *instance, const struct fed_instance_backup *backup)
{
	struct fed_error unused; /* the size is that of the instance */

	fed_instance_set_state(instance, backup->state, instance->entry->head->state_size, &unused);
	for (uint32_t k = 0; k < backup->rows; k++)
		memcpy(fed_instance_persistent(instance, k), backup->kept + k * backup->dim,
		       backup->dim * sizeof(double));
}

void fed_backup_release(struct fed_instance_backup *backup)
{
	fed_free(backup->state);
	fed_free(backup->kept);
	memset(backup, 0, sizeof *backup);
}

int fed_instance_renew(struct fed_instance *out, const struct fed_instance *from,
                       struct fed_error *err)
{
	struct fed_key_values settings;

	*out = (struct fed_instance){0};
	if (!from->entry)
		return FED_OK;
	if (fed_key_values_of(&settings, from->entry->head->fields, from->state, err))
		return FED_FAIL;
	int rc = fed_instance_init(out, from->entry, settings.assign, settings.n, err);
	fed_key_values_release(&settings);
	if (rc == FED_OK && from->after) {
		struct fed_instance *after = fed_alloc(sizeof *after);

		rc = after ? fed_instance_renew(after, from->after, err)
		           : fed_fail_memory(err, sizeof *after, "a pre-aggregation");
		if (rc == FED_OK)
			rc = fed__instance_set_after(out, after, err);
		else
			fed_free(after);
		if (rc)
			fed_instance_release(out);
	}
	return rc;
}
