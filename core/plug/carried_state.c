/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/carried_state.c - the state of an instance while its plugin is loaded again.
 */
#include "plug/carried_state.h"

#include <string.h>

#include "base/mem.h"

static bool is_kept(uint32_t type)
{
	return type == FED_TYPE_PERSISTENT || type == FED_TYPE_BROADCAST;
}

static size_t count_rows(const struct fed_field *row)
{
	size_t n = 0;

	while (row[n].type != FED_TYPE_END)
		n++;
	return n;
}

int fed_carried_state_init(struct fed_carried_state *c, const struct fed_instance *instance,
                           struct fed_error *err)
{
	const struct fed_head *head = instance->entry->head;
	const size_t n = count_rows(head->fields);

	*c = (struct fed_carried_state){.n = n, .size = head->state_size};
	c->row = fed_alloc_array(n + 1, sizeof *c->row);
	if (!c->row)
		return fed_fail_memory(err, n * sizeof *c->row, "the state");
	for (size_t i = 0; i < n; i++) {
		const struct fed_field *row = &head->fields[i];

		c->row[i].type = row->type;
		c->row[i].offset = row->offset;
		c->row[i].size = row->size;
		c->row[i].kept = is_kept(row->type) && instance->vectors;
		snprintf(c->row[i].name, sizeof c->row[i].name, "%s", row->name);
	}
	if (fed_instance_backup(instance, &c->backup, err)) {
		fed_carried_state_release(c);
		return FED_FAIL;
	}
	return FED_OK;
}

void fed_carried_state_release(struct fed_carried_state *c)
{
	fed_backup_release(&c->backup);
	fed_free(c->row);
	*c = (struct fed_carried_state){0};
}

static bool in_row(const struct fed_carried_state *c, size_t at)
{
	for (size_t i = 0; i < c->n; i++)
		if (at >= c->row[i].offset && at < c->row[i].offset + c->row[i].size)
			return true;
	return false;
}

bool fed_carried_state_holds(const struct fed_carried_state *c)
{
	const char *state = c->backup.state;

	for (size_t at = 0; state && at < c->size; at++)
		if (state[at] && !in_row(c, at))
			return true;
	return c->backup.rows > 0;
}

bool fed_carried_state_fits(const struct fed_carried_state *c, const struct fed_instance *instance)
{
	const struct fed_head *head = instance->entry->head;

	if (head->state_size != c->size || count_rows(head->fields) != c->n)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		const struct fed_field *row = &head->fields[i];

		if (strcmp(row->name, c->row[i].name) != 0 || row->type != c->row[i].type ||
		    row->offset != c->row[i].offset || row->size != c->row[i].size)
			return false;
	}
	return true;
}

/* All bytes of the struct but those of settings, which have their values already. */
static int put_struct(const struct fed_carried_state *c, struct fed_instance *instance,
                      struct fed_error *err)
{
	char *bytes = fed_alloc(c->size ? c->size : 1);

	if (!bytes)
		return fed_fail_memory(err, c->size, "the state");
	memcpy(bytes, c->backup.state, c->size);
	for (size_t i = 0; i < c->n; i++)
		memcpy(bytes + c->row[i].offset, (char *)instance->state + c->row[i].offset,
		       c->row[i].size);
	const int rc = fed_instance_set_state(instance, bytes, c->size, err);
	fed_free(bytes);
	return rc;
}

/* The vector of the instance's k-th row. */
static double *vector_at(const struct fed_instance *instance, const struct fed_field *row)
{
	return *(double **)((char *)instance->state + row->offset);
}

int fed_carried_state_put(const struct fed_carried_state *c, struct fed_instance *instance,
                          struct fed_text *vectors, struct fed_error *err)
{
	const struct fed_field *rows = instance->entry->head->fields;
	const struct fed_instance_backup *b = &c->backup;
	uint32_t k = 0;

	if (fed_carried_state_fits(c, instance) && put_struct(c, instance, err))
		return FED_FAIL;
	if (b->rows && fed_instance_size(instance, b->dim, err))
		return FED_FAIL;
	for (size_t i = 0; i < c->n; i++) {
		if (!c->row[i].kept)
			continue;
		const double *from = b->kept + k++ * b->dim;
		const struct fed_field *row = fed_fields_find(rows, c->row[i].name);

		if (!row || row->type != c->row[i].type)
			continue;
		memcpy(vector_at(instance, row), from, b->dim * sizeof *from);
		fed_text_add(vectors, "%s%s", vectors->len ? ", " : "", row->name);
	}
	return FED_OK;
}
