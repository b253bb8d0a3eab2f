/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/import_match.c - layers of a file matched with those of a model, by shape and order.
 */
#include "report/import_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { TENSORS_MOST = 8 }; /* of a layer */

/* Tensors of one layer, by number in their list. */
struct layer_group {
	size_t tensor[TENSORS_MOST], n;
	bool used;
	size_t number; /* in the file */
};

struct matching {
	const struct fed_tensor_list *own;
	const struct fed_foreign_tensor *foreign;
	struct layer_group *ours, *theirs;
	size_t n_ours, n_theirs;
	bool sorted; /* the file's names are: their order says nothing */
	struct fed_match *match;
};

bool fed__is_adapter(const struct fed_named_tensor *t)
{
	const char *dot = strrchr(t->name, '.');

	return dot && strncmp(dot, ".lora_", 6) == 0;
}

void fed__put_shape(uint32_t rank, const uint64_t *shape, struct fed_text *out)
{
	fed_text_add(out, "(");
	for (uint32_t k = 0; k < rank; k++)
		fed_text_add(out, "%s%llu", k ? ", " : "", (unsigned long long)shape[k]);
	fed_text_add(out, ")");
}

/* Names --------------------------------------------------------------------- */

/* The last . or / of a name, or NULL. */
static const char *last_separator(const char *name)
{
	const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');

	return !dot || (slash && slash > dot) ? slash : dot;
}

/* Bytes of the layer's part of a name; the projection behind an attention is a part of it. */
static size_t layer_length(const char *name)
{
	static const char inner[] = ".out_proj";
	const char *dot = last_separator(name);
	const size_t n = dot ? (size_t)(dot - name) : strlen(name), m = sizeof inner - 1;

	return dot && n > m && strncmp(name + n - m, inner, m) == 0 ? n - m : n;
}

/* What a tensor is in its layer, by the names that are in use; ":0" behind one is TensorFlow's. */
static const char *role(const char *name)
{
	static const char *const same[][2] = {
		{"gamma", "weight"},
		{"scale", "weight"},
		{"kernel", "weight"},
		{"embedding", "weight"},
		{"embeddings", "weight"},
		{"b", "bias"},
		{"w", "weight"},
		{"beta", "bias"},
		{"out_proj.weight", "out_weight"},
		{"out_proj.bias", "out_bias"},
		{"moving_mean", "running_mean"},
		{"moving_var", "running_var"},
		{"moving_variance", "running_var"},
		{"mean", "running_mean"},
		{"var", "running_var"},
		{"bias", "bias"},
	};
	const size_t n = layer_length(name);
	const char *leaf = name[n] ? name + n + 1 : name;
	const size_t length = strcspn(leaf, ":");

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (strlen(same[i][0]) == length && strncmp(leaf, same[i][0], length) == 0)
			return same[i][1];
	return leaf;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Order of names where numbers are numbers.  *known: their first difference is one of numbers. */
static int compare_names(const char *a, const char *b, bool *known)
{
	*known = false;
	for (;;) {
		if (is_digit(*a) && is_digit(*b)) {
			char *after_a, *after_b;
			const unsigned long long x = strtoull(a, &after_a, 10), y = strtoull(b, &after_b, 10);

			if (x != y) {
				*known = true;
				return x < y ? -1 : 1;
			}
			a = after_a;
			b = after_b;
		} else if (*a != *b || !*a) {
			return (unsigned char)*a - (unsigned char)*b;
		} else {
			a++;
			b++;
		}
	}
}

/* Groups -------------------------------------------------------------------- */

static const char *own_name(const void *list, size_t i)
{
	return ((const struct fed_tensor_list *)list)->tensor[i].name;
}

static const char *foreign_name(const void *list, size_t i)
{
	return ((const struct fed_foreign_tensor *)list)[i].name;
}

/* Group the tensors of a list by their layer's part of the names; `left_out` are in none. */
static int make_groups(const void *list, size_t n, const char *(*name_of)(const void *, size_t),
                       const bool *left_out, struct layer_group *group, size_t *groups,
                       struct fed_error *err)
{
	*groups = 0;
	for (size_t i = 0; i < n; i++) {
		const char *name = name_of(list, i);
		const size_t length = layer_length(name);
		size_t g = *groups;

		if (left_out[i])
			continue;
		for (size_t k = 0; k < *groups; k++) {
			const char *first = name_of(list, group[k].tensor[0]);

			if (layer_length(first) == length && strncmp(first, name, length) == 0)
				g = k;
		}
		if (g == *groups)
			group[(*groups)++] = (struct layer_group){.number = g};
		if (group[g].n == TENSORS_MOST)
			return fed_fail(err, "%s: its layer has more than %d tensors", fed_show(name).s,
			                TENSORS_MOST);
		group[g].tensor[group[g].n++] = i;
	}
	return FED_OK;
}

/* Shapes -------------------------------------------------------------------- */

/* The first layout that fits; FED_LAYOUTS: none does. */
static enum fed_layout first_layout(const struct fed_named_tensor *want,
                                    const struct fed_stored_tensor *t)
{
	enum fed_layout layout = FED_LAYOUT_SAME;

	while (layout < FED_LAYOUTS && !fed__layout_fits(want, t, layout))
		layout++;
	return layout;
}

/* The tensor of the file's layer that is tensor i of the model, or none. */
static struct fed_match find_tensor(const struct matching *m, size_t i,
                                    const struct layer_group *theirs)
{
	const struct fed_named_tensor *want = &m->own->tensor[i];

	for (size_t k = 0; k < theirs->n; k++) {
		const struct fed_foreign_tensor *t = &m->foreign[theirs->tensor[k]];
		const enum fed_layout layout = first_layout(want, &t->stored);
		const bool alone = theirs->n == 1;

		if ((alone || strcmp(role(want->name), role(t->name)) == 0) && layout < FED_LAYOUTS)
			return (struct fed_match){theirs->tensor[k], layout};
	}
	return (struct fed_match){FED_NO_MATCH, FED_LAYOUT_SAME};
}

static bool fits(const struct matching *m, const struct layer_group *ours,
                 const struct layer_group *theirs)
{
	if (ours->n != theirs->n)
		return false;
	for (size_t k = 0; k < ours->n; k++)
		if (find_tensor(m, ours->tensor[k], theirs).from == FED_NO_MATCH)
			return false;
	return true;
}

static bool same_layers(const struct matching *m, const struct layer_group *a,
                        const struct layer_group *b)
{
	if (a->n != b->n)
		return false;
	for (size_t k = 0; k < a->n; k++) {
		const struct fed_named_tensor *x = &m->own->tensor[a->tensor[k]];
		const struct fed_named_tensor *y = &m->own->tensor[b->tensor[k]];

		if (strcmp(role(x->name), role(y->name)) != 0 || x->walk.file_rank != y->walk.file_rank ||
		    memcmp(x->walk.file_shape, y->walk.file_shape,
		           x->walk.file_rank * sizeof *x->walk.file_shape) != 0)
			return false;
	}
	return true;
}

/* Refusals ------------------------------------------------------------------ */

static void put_own_shape(const struct fed_named_tensor *t, struct fed_text *out)
{
	uint64_t shape[4];

	for (uint32_t d = 0; d < t->walk.file_rank; d++)
		shape[d] = t->walk.file_shape[d];
	fed__put_shape(t->walk.file_rank, shape, out);
}

/* "dense1.weight (64, 784), dense1.bias (64)". */
static void put_ours(const struct matching *m, const struct layer_group *g, struct fed_text *out)
{
	for (size_t k = 0; k < g->n; k++) {
		const struct fed_named_tensor *t = &m->own->tensor[g->tensor[k]];

		fed_text_add(out, "%s%s ", k ? ", " : "", t->name);
		put_own_shape(t, out);
	}
}

static void put_theirs(const struct matching *m, const struct layer_group *g, struct fed_text *out)
{
	for (size_t k = 0; k < g->n; k++) {
		const struct fed_foreign_tensor *t = &m->foreign[g->tensor[k]];

		fed_text_add(out, "%s%s ", k ? ", " : "", fed_show(t->name).s);
		fed__put_shape(t->stored.rank, t->stored.shape, out);
	}
}

/* None of the file's layers has these shapes: say what was expected and what is there. */
static int refuse_missing(const struct matching *m, const struct layer_group *ours, size_t ours_n,
                          size_t theirs_n, struct fed_error *err)
{
	struct fed_text want = {0}, there = {0};

	put_ours(m, ours, &want);
	for (size_t g = 0; g < m->n_theirs && there.len < 120; g++) {
		if (m->theirs[g].used)
			continue;
		fed_text_add(&there, "%s", there.len ? "; " : "");
		put_theirs(m, &m->theirs[g], &there);
	}
	if (ours_n > 1)
		fed_fail(err, "the model has %zu layers like %s; the file has %zu", ours_n,
		         fed_text_str(&want), theirs_n);
	else
		fed_fail(err, "no layer there is %s; left there: %s", fed_text_str(&want),
		         there.len ? fed_text_str(&there) : "none");
	fed_text_release(&want);
	fed_text_release(&there);
	return FED_FAIL;
}

static int refuse_order(const struct matching *m, const struct layer_group *ours, size_t a,
                        size_t b, struct fed_error *err)
{
	struct fed_text want = {0};

	put_ours(m, ours, &want);
	fed_fail(err,
	         "%.60s and %.60s have the same shapes (as %s), and their names do not say which "
	         "comes first; rename tensors as `export` names them",
	         fed_show(m->foreign[m->theirs[a].tensor[0]].name).s,
	         fed_show(m->foreign[m->theirs[b].tensor[0]].name).s, fed_text_str(&want));
	fed_text_release(&want);
	return FED_FAIL;
}

/* Matching ------------------------------------------------------------------ */

/* Whether the file's layer a comes before b; *known: whether that is certain. */
static bool is_before(const struct matching *m, size_t a, size_t b, bool *known)
{
	const int order = compare_names(m->foreign[m->theirs[a].tensor[0]].name,
	                                m->foreign[m->theirs[b].tensor[0]].name, known);

	if (m->sorted)
		return order < 0;
	*known = true;
	return m->theirs[a].number < m->theirs[b].number;
}

static void pair(struct matching *m, struct layer_group *ours, struct layer_group *theirs)
{
	for (size_t k = 0; k < ours->n; k++)
		m->match[ours->tensor[k]] = find_tensor(m, ours->tensor[k], theirs);
	ours->used = theirs->used = true;
}

/* The unused layer of the file that fits and comes first; FED_NO_MATCH with an error when that is
 * not certain. */
static size_t first_fitting(const struct matching *m, const struct layer_group *ours,
                            struct fed_error *err)
{
	size_t best = FED_NO_MATCH;
	bool known;

	for (size_t g = 0; g < m->n_theirs; g++)
		if (!m->theirs[g].used && fits(m, ours, &m->theirs[g]) &&
		    (best == FED_NO_MATCH || is_before(m, g, best, &known)))
			best = g;
	for (size_t g = 0; best != FED_NO_MATCH && g < m->n_theirs; g++) {
		if (g == best || m->theirs[g].used || !fits(m, ours, &m->theirs[g]))
			continue;
		is_before(m, best, g, &known);
		if (!known) {
			refuse_order(m, ours, best, g, err);
			return FED_NO_MATCH;
		}
	}
	return best;
}

/* Match the layers of the model that are like this one. */
static int match_like(struct matching *m, size_t first, struct fed_error *err)
{
	const struct layer_group like = m->ours[first];
	size_t own = 0, theirs = 0;

	for (size_t g = first; g < m->n_ours; g++)
		own += same_layers(m, &like, &m->ours[g]);
	for (size_t g = 0; g < m->n_theirs; g++)
		theirs += !m->theirs[g].used && fits(m, &like, &m->theirs[g]);
	if (theirs < own)
		return refuse_missing(m, &like, own, theirs, err);
	for (size_t g = first; g < m->n_ours; g++) {
		if (!same_layers(m, &like, &m->ours[g]))
			continue;
		const size_t found = first_fitting(m, &like, err);
		if (found == FED_NO_MATCH)
			return FED_FAIL;
		pair(m, &m->ours[g], &m->theirs[found]);
	}
	return FED_OK;
}

static int match_all(struct matching *m, struct fed_error *err)
{
	for (size_t g = 0; g < m->n_ours; g++)
		if (!m->ours[g].used && match_like(m, g, err))
			return FED_FAIL;
	for (size_t g = 0; g < m->n_theirs; g++) {
		struct fed_text there = {0};

		if (m->theirs[g].used)
			continue;
		put_theirs(m, &m->theirs[g], &there);
		fed_fail(err, "the model has no layer for %s", fed_text_str(&there));
		fed_text_release(&there);
		return FED_FAIL;
	}
	return FED_OK;
}

/* Layouts where shapes do not say ------------------------------------------------ */

static bool is_table(const struct fed_named_tensor *t)
{
	return strncmp(t->name, "embedding", 9) == 0 || strncmp(t->name, "positions", 9) == 0;
}

/* Whether two layouts have the shape of tensor i of the model. */
static bool is_open(const struct matching *m, size_t i)
{
	const struct fed_match *match = &m->match[i];
	unsigned n = 0;

	if (match->from == FED_NO_MATCH || is_table(&m->own->tensor[i]))
		return false;
	for (enum fed_layout l = FED_LAYOUT_SAME; l < FED_LAYOUTS; l++)
		n += fed__layout_fits(&m->own->tensor[i], &m->foreign[match->from].stored, l);
	return n > 1;
}

/* Tensors of this rank whose shape has this layout alone. */
static size_t count_layout(const struct matching *m, uint32_t rank, enum fed_layout layout)
{
	size_t n = 0;

	for (size_t i = 0; i < m->own->n; i++)
		n += m->match[i].from != FED_NO_MATCH && m->own->tensor[i].walk.file_rank == rank &&
		     !is_table(&m->own->tensor[i]) && !is_open(m, i) && m->match[i].layout == layout;
	return n;
}

static void settle_layouts(const struct matching *m)
{
	for (size_t i = 0; i < m->own->n; i++) {
		const struct fed_named_tensor *own = &m->own->tensor[i];
		const uint32_t rank = own->walk.file_rank;
		struct fed_match *match = &m->match[i];

		if (!is_open(m, i))
			continue;
		for (enum fed_layout l = FED_LAYOUT_SAME; l < FED_LAYOUTS; l++)
			if (fed__layout_fits(own, &m->foreign[match->from].stored, l) &&
			    count_layout(m, rank, l) > count_layout(m, rank, match->layout))
				match->layout = l;
	}
}

/* One by one ----------------------------------------------------------------------- */

/* Whether the names say nothing of layers. */
static bool has_no_layers(const struct fed_foreign_tensor *foreign, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (last_separator(foreign[i].name))
			return false;
	return n > 0;
}

/* The file's tensors are those of the model, in order. */
static int match_in_order(struct matching *m, size_t n, struct fed_error *err)
{
	struct fed_text there = {0};
	size_t k = 0;

	for (size_t i = 0; i < m->own->n; i++) {
		const struct fed_named_tensor *own = &m->own->tensor[i];

		if (fed__is_adapter(own))
			continue;
		if (k == n)
			return fed_fail(err, "it has %zu tensor%s; %s is missing", n, n == 1 ? "" : "s",
			                own->name);
		m->match[i] = (struct fed_match){k, first_layout(own, &m->foreign[k].stored)};
		if (m->match[i].layout == FED_LAYOUTS) {
			fed__put_shape(m->foreign[k].stored.rank, m->foreign[k].stored.shape, &there);
			fed_text_add(&there,
			             "; names without a layer (\"fc1.weight\") are taken in order, and "
			             "here comes %s ",
			             own->name);
			put_own_shape(own, &there);
			fed_fail(err, "%s is %s", fed_show(m->foreign[k].name).s, fed_text_str(&there));
			fed_text_release(&there);
			return FED_FAIL;
		}
		k++;
	}
	return k == n ? FED_OK
	              : fed_fail(err, "the model has no tensor for %s", fed_show(m->foreign[k].name).s);
}

int fed__import_match(const struct fed_tensor_list *own, const struct fed_foreign_tensor *foreign,
                      size_t n, struct fed_match *match, struct fed_error *err)
{
	const size_t most = own->n + n + 1;
	struct matching m = {.own = own, .foreign = foreign, .match = match, .sorted = true};
	bool *left_out = fed_alloc_array(most, sizeof *left_out);
	int rc;

	m.ours = fed_alloc_array(own->n + 1, sizeof *m.ours);
	m.theirs = fed_alloc_array(n + 1, sizeof *m.theirs);
	for (size_t i = 1; i < n; i++)
		m.sorted &= strcmp(foreign[i - 1].name, foreign[i].name) < 0;
	if (!left_out || !m.ours || !m.theirs) {
		rc = fed_fail_memory(err, most * sizeof *m.ours, "the layers of a file");
	} else {
		for (size_t i = 0; i < own->n; i++) {
			left_out[i] = fed__is_adapter(&own->tensor[i]);
			match[i] = (struct fed_match){FED_NO_MATCH, FED_LAYOUT_SAME};
		}
		rc = make_groups(own, own->n, own_name, left_out, m.ours, &m.n_ours, err);
		memset(left_out, 0, most * sizeof *left_out);
		if (rc == FED_OK)
			rc = make_groups(foreign, n, foreign_name, left_out, m.theirs, &m.n_theirs, err);
		if (rc == FED_OK)
			rc = has_no_layers(foreign, n) ? match_in_order(&m, n, err) : match_all(&m, err);
		if (rc == FED_OK)
			settle_layouts(&m);
	}
	fed_free(left_out);
	fed_free(m.ours);
	fed_free(m.theirs);
	return rc;
}
