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
#include "session/composition.h"
#include "session/session.h"
#include "formats/safetensors.h"

/* Limit for headers, names and padding, far above that of a file of parameters. */
#define HEADER_BYTES_MAX (1u << 20)

struct import {
	struct fed_tensor_list list;
	bool *taken;   /* [list.n] */
	float *params; /* [dim], new */
	float *frozen; /* [frozen_dim], new */
	float *buffer; /* of the largest tensor */
};

static void add_shape(struct fed_text *out, uint32_t rank, const uint64_t *shape)
{
	fed_text_add(out, "(");
	for (uint32_t k = 0; k < rank; k++)
		fed_text_add(out, "%s%llu", k ? ", " : "", (unsigned long long)shape[k]);
	fed_text_add(out, ")");
}

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
	add_shape(&has, t->rank, t->shape);
	add_shape(&needs, want->walk.file_rank, shape);
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

static int take_tensor(void *ctx, const struct fed_stored_tensor *t, struct fed_error *err)
{
	struct import *m = ctx;
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
	for (size_t k = 0; k < t->n; k++) {
		m->buffer[k] = fed_stored_number(t, k);
		if (!isfinite(m->buffer[k]))
			return fed_fail(err, "%s: number %zu of it is not finite as float32", name, k);
	}
	fed_tensor_scatter(&m->list.tensor[i], m->buffer,
	                   m->list.tensor[i].frozen ? m->frozen : m->params);
	m->taken[i] = true;
	return FED_OK;
}

/* Tensors of the frozen base, or the others, that the file has. */
static size_t count_taken(const struct import *m, bool frozen)
{
	size_t n = 0;

	for (size_t i = 0; i < m->list.n; i++)
		n += m->taken[i] && m->list.tensor[i].frozen == frozen;
	return n;
}

static bool is_adapter(const struct fed_named_tensor *t)
{
	const char *dot = strrchr(t->name, '.');

	return dot && strncmp(dot, ".lora_", 6) == 0;
}

/* All tensors, once; a file may have the base alone, whose adapters begin anew, or the
 * adapters without the base, which stays. */
static int check_all(const struct import *m, size_t dim, struct fed_error *err)
{
	const bool base = count_taken(m, true), others = count_taken(m, false);
	size_t n = 0;

	for (size_t i = 0; i < m->list.n; i++) {
		const struct fed_named_tensor *t = &m->list.tensor[i];

		if (!m->taken[i] && !(t->frozen && others && !base) && !(is_adapter(t) && base && !others))
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

static int read_tensors(struct import *m, const char *path, size_t dim, size_t frozen,
                        struct fed_error *err)
{
	const struct fed_tensor_taker taker = {.take = take_tensor, .ctx = m};
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
}

int fed_session_import(struct fed_session *s, const char *path, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text expanded = {0};
	struct import m;

	if (fed_session_check_closed(s, err) || fed_session_start(s, err))
		return FED_FAIL;
	fed_path_expand(path, &expanded);
	int rc =
		expanded.failed ? fed_fail_memory(err, strlen(path), "a path") : open_import(&m, s, err);
	if (rc == FED_OK)
		rc = read_tensors(&m, fed_text_str(&expanded), parts->net.dim, parts->net.frozen_dim, err);
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
