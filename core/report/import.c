/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/import.c - import of parameters from .npz or .safetensors, all or none.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "report/export.h"
#include "formats/npz.h"
#include "formats/safetensors.h"
#include "nn/layers/kinds.h"
#include "report/import_match.h"
#include "session/composition.h"
#include "session/session.h"

#define FOREIGN_MORE 4096 /* tensors that a file may have beyond those of the model, to be told */
/* Limit for headers, names and padding, far above that of a file of parameters. */
#define HEADER_BYTES_MAX (1u << 20)

struct import {
	struct fed_tensor_list list;
	bool *taken;                        /* [list.n] */
	float *params;                      /* [dim], new */
	float *frozen;                      /* [frozen_dim], new */
	float *buffer;                      /* of the largest tensor */
	struct fed_foreign_tensor *foreign; /* [n_foreign]: of the file */
	size_t n_foreign, foreign_capacity, left_out;
	struct fed_match *match; /* [list.n], where the file has names of its own; else NULL */
};

static int check_shape(const struct fed_named_tensor *want, const struct fed_stored_tensor *t,
                       struct fed_error *err)
{
	uint64_t shape[4];
	bool same = t->rank == want->walk.file_rank;

	for (uint32_t k = 0; k < want->walk.file_rank; k++) {
		shape[k] = want->walk.file_shape[k];
		same = same && t->shape[k] == shape[k];
	}
	if (same)
		return FED_OK;
	struct fed_text has = {0}, needs = {0};
	fed__put_shape(t->rank, t->shape, &has);
	fed__put_shape(want->walk.file_rank, shape, &needs);
	fed_fail(err, "%s has shape %s there, %s in this model", want->name, fed_text_str(&has),
	         fed_text_str(&needs));
	fed_text_release(&has);
	fed_text_release(&needs);
	return FED_FAIL;
}

static const char *tensor_name_at(const void *ctx, size_t i)
{
	const struct fed_tensor_list *list = ctx;

	return i < list->n ? list->tensor[i].name : NULL;
}

/* Take the numbers of a tensor of the file as tensor i of the model. */
static int store(struct import *m, size_t i, const struct fed_stored_tensor *t,
                 enum fed_layout layout, struct fed_error *err)
{
	const struct fed_named_tensor *own = &m->list.tensor[i];

	for (size_t k = 0; k < t->n; k++) {
		m->buffer[k] = fed_stored_number(t, fed__layout_place(own, t, layout, k));
		if (!isfinite(m->buffer[k]))
			return fed_fail(err, "%s: number %zu of it is not finite as float32", own->name, k);
	}
	fed_tensor_scatter(own, m->buffer, own->frozen ? m->frozen : m->params);
	m->taken[i] = true;
	return FED_OK;
}

/* Take a tensor under the model's name of it. */
static int take_tensor(struct import *m, const struct fed_stored_tensor *t, struct fed_error *err)
{
	char name[sizeof m->list.tensor->name];
	size_t i = 0;

	snprintf(name, sizeof name, "%.*s", (int)(t->name_length < 47 ? t->name_length : 47), t->name);
	while (i < m->list.n && (t->name_length >= sizeof name || strcmp(m->list.tensor[i].name, name)))
		i++;
	if (i == m->list.n) {
		const char *near = fed_nearest(name, tensor_name_at, &m->list);
		return fed_fail(err, "%s is not a tensor of this model%s%s%s", fed_show(name).s,
		                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	if (m->taken[i])
		return fed_fail(err, "%s appears twice", name);
	if (check_shape(&m->list.tensor[i], t, err))
		return FED_FAIL;
	return store(m, i, t, FED_LAYOUT_SAME, err);
}

/* Tensors of the frozen base, or the others, that the file has. */
static size_t count_taken(const struct import *m, bool frozen)
{
	size_t n = 0;

	for (size_t i = 0; i < m->list.n; i++)
		n += m->taken[i] && m->list.tensor[i].frozen == frozen;
	return n;
}

/* All tensors, once; a file may have the base alone, whose adapters begin anew, or the
 * adapters without the base, which stays. */
static int check_all(const struct import *m, size_t dim, struct fed_error *err)
{
	const bool base = count_taken(m, true), others = count_taken(m, false);
	size_t n = 0;

	for (size_t i = 0; i < m->list.n; i++) {
		const struct fed_named_tensor *t = &m->list.tensor[i];

		if (!m->taken[i] && !(t->frozen && others && !base) &&
		    !(fed__is_adapter(t) && base && !others))
			return fed_fail(err, "%s is missing there", t->name);
		n += t->frozen ? 0 : t->n;
	}
	return n == dim ? FED_OK
	                : fed_fail(err, "the layers name %s of %s parameters", fed_count((double)n).s,
	                           fed_count((double)dim).s);
}

/* Refuse a file that is too long for this model before reading it. */
static int check_length(const char *path, uint64_t limit, size_t dim, struct fed_error *err)
{
	struct fed_text bytes = {0};
	uint64_t size;

	if (fed_file_readable(path, &size, err))
		return FED_FAIL;
	if (size <= limit)
		return FED_OK;
	fed_text_bytes(&bytes, (double)size);
	fed_fail(err,
	         "%s: has %s, far more than the %s parameters of the session's model; choose the "
	         "model that it was exported from",
	         fed_show(path).s, fed_text_str(&bytes), fed_count((double)dim).s);
	fed_text_release(&bytes);
	return FED_FAIL;
}

/* Files of tensors with names: state dicts ------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

static bool is_float(enum fed_number_type type)
{
	return type == FED_NUMBER_F32 || type == FED_NUMBER_F64 || type == FED_NUMBER_F16 ||
	       type == FED_NUMBER_BF16;
}

/* Keep a tensor for later, with its bytes where they are not the file's.  PyTorch's counters of
 * batches are left out. */
static int keep_tensor(void *ctx, const struct fed_stored_tensor *t, struct fed_error *err)
{
	struct import *m = ctx;
	struct fed_foreign_tensor next = {.stored = *t};

	if (t->name_length >= sizeof next.name)
		return fed_fail(err, "%.60s...: the name of a tensor has at most %zu bytes", t->name,
		                sizeof next.name - 1);
	snprintf(next.name, sizeof next.name, "%.*s", (int)t->name_length, t->name);
	if (ends_with(next.name, "num_batches_tracked")) {
		m->left_out++;
		return FED_OK;
	}
	if (!is_float(t->type))
		return fed_fail(err, "%s is of whole numbers or texts; parameters are floats",
		                fed_show(next.name).s);
	if (m->n_foreign == m->list.n + FOREIGN_MORE)
		return fed_fail(err, "more than %zu tensors; the model has %zu", m->n_foreign, m->list.n);
	if (m->n_foreign == m->foreign_capacity) {
		const size_t more = m->foreign_capacity ? 2 * m->foreign_capacity : 64;
		struct fed_foreign_tensor *grown =
			fed_resize(m->foreign, m->foreign_capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, more * sizeof *grown, "the tensors of a file");
		m->foreign = grown;
		m->foreign_capacity = more;
	}
	if (t->buffer) {
		next.owned = *t->buffer;
		*t->buffer = NULL;
	}
	m->foreign[m->n_foreign++] = next;
	return FED_OK;
}

/* Whether a name is one of the model's, or at least as `export` makes them: "dense3.weight". */
static bool is_own_name(const struct import *m, const char *name)
{
	const size_t word = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
	const size_t number = strspn(name + word, "0123456789");
	const struct fed_layer_kind *kind;

	for (size_t i = 0; i < m->list.n; i++)
		if (strcmp(name, m->list.tensor[i].name) == 0)
			return true;
	if (number == 0 || name[word + number] != '.')
		return false;
	for (size_t k = 0; (kind = fed_layer_kind(k)); k++)
		if (strlen(kind->name) == word && strncmp(kind->name, name, word) == 0)
			return true;
	return false;
}

static bool has_own_names(const struct import *m)
{
	for (size_t k = 0; k < m->n_foreign; k++)
		if (!is_own_name(m, m->foreign[k].name))
			return false;
	return true;
}

static int take_foreign(struct import *m, struct fed_error *err)
{
	m->match = fed_alloc_array(m->list.n + 1, sizeof *m->match);
	if (!m->match)
		return fed_fail_memory(err, m->list.n * sizeof *m->match, "the tensors of a file");
	int rc = fed__import_match(&m->list, m->foreign, m->n_foreign, m->match, err);
	for (size_t i = 0; rc == FED_OK && i < m->list.n; i++)
		if (m->match[i].from != FED_NO_MATCH)
			rc = store(m, i, &m->foreign[m->match[i].from].stored, m->match[i].layout, err);
	return rc;
}

/* By the model's own names, or by shape and order where the file has others. */
static int take_kept(struct import *m, struct fed_error *err)
{
	int rc = FED_OK;

	if (!has_own_names(m))
		return take_foreign(m, err);
	for (size_t k = 0; rc == FED_OK && k < m->n_foreign; k++) {
		struct fed_stored_tensor *t = &m->foreign[k].stored;

		t->name = m->foreign[k].name;
		rc = take_tensor(m, t, err);
	}
	return rc;
}

static int read_tensors(struct import *m, const char *path, size_t dim, size_t frozen,
                        struct fed_error *err)
{
	const struct fed_tensor_taker taker = {.take = keep_tensor, .ctx = m, .any = true};
	const uint64_t limit = 8ull * (dim + frozen) + HEADER_BYTES_MAX;
	const size_t n = strlen(path);
	const bool npz = n > 4 && strcasecmp(path + n - 4, ".npz") == 0;
	struct fed_text bytes = {0};
	struct fed_error why;

	if (!npz && !(n > 12 && strcasecmp(path + n - 12, ".safetensors") == 0))
		return fed_reject(err, "%s: parameters come from .npz or .safetensors", fed_show(path).s);
	if (check_length(path, limit, dim + frozen, err) || fed_file_read(path, limit, &bytes, err))
		return FED_FAIL;
	int rc = npz ? fed_npz_read(bytes.s, bytes.len, limit, &taker, &why)
	             : fed_safetensors_read(bytes.s, bytes.len, &taker, &why);
	if (rc == FED_OK)
		rc = take_kept(m, &why);
	if (rc == FED_OK)
		rc = check_all(m, dim, &why);
	if (rc)
		fed_fail(err, "%s: %s", fed_show(path).s, why.text);
	fed_text_release(&bytes);
	return rc;
}

static int open_import(struct import *m, const struct fed_session *s, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	size_t most = 1;

	*m = (struct import){0};
	if (fed_tensor_list(&m->list, &parts->net, err))
		return FED_FAIL;
	for (size_t i = 0; i < m->list.n; i++)
		most = m->list.tensor[i].n > most ? m->list.tensor[i].n : most;
	m->taken = fed_alloc_array(m->list.n + 1, sizeof *m->taken);
	m->params = fed_alloc_floats(parts->net.dim);
	m->frozen = fed_alloc_floats(parts->net.frozen_dim + 1);
	m->buffer = fed_alloc_floats(most);
	if (m->taken && m->params && m->frozen && m->buffer) {
		fed_net_init_params(&parts->net, m->params, (uint64_t)parts->settings.seed);
		return FED_OK;
	}
	return fed_fail_memory(err, (parts->net.dim + most) * sizeof(float), "the parameters");
}

static void close_import(struct import *m)
{
	fed_tensor_list_release(&m->list);
	fed_free(m->taken);
	fed_free_floats(m->params);
	fed_free_floats(m->frozen);
	fed_free_floats(m->buffer);
	for (size_t k = 0; k < m->n_foreign; k++)
		fed_free(m->foreign[k].owned);
	fed_free(m->foreign);
	fed_free(m->match);
}

static void put_size(const struct fed_named_tensor *t, struct fed_text *out)
{
	uint64_t shape[4];

	for (uint32_t k = 0; k < t->walk.file_rank; k++)
		shape[k] = t->walk.file_shape[k];
	fed__put_shape(t->walk.file_rank, shape, out);
}

/* What went where, for a table. */
static int tell_match(const struct import *m, struct fed_import_map *map, struct fed_error *err)
{
	*map = (struct fed_import_map){.left_out = m->left_out};
	if (!m->match)
		return FED_OK;
	map->row = fed_alloc_array(m->list.n + 1, sizeof *map->row);
	if (!map->row)
		return fed_fail_memory(err, m->list.n * sizeof *map->row, "a table");
	for (size_t i = 0; i < m->list.n; i++) {
		struct fed_import_row *row = &map->row[map->n];
		struct fed_text size = {0};

		if (m->match[i].from == FED_NO_MATCH)
			continue;
		put_size(&m->list.tensor[i], &size);
		snprintf(row->to, sizeof row->to, "%s", m->list.tensor[i].name);
		snprintf(row->from, sizeof row->from, "%s", m->foreign[m->match[i].from].name);
		snprintf(row->shape, sizeof row->shape, "%s", fed_text_str(&size));
		row->note = fed__layout_word(&m->list.tensor[i], m->match[i].layout);
		map->n++;
		fed_text_release(&size);
	}
	return FED_OK;
}

void fed_import_map_release(struct fed_import_map *map)
{
	fed_free(map->row);
	*map = (struct fed_import_map){0};
}

int fed_session_import(struct fed_session *s, const char *path, struct fed_import_map *map,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text expanded = {0};
	struct import m;

	if (map)
		*map = (struct fed_import_map){0};
	if (fed_session_check_closed(s, err) || fed_session_start(s, err))
		return FED_FAIL;
	fed_path_expand(path, &expanded);
	int rc =
		expanded.failed ? fed_fail_memory(err, strlen(path), "a path") : open_import(&m, s, err);
	if (rc == FED_OK)
		rc = read_tensors(&m, fed_text_str(&expanded), parts->net.dim, parts->net.frozen_dim, err);
	if (rc == FED_OK && map)
		rc = tell_match(&m, map, err);
	if (rc == FED_OK)
		rc = fed_session_adopt_base(s, count_taken(&m, true) ? m.frozen : NULL, m.params, err);
	if (rc == FED_OK) {
		m.params = NULL;
		fed_session_tell(s, FED_EVENT_NOTICE, "%s parameters in %zu tensors are those of %s now",
		                 fed_count((double)parts->net.dim).s, m.list.n, fed_text_str(&expanded));
	}
	if (!expanded.failed)
		close_import(&m);
	fed_text_release(&expanded);
	return rc;
}
