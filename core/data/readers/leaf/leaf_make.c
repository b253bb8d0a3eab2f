/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_make.c - datasets of what LEAF's files hold: split, shape, classes,
 * owners.
 */
#include "data/readers/leaf/leaf_make.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/random.h"
#include "data/readers/leaf/leaf_check.h"
#include "data/readers/shape.h"
#include "data/source_internal.h"

enum { FEMNIST_ROW = 784, FEMNIST_CLASSES = 62, CELEBA_SIDE = 84 };

/* What the rows are taken for. */
enum leaf_form { LEAF_NUMBERS, LEAF_WINDOWS, LEAF_SENTENCES, LEAF_PICTURES };

struct leaf_making {
	struct fed_leaf *leaf;
	const struct fed_leaf_args *args;
	struct fed_dataset_notes *notes;
	const char *name, *path;
	enum leaf_form form;
	struct fed_leaf_order order;
	bool least; /* users with two examples give one for the test */
	struct fed_vocabulary vocabulary;
};

static enum fed_leaf_part part_of(const struct fed_leaf *l, const struct fed_leaf_user *u)
{
	return l->files->file[u->file].part;
}

/* The split ------------------------------------------------------------------------------- */

/* Test examples of n of a user: the share, rounded up or down by chance so that users with few
 * examples give theirs on the average. */
static uint32_t test_of(double share, uint32_t n, uint32_t least, struct fed_stream *r)
{
	const uint32_t drawn = (uint32_t)(share * n + fed_stream_real(r));
	const uint32_t k = drawn < least ? least : drawn;

	return k < n ? k : n - 1;
}

/* Mark the test examples of user u among its n: the last of texts, whose windows overlap, else
 * drawn by the seed. */
static uint32_t mark_test(const struct leaf_making *m, uint32_t u, uint32_t *place, bool *is_test)
{
	const struct fed_leaf *const l = m->leaf;
	const uint32_t n = l->user[u].x;
	const enum fed_leaf_part part = part_of(l, &l->user[u]);
	struct fed_stream r = fed_stream_open(l->making->seed, FED_FOR_SPLIT, 1, u);
	const uint32_t k = part == FED_LEAF_TEST    ? n
	                   : part == FED_LEAF_TRAIN ? 0
	                                            : test_of(m->args->test, n, m->least && n > 1, &r);

	for (uint32_t i = 0; i < n; i++) {
		is_test[i] = i >= n - k;
		place[i] = i;
	}
	if (k == 0 || k == n || m->form == LEAF_WINDOWS)
		return k;
	fed_stream_shuffle(&r, place, n);
	for (uint32_t i = 0; i < n; i++)
		is_test[place[i]] = i >= n - k;
	return k;
}

static int place_users(struct leaf_making *m, uint32_t *place, bool *is_test)
{
	struct fed_leaf_order *const o = &m->order;
	uint64_t at = 0;

	o->train = o->test = o->owners = 0;

	/* test examples are numbered from 0 first */
	for (uint32_t u = 0; u < m->leaf->users; u++) {
		const uint32_t n = m->leaf->user[u].x, k = n ? mark_test(m, u, place, is_test) : 0;

		for (uint32_t i = 0; i < n; i++)
			o->id[at + i] = is_test[i] ? o->test++ : o->train++;
		for (uint32_t i = 0; i < n; i++) /* the highest bit: of the test */
			o->id[at + i] |= is_test[i] ? 1u << 31 : 0;
		o->owner[u] = o->owners;
		o->owners += k < n;
		at += n;
	}
	for (uint64_t i = 0; i < at; i++)
		if (o->id[i] >> 31)
			o->id[i] = (o->id[i] & INT32_MAX) + o->train;
	return FED_OK;
}

static int split(struct leaf_making *m, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;
	uint32_t most = 0;
	bool all = false;

	if (l->examples > INT32_MAX)
		return fed_fail(err, "%s examples are too many; at most %d are read",
		                fed_count((double)l->examples).s, INT32_MAX);
	for (uint32_t u = 0; u < l->users; u++) {
		most = l->user[u].x > most ? l->user[u].x : most;
		all |= part_of(l, &l->user[u]) == FED_LEAF_ALL;
	}
	m->order.id = fed_alloc_array(l->examples + 1, sizeof *m->order.id);
	m->order.owner = fed_alloc_array(l->users + 1, sizeof *m->order.owner);
	uint32_t *const place = fed_alloc_array(most + 1, sizeof *place);
	bool *const is_test = fed_alloc_array(most + 1, sizeof *is_test);
	int rc = m->order.id && m->order.owner && place && is_test
	             ? place_users(m, place, is_test)
	             : fed_fail_memory(err, l->examples * sizeof(uint32_t), "the examples' order");

	if (rc == FED_OK && all && m->order.test == 0) {
		m->least = true;
		rc = place_users(m, place, is_test);
	}
	fed_free(place);
	fed_free(is_test);
	if (rc == FED_OK && m->order.train == 0)
		rc = fed_fail(err, "%s: no user has an example to train on", fed_show(m->name).s);
	if (rc == FED_OK && all && m->order.test == 0)
		rc = fed_fail(err, "%s: no user has two examples, one to train on and one for the test",
		              fed_show(m->name).s);
	if (rc == FED_OK && !all && m->order.test == 0)
		rc = fed_fail(err, "%s: no user of test/ has an example", fed_show(m->name).s);
	if (rc == FED_OK && all)
		rc = fed__note(m->notes, FED_NOTE_TOLD, "test part", "test=", err,
		               "%s of %s examples%s, as there is none of its own",
		               fed_count(m->order.test).s, fed_count((double)l->examples).s,
		               m->form == LEAF_WINDOWS ? ", the last of each user"
		                                       : ", drawn from each user");
	return rc;
}

/* Shape and classes ----------------------------------------------------------------------- */

static int choose_shape(struct leaf_making *m, struct fed_shape *shape, struct fed_error *err)
{
	const uint32_t width = m->leaf->width;

	*shape = (struct fed_shape){.rank = 1, .dim = {width}};
	if (*m->args->shape)
		return fed__shape_parse(m->args->shape, width, shape, err);
	if (width != FEMNIST_ROW)
		return FED_OK;
	*shape = (struct fed_shape){.rank = 3, .dim = {28, 28, 1}};
	return fed__note(m->notes, FED_NOTE_TOLD, "shape", "shape=784", err,
	                 "28x28, since rows have 784 numbers");
}

/* Pictures have the size that LEAF's model of them takes. */
static int choose_size(struct leaf_making *m, struct fed_shape *shape, struct fed_error *err)
{
	*shape = (struct fed_shape){.rank = 3, .dim = {CELEBA_SIDE, CELEBA_SIDE, 3}};
	if (!*m->args->shape)
		return fed__note(m->notes, FED_NOTE_TOLD, "shape", "shape=", err,
		                 "pictures, their middle as %dx%dx3", CELEBA_SIDE, CELEBA_SIDE);
	if (fed__shape_parse(m->args->shape, 0, shape, err))
		return FED_REJECT;
	if (shape->rank != 3 || (shape->dim[2] != 1 && shape->dim[2] != 3))
		return fed_reject(err,
		                  "shape=%s is none of pictures; write HEIGHTxWIDTH, with x1 for grey, "
		                  "x3 for colour",
		                  fed_show(m->args->shape).s);
	shape->dim[2] = strchr(strchr(m->args->shape, 'x') + 1, 'x') ? shape->dim[2] : 3;
	return FED_OK;
}

static int choose_classes(struct leaf_making *m, uint32_t *classes, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;
	int32_t most = 1;

	for (size_t i = 0; i < l->labels; i++)
		most = l->label[i] > most ? l->label[i] : most;
	*classes = (uint32_t)most + 1;
	if (m->args->classes == 0)
		return fed__note(m->notes, FED_NOTE_TOLD, "classes", "classes=", err,
		                 "%u by the largest label%s", *classes,
		                 *classes == FEMNIST_CLASSES && l->width == FEMNIST_ROW
		                     ? ", named as FEMNIST's, 0-9 A-Z a-z"
		                     : "");
	if ((uint64_t)m->args->classes < *classes)
		return fed_reject(err,
		                  "classes=%lld is too few: the largest label is %d; say classes=%u or "
		                  "more, or classes=0",
		                  (long long)m->args->classes, most, *classes);
	*classes = (uint32_t)m->args->classes;
	return FED_OK;
}

static int name_femnist(const struct leaf_making *m, struct fed_dataset *data,
                        struct fed_error *err)
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char name[FEMNIST_CLASSES][2] = {{0}};
	const char *names[FEMNIST_CLASSES];

	if (m->args->classes || data->classes != FEMNIST_CLASSES || m->leaf->width != FEMNIST_ROW ||
	    m->leaf->kind != FED_LEAF_NUMBERS)
		return FED_OK;
	for (int c = 0; c < FEMNIST_CLASSES; c++) {
		name[c][0] = letters[c];
		names[c] = name[c];
	}
	return fed__dataset_name_classes(data, names, err);
}

/* The dataset ----------------------------------------------------------------------------- */

static int fill_owners(const struct leaf_making *m, struct fed_dataset *data, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;
	const char **const names = fed_alloc_array(m->order.owners, sizeof *names);
	uint64_t at = 0;

	data->owner = fed_alloc_array(data->train, sizeof *data->owner);
	data->owners = m->order.owners;
	if (!names || !data->owner) {
		fed_free(names);
		return fed_fail_memory(err, data->train * sizeof *data->owner, "the examples' users");
	}
	for (uint32_t u = 0; u < l->users; u++)
		for (uint32_t i = 0; i < l->user[u].x; i++, at++)
			if (m->order.id[at] < data->train) {
				data->owner[m->order.id[at]] = m->order.owner[u];
				names[m->order.owner[u]] = l->user[u].name;
			}

	const int rc = fed__dataset_name_owners(data, names, err);

	fed_free(names);
	return rc;
}

static int fill_numbers(const struct leaf_making *m, struct fed_dataset *data)
{
	struct fed_leaf *const l = m->leaf;

	for (uint64_t i = 0; i < l->examples; i++)
		memcpy(data->values + (size_t)m->order.id[i] * l->width, fed__leaf_rows_take(&l->rows, i),
		       l->rows.bytes);
	return FED_OK;
}

static int fill_sentences(const struct leaf_making *m, struct fed_dataset *data,
                          struct fed_error *err)
{
	const uint32_t words = (uint32_t)m->args->words;
	char **names = NULL;
	int rc = fed__leaf_words(m->leaf, &m->order, words, data->bytes, &names, err);

	data->scale = 1; /* a count is its byte */
	if (rc == FED_OK)
		rc = fed__dataset_name_inputs(data, (const char *const *)names, err);
	for (uint32_t i = 0; names && i < words; i++)
		fed_free(names[i]);
	fed_free(names);
	return rc;
}

static int plan(struct leaf_making *m, struct fed_dataset_plan *p, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;
	int rc = FED_OK;

	*p = (struct fed_dataset_plan){.name = m->name,
	                               .shape = {.rank = 1},
	                               .train = m->order.train,
	                               .test = m->order.test,
	                               .bytes = m->form != LEAF_NUMBERS,
	                               .unset = true};
	switch (m->form) {
	case LEAF_WINDOWS:
		rc = fed__leaf_windows_choose(l, m->args->vocabulary, &m->vocabulary, &p->shape.dim[0],
		                              m->notes, err);
		p->classes = m->vocabulary.classes;
		return rc == FED_OK ? fed__note(m->notes, FED_NOTE_TOLD, "task", NULL, err,
		                                "the character behind each text, as y holds characters")
		                    : rc;
	case LEAF_NUMBERS:
		rc = choose_shape(m, &p->shape, err);
		break;
	case LEAF_PICTURES:
		rc = choose_size(m, &p->shape, err);
		break;
	default:
		p->shape.dim[0] = (uint32_t)m->args->words;
		rc = fed__note(m->notes, FED_NOTE_TOLD, "features", "words=", err,
		               "how often each of the %lld most frequent words stands in %s",
		               (long long)m->args->words,
		               l->kind == FED_LEAF_LISTS ? "the last text of a row" : "a text");
	}
	return rc == FED_OK ? choose_classes(m, &p->classes, err) : rc;
}

static int fill(const struct leaf_making *m, struct fed_dataset *data, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;
	int rc = FED_OK;

	for (uint64_t i = 0; i < l->examples; i++)
		data->label[m->order.id[i]] = l->label[i];
	switch (m->form) {
	case LEAF_NUMBERS:
		rc = fill_numbers(m, data);
		break;
	case LEAF_WINDOWS:
		fed__leaf_windows_fill(l, &m->order, &m->vocabulary, data);
		rc = fed__vocabulary_name(&m->vocabulary, data, err);
		break;
	case LEAF_PICTURES:
		rc = fed__leaf_pictures(l, &m->order, m->path, &data->shape, data->bytes, err);
		break;
	default:
		rc = fill_sentences(m, data, err);
	}
	if (rc == FED_OK)
		rc = name_femnist(m, data, err);
	return rc == FED_OK ? fill_owners(m, data, err) : rc;
}

/* What the rows are, by their labels, too. */
static int choose_form(struct leaf_making *m, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;

	if (l->examples == 0)
		return fed_fail(err, "%s: no user has an example", fed_show(m->name).s);
	if (l->kind != FED_LEAF_TEXTS && l->lettered)
		return fed_fail(err,
		                "%s: y holds characters where x holds no texts; write the classes as "
		                "numbers from 0",
		                fed_show(m->name).s);
	m->form = l->kind == FED_LEAF_NUMBERS                                    ? LEAF_NUMBERS
	          : l->lettered                                                  ? LEAF_WINDOWS
	          : l->kind == FED_LEAF_TEXTS && fed__leaf_is_picture(l->text.s) ? LEAF_PICTURES
	                                                                         : LEAF_SENTENCES;
	return FED_OK;
}

static int note_users(const struct leaf_making *m, struct fed_error *err)
{
	const struct fed_leaf *const l = m->leaf;
	uint32_t count[FED_LEAF_PARTS] = {0}, empty = 0;
	int rc = FED_OK;

	for (uint32_t u = 0; u < l->users; u++) {
		count[part_of(l, &l->user[u])]++;
		empty += l->user[u].x == 0;
	}
	if (empty)
		rc = fed__note(m->notes, FED_NOTE_TOLD, "users", NULL, err,
		               "%s of %s have no example and were left out", fed_count(empty).s,
		               fed_count(l->users).s);
	if (rc == FED_OK && count[FED_LEAF_TEST])
		rc = fed__note(m->notes, FED_NOTE_LISTED, "users' parts", NULL, err,
		               "%s of train/, %s of test/", fed_count(count[FED_LEAF_TRAIN]).s,
		               fed_count(count[FED_LEAF_TEST]).s);
	return rc;
}

int fed__leaf_make(struct fed_dataset **out, struct fed_leaf *l, const struct fed_leaf_args *args,
                   const char *path, struct fed_dataset_notes *notes, struct fed_error *err)
{
	const char *const slash = strrchr(path, '/');
	struct leaf_making m = {.leaf = l,
	                        .args = args,
	                        .notes = notes,
	                        .name = slash && slash[1] ? slash + 1 : path,
	                        .path = path};
	struct fed_dataset_plan sizes;
	int rc = choose_form(&m, err);

	if (rc == FED_OK)
		rc = note_users(&m, err);
	if (rc == FED_OK)
		rc = split(&m, err);
	if (rc == FED_OK)
		rc = plan(&m, &sizes, err);
	if (rc == FED_OK && fed__dataset_new(out, &sizes, err))
		rc = FED_FAIL; /* too large: the arguments are valid */
	if (rc == FED_OK)
		rc = fill(&m, *out, err);
	fed__vocabulary_release(&m.vocabulary);
	fed_free(m.order.id);
	fed_free(m.order.owner);
	return rc;
}
