/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/numpy/numpy.c - the NumPy source: .npz archives, folders and pairs of .npy files.
 */
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "data/readers/numpy/numpy_options.h"
#include "data/source_internal.h"

static const char *const task_names[] = {"auto", "classes", "regression", "tokens", NULL};
static const char *const order_names[] = {"auto", "hwc", "chw", NULL};

static const struct fed_field numpy_fields[] = {
	FED_TEXT(struct fed_numpy_options, inputs, "", NULL,
             "the array of examples; by its name where it is not told: x_train, train_images, x"),
	FED_TEXT(struct fed_numpy_options, labels, "", "path",
             "the array of labels (y_train, train_labels, y); of a lone .npy file another one"),
	FED_TEXT(struct fed_numpy_options, test_inputs, "", "path",
             "the array of test examples (x_test, test_images); none: a share of the others"),
	FED_TEXT(struct fed_numpy_options, test_labels, "", "path",
             "the array of test labels (y_test, test_labels)"),
	FED_TEXT(struct fed_numpy_options, client, "", "path",
             "the array that says whose each training example is (client, users); none: no owners"),
	FED_CHOICE(
		struct fed_numpy_options, task, FED_NUMPY_TASK_AUTO, task_names,
		"classes or regression; auto: labels with fractions are a regression; tokens: inputs "
		"and labels are tokens, 0 to 255"),
	FED_CHOICE(struct fed_numpy_options, order, FED_NUMPY_LAYOUT_AUTO, order_names,
               "of pictures in channels: height, width, channels or channels first"),
	FED_TEXT(struct fed_numpy_options, shape, "", NULL,
             "of examples that are rows of numbers: 28x28 or 32x32x3 (height, width, channels)"),
	FED_REAL(struct fed_numpy_options, scale, 0, 0, 1e30,
             "what inputs are divided by; 0: bytes by 255, other numbers by 1"),
	FED_REAL(struct fed_numpy_options, test, 0.2, 0.001, 0.9,
             "share of the examples for the test, where it has no array"),
	FED_END,
};

/* Rows of an array of examples. */
static int count_rows(const struct fed_numpy *m, enum fed_numpy_role role, uint32_t *rows,
                      struct fed_error *err)
{
	const struct fed_numpy_array *const a = &m->arrays.of[role];

	*rows = 0;
	if (!a->name)
		return FED_OK;
	if (a->tensor.rank == 0 || a->tensor.shape[0] == 0 || a->tensor.n == 0)
		return fed_fail(err, "%s: %s has no examples", fed_show(m->name).s, a->name);
	if (a->tensor.shape[0] > INT32_MAX)
		return fed_fail(err, "%s: %s has %llu examples; at most %d are read", fed_show(m->name).s,
		                a->name, (unsigned long long)a->tensor.shape[0], INT32_MAX);
	*rows = (uint32_t)a->tensor.shape[0];
	return FED_OK;
}

/* The order of the rows where the test part is a share of them; *test are the last. */
static int split(struct fed_numpy *m, uint32_t **order, uint32_t *test, struct fed_error *err)
{
	struct fed_stream r = fed_stream_open(m->making->seed, FED_FOR_SPLIT, 0, 0);
	const double wanted = m->options->test * m->train + 0.5;

	if (m->train < 2)
		return fed_fail(err, "%s: one example is too few for training and test",
		                fed_show(m->name).s);
	*test = wanted < 1 ? 1 : wanted >= m->train ? m->train - 1 : (uint32_t)wanted;
	*order = fed_alloc_array(m->train, sizeof **order);
	if (!*order)
		return fed_fail_memory(err, m->train * sizeof **order, "the order of the examples");
	for (uint32_t i = 0; i < m->train; i++)
		(*order)[i] = i;
	fed_stream_shuffle(&r, *order, m->train);
	return fed__note(&m->notes, FED_NOTE_TOLD, "test part", "test=, test-inputs=", err,
	                 "%s of %s examples, drawn by the seed, as there is no array of it",
	                 fed_count(*test).s, fed_count(m->train).s);
}

static int fill_owners(const struct fed_numpy *m, struct fed_dataset *data, const uint32_t *row,
                       struct fed_error *err)
{
	const struct fed_numpy_array *const a = &m->arrays.of[FED_NUMPY_CLIENT];
	int32_t *of = NULL;
	char **names = NULL;
	uint32_t n = 0;

	if (!a->name)
		return FED_OK;
	if (a->tensor.n != m->train)
		return fed_fail(err,
		                "%s: %s has %zu owners for %u training examples; they must be as many, "
		                "or say client=none",
		                fed_show(m->name).s, a->name, a->tensor.n, m->train);

	int rc = fed__numpy_categories(a, &of, &names, &n, err);

	data->owner = fed_alloc_array(data->train, sizeof *data->owner);
	if (rc == FED_OK && !data->owner)
		rc = fed_fail_memory(err, data->train * sizeof *data->owner, "the examples' users");
	for (uint32_t i = 0; rc == FED_OK && i < data->train; i++)
		data->owner[i] = (uint32_t)of[row ? row[i] : i];
	data->owners = n;
	if (rc == FED_OK)
		rc = fed__dataset_name_owners(data, (const char *const *)names, err);
	else
		data->owners = 0;
	fed__numpy_free_names(names, n);
	fed_free(of);
	return rc;
}

static void fill_labels(struct fed_dataset *data, const struct fed_numpy_labels *l,
                        const uint32_t *row)
{
	for (size_t i = 0; i < (size_t)data->train + data->test; i++) {
		const size_t r = row ? row[i] : i;

		if (data->label)
			data->label[i] = l->label[r];
		else
			memcpy(data->target + i * l->outputs, l->target + r * l->outputs,
			       l->outputs * sizeof *data->target);
	}
}

static int make(struct fed_dataset **out, struct fed_numpy *m, const struct fed_numpy_labels *l,
                const struct fed_numpy_inputs *in, struct fed_error *err)
{
	const bool tokens = m->options->task == FED_NUMPY_TASK_TOKENS;
	uint32_t *row = NULL, test = m->test;
	int rc = m->test ? FED_OK : split(m, &row, &test, err);
	const struct fed_dataset_plan plan = {
		.name = m->name,
		.shape = in->shape,
		.classes = tokens && in->largest >= l->classes ? in->largest + 1 : l->classes,
		.outputs = l->outputs,
		.train = m->test ? m->train : m->train - test,
		.test = test,
		.bytes = in->bytes,
		.unset = true};

	if (rc == FED_OK && fed__dataset_new(out, &plan, err))
		rc = FED_FAIL; /* too large: the arguments are valid */
	if (rc == FED_OK) {
		fill_labels(*out, l, row);
		(*out)->tokens = tokens;
		rc = fed__numpy_inputs_fill(in, m, *out, row, err);
	}
	if (rc == FED_OK && l->name)
		rc = fed__dataset_name_classes(*out, (const char *const *)l->name, err);
	if (rc == FED_OK)
		rc = fill_owners(m, *out, row, err);
	fed_free(row);
	return rc;
}

static int make_from_arrays(struct fed_dataset **out, struct fed_numpy *m, struct fed_error *err)
{
	struct fed_numpy_labels labels = {0};
	struct fed_numpy_inputs inputs = {0};
	int rc = count_rows(m, FED_NUMPY_X, &m->train, err);

	if (rc == FED_OK)
		rc = count_rows(m, FED_NUMPY_TEST_X, &m->test, err);
	if (rc == FED_OK)
		rc = fed__numpy_inputs(&inputs, m, err);
	if (rc == FED_OK)
		rc = fed__numpy_labels(&labels, m, err);
	if (rc == FED_OK)
		rc = make(out, m, &labels, &inputs, err);
	fed__numpy_labels_release(&labels);
	fed__numpy_inputs_release(&inputs);
	return rc;
}

static int numpy_load(struct fed_dataset **out, const void *args, const char *path,
                      const struct fed_generation *making, struct fed_error *err)
{
	const struct fed_numpy_options *const o = args;
	const char *const told[FED_NUMPY_ROLES] = {o->inputs, o->labels, o->test_inputs, o->test_labels,
	                                           o->client};
	struct fed_numpy m = {.options = o, .making = making};
	char name[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(name, sizeof name, "%.*s", (int)len, path);

	const char *const slash = strrchr(name, '/');

	m.name = slash && slash[1] ? slash + 1 : name;
	int rc = fed__numpy_find(&m.arrays, name, told, &m.notes, err);

	if (rc == FED_OK)
		rc = make_from_arrays(out, &m, err);
	if (rc == FED_OK) {
		(*out)->notes = m.notes;
		m.notes = (struct fed_dataset_notes){0};
		fed__dataset_seal(*out);
	}
	fed__notes_release(&m.notes);
	fed__numpy_arrays_release(&m.arrays);
	return rc;
}

static bool numpy_recognises(const char *path, bool folder)
{
	const size_t n = strlen(path);

	if (folder)
		return fed__numpy_has_files(path);
	return (n > 4 && (!strcmp(path + n - 4, ".npz") || !strcmp(path + n - 4, ".npy"))) ||
	       fed__numpy_is_array(path);
}

const struct fed_source fed__source_numpy = {
	.name = "numpy",
	.help = "NumPy arrays: an .npz archive, a folder of .npy files, or x.npy labels=y.npy",
	.doc =
		"Arrays x_train, y_train, x_test and y_test as Keras keeps them, others by like names\n"
		"(train_images, X, data, labels) or by inputs=, labels=, test-inputs=, test-labels=;\n"
		"without a test part a share of the examples is, drawn by the seed.  An array client\n"
		"(users, or client=NAME) says whose each training example is.  Numbers of all types,\n"
		"orders and versions are read, Python objects never.  Examples are (n, features), (n,\n"
		"height, width) or with channels, last or first; shape= makes pictures of rows.\n"
		"Bytes, and pictures of whole numbers up to 255, are divided by 255, other numbers by\n"
		"scale=.  Labels that are whole numbers, texts or one-hot rows are classes, others the\n"
		"targets of a regression.  With task=tokens inputs and labels are tokens, of next-token\n"
		"prediction.  Format: NumPy enhancement proposal 1.",
	.fields = numpy_fields,
	.args_size = sizeof(struct fed_numpy_options),
	.reads = true,
	.recognises = numpy_recognises,
	.load = numpy_load,
};
