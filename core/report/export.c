/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/export.c - writers of rounds as tables, parameters as .npz or .safetensors, the run as a
 * trace.
 */
#include "report/export.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/npz.h"
#include "formats/safetensors.h"
#include "history/metrics.h"
#include "report/chrome_trace.h"
#include "report/model_file.h"
#include "report/tidy.h"
#include "session/composition.h"

/* The model's tensors, and a buffer for the largest of them. */
struct exported_parameters {
	struct fed_tensor_list list;
	float *buffer;
	const float *params, *frozen;
};

static int open_parameters(struct exported_parameters *p, struct fed_session *s,
                           struct fed_error *err)
{
	size_t most = 1;

	*p = (struct exported_parameters){0};
	if (fed_session_start(s, err) || fed_tensor_list(&p->list, &fed_session_parts(s)->net, err))
		return FED_FAIL;
	for (size_t i = 0; i < p->list.n; i++)
		most = p->list.tensor[i].n > most ? p->list.tensor[i].n : most;
	p->params = fed_session_params(s);
	p->frozen = fed_session_parts(s)->net.frozen;
	p->buffer = fed_alloc_floats(most);
	if (p->buffer)
		return FED_OK;
	fed_tensor_list_release(&p->list);
	return fed_fail_memory(err, most * sizeof(float), "a tensor");
}

static void close_parameters(struct exported_parameters *p)
{
	fed_tensor_list_release(&p->list);
	fed_free_floats(p->buffer);
}

/* The numbers of tensor i in file order, little-endian. */
static const float *load_tensor(void *ctx, size_t i)
{
	struct exported_parameters *p = ctx;
	const struct fed_named_tensor *t = &p->list.tensor[i];

	fed_tensor_gather(t, t->frozen ? p->frozen : p->params, p->buffer);
	for (size_t k = 0; k < t->n; k++) {
		uint32_t bits;

		memcpy(&bits, &p->buffer[k], sizeof bits);
		bits = htole32(bits);
		memcpy(&p->buffer[k], &bits, sizeof bits);
	}
	return p->buffer;
}

static int write_npz(struct fed_session *s, struct fed_file_writer *file, struct fed_error *err)
{
	struct exported_parameters p;

	if (open_parameters(&p, s, err))
		return FED_FAIL;
	const int rc = fed_npz_write(file, &p.list, load_tensor, &p, err);
	close_parameters(&p);
	return rc;
}

static int write_safetensors(struct fed_session *s, struct fed_file_writer *file,
                             struct fed_error *err)
{
	struct exported_parameters p;

	if (open_parameters(&p, s, err))
		return FED_FAIL;
	const int rc = fed_safetensors_header(file, &p.list, err);
	for (size_t i = 0; rc == FED_OK && i < p.list.n; i++)
		fed_file_write(file, load_tensor(&p, i), p.list.tensor[i].n * sizeof(float));
	close_parameters(&p);
	return rc;
}

static int write_layers(struct fed_session *s, struct fed_file_writer *file, struct fed_error *err)
{
	struct fed_text lines = {0};

	if (fed_session_complete(s, err))
		return FED_FAIL;
	const int rc = fed__model_lines(&fed_session_parts(s)->net, &lines, err);
	if (rc == FED_OK)
		fed_file_write(file, fed_text_str(&lines), lines.len);
	fed_text_release(&lines);
	return rc;
}

static bool ends_with(const char *path, const char *ending)
{
	const size_t n = strlen(path), m = strlen(ending);

	return n > m && strcasecmp(path + n - m, ending) == 0;
}

/* What an ending says to write. */
static const struct export_format {
	const char *ending;
	int (*write)(struct fed_session *, struct fed_file_writer *, struct fed_error *);
	bool json;  /* where write is NULL: the rounds as JSON */
	bool model; /* it has the parameters */
} formats[] = {{".csv", NULL, false, false},
               {".jsonl", NULL, true, false},
               {".npz", write_npz, false, true},
               {".safetensors", write_safetensors, false, true},
               {".fed-model", write_layers, false, true},
               {".json", fed__trace_write, false, false}};

bool fed_export_has_model(const char *path)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (formats[i].model && ends_with(path, formats[i].ending))
			return true;
	return false;
}

static int export_to(struct fed_session *s, const char *path, const struct fed_composition_log *log,
                     struct fed_error *err)
{
	struct fed_file_writer file;

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (!ends_with(path, formats[i].ending))
			continue;
		if (fed_file_open(&file, path, err))
			return FED_FAIL;
		const int rc = formats[i].write ? formats[i].write(s, &file, err)
		                                : fed__tidy_write(formats[i].json, fed_session_history(s),
		                                                  log, &file, err);
		if (rc == FED_OK)
			return fed_file_commit(&file, err);
		fed_file_abandon(&file);
		return FED_FAIL;
	}
	return fed_reject(err,
	                  "%s: the ending says what to write: "
	                  ".csv or .jsonl (rounds), .npz or .safetensors "
	                  "(parameters), .fed-model (layers), .json (trace)",
	                  fed_show(path).s);
}

int fed_session_export(struct fed_session *s, const char *path,
                       const struct fed_composition_log *log, struct fed_error *err)
{
	struct fed_text expanded = {0};

	fed_path_expand(path, &expanded);
	const int rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path")
	                               : export_to(s, fed_text_str(&expanded), log, err);
	fed_text_release(&expanded);
	return rc;
}
