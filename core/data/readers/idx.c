/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/idx.c - the IDX source: folders of four files, as of MNIST, Fashion-MNIST, EMNIST,
 * KMNIST.
 *
 * An IDX file is a magic number 0x000008RR (unsigned bytes, RR dimensions), RR big-endian counts
 * and the bytes (Y. LeCun, "The MNIST database").  A header may claim anything: its counts are
 * checked against the size of the file before memory is allocated.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/source_internal.h"

enum role { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, ROLES };

/* The endings of the files' names, after any prefix ("emnist-letters-"); '.' matches '-'. */
static const struct ending {
	const char *text;
	enum role role;
} endings[] = {
	{"train-images-idx3-ubyte", TRAIN_IMAGES}, {"train-labels-idx1-ubyte", TRAIN_LABELS},
	{"t10k-images-idx3-ubyte", TEST_IMAGES},   {"t10k-labels-idx1-ubyte", TEST_LABELS},
	{"test-images-idx3-ubyte", TEST_IMAGES},   {"test-labels-idx1-ubyte", TEST_LABELS},
};
static const char *const role_ending[ROLES] = {
	"train-images-idx3-ubyte",
	"train-labels-idx1-ubyte",
	"t10k-images-idx3-ubyte",
	"t10k-labels-idx1-ubyte",
};

struct idx_args {
	int64_t train, test;
	char prefix[64];
};
static const struct fed_field idx_fields[] = {
	FED_INT(struct idx_args, train, 0, 0, UINT32_MAX,
            "take the first of the training examples; 0 = all"),
	FED_INT(struct idx_args, test, 0, 0, UINT32_MAX,
            "take the first of the test examples; 0 = all"),
	FED_TEXT(struct idx_args, prefix, "", NULL,
             "how the files' names begin, where a folder holds several data sets (emnist-letters)"),
	FED_END,
};

/* Which files -------------------------------------------------------------- */

struct quartet {
	char *path[ROLES];
	size_t prefix_len[ROLES];
};

static void quartet_release(struct quartet *q)
{
	for (int i = 0; i < ROLES; i++)
		fed_free(q->path[i]);
}

static bool same_but_dots(const char *name, const char *ending, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] != ending[i] && !(name[i] == '.' && ending[i] == '-'))
			return false;
	return true;
}

/* The role of a file by its name; *prefix is the length of the part before the ending. */
static bool role_of(const char *name, enum role *role, size_t *prefix)
{
	size_t len = strlen(name);

	if (len > 3 && !strcmp(name + len - 3, ".gz"))
		len -= 3;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t n = strlen(endings[i].text);

		if (len >= n && same_but_dots(name + len - n, endings[i].text, n)) {
			*role = endings[i].role;
			*prefix = len - n;
			return true;
		}
	}
	return false;
}

static int take_file(struct quartet *q, const char *folder, const char *name, enum role role,
                     size_t prefix, struct fed_error *err)
{
	const char *known = q->path[role] ? strrchr(q->path[role], '/') + 1 : NULL;

	if (known && (q->prefix_len[role] != prefix || strncmp(known, name, prefix)))
		return fed_reject(err, "%s holds several data sets (%.60s, %.60s); choose one with prefix=",
		                  fed_show(folder).s, fed_show(known).s, fed_show(name).s);
	/* the same file twice: take the uncompressed one, which is faster */
	if (known && strlen(known) <= strlen(name))
		return FED_OK;

	struct fed_text path = {0};

	fed_text_add(&path, "%s/%s", folder, name);
	fed_free(q->path[role]);
	q->path[role] = path.failed ? NULL : fed_strdup(path.s);
	q->prefix_len[role] = prefix;
	fed_text_release(&path);
	return q->path[role] ? FED_OK : fed_fail_memory(err, strlen(folder), "a path");
}

static int scan_folder(struct quartet *q, DIR *dir, const char *folder, const char *prefix,
                       struct fed_error *err)
{
	for (struct dirent *entry; (entry = readdir(dir));) {
		enum role role;
		size_t len;

		if (!role_of(entry->d_name, &role, &len))
			continue;
		if (strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		const int rc = take_file(q, folder, entry->d_name, role, len, err);
		if (rc)
			return rc;
	}
	for (int i = 0; i < ROLES; i++)
		if (!q->path[i]) {
			fed_fail(err, "%s has no file %s%s%s (or .gz)", fed_show(folder).s, prefix,
			         *prefix ? "..." : "", role_ending[i]);
			return *prefix ? FED_REJECT
			               : FED_FAIL; /* a wrong prefix is the user's, a wrong folder not */
		}
	return FED_OK;
}

static int find_files(struct quartet *q, const char *folder, const char *prefix,
                      struct fed_error *err)
{
	DIR *dir = opendir(folder);

	if (!dir)
		return fed_fail(err, "%s cannot be opened: %m", fed_show(folder).s);

	int rc = scan_folder(q, dir, folder, prefix, err);

	closedir(dir);
	return rc;
}

/* One file ----------------------------------------------------------------- */

struct idx_file {
	struct fed_reader *reader;
	struct fed_shown name; /* without the folder, for errors */
	const char *unit;      /* "images" */
	uint32_t count, rows, columns;
	size_t item; /* bytes of one image or label */
};

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Check the size in the header.  Deflate expands by 1032 at most. */
static int check_size(const struct idx_file *f, const char *path, size_t header,
                      struct fed_error *err)
{
	uint64_t size, on_disk;

	if (fed_file_readable(path, &on_disk, err))
		return FED_FAIL;
	if (!f->count || !f->item || f->rows > 65535 || f->columns > 65535)
		return fed_fail(err, "%.80s: claims %u %s of %u x %u; each must be at least 1", f->name.s,
		                f->count, f->unit, f->rows, f->columns);
	size = on_disk;
	if (strlen(path) > 3 && !strcmp(path + strlen(path) - 3, ".gz"))
		size = on_disk * 1032;
	if ((size - (size < header ? size : header)) / f->item < f->count)
		return fed_fail(err, "%.80s: needs %u %s, file ends after %s%llu", f->name.s, f->count,
		                f->unit, size == on_disk ? "" : "at most ",
		                (unsigned long long)((size - (size < header ? size : header)) / f->item));
	return FED_OK;
}

static int read_header(struct idx_file *f, const char *path, uint32_t rank, struct fed_error *err)
{
	unsigned char head[16];
	size_t n = 4 + 4 * rank;
	struct fed_error why;

	if (fed_reader_read(f->reader, head, n, &why))
		return fed_fail(err, "%.250s; it has no IDX header", why.text);
	if (big_endian(head) != (0x800 | rank))
		return fed_fail(err, "%.80s: begins with 0x%08x; an IDX file of %s begins with 0x%08x",
		                f->name.s, big_endian(head), f->unit, 0x800 | rank);
	f->count = big_endian(head + 4);
	f->rows = rank == 3 ? big_endian(head + 8) : 1;
	f->columns = rank == 3 ? big_endian(head + 12) : 1;
	f->item = (size_t)f->rows * f->columns;
	return check_size(f, path, n, err);
}

static int idx_open(struct idx_file *f, const char *path, uint32_t rank, struct fed_error *err)
{
	*f = (struct idx_file){.name = fed_show(strrchr(path, '/') + 1),
	                       .unit = rank == 3 ? "images" : "labels"};
	if (fed_reader_open(&f->reader, path, err))
		return FED_FAIL;
	if (read_header(f, path, rank, err)) {
		fed_reader_free(f->reader);
		return FED_FAIL;
	}
	return FED_OK;
}

/* Read all items: the first `keep` into `to`, the others to check that the file is complete. */
static int read_items(struct idx_file *f, uint32_t keep, uint8_t *to, uint8_t *spare,
                      const struct fed_generation *making, struct fed_error *err)
{
	struct fed_error why;
	int rc = FED_OK;

	for (uint32_t i = 0; rc == FED_OK && i < f->count; i++) {
		if (fed_reader_read(f->reader, i < keep ? to + i * f->item : spare, f->item, &why))
			return fed_fail(err, "%.230s; it needs %u %s, file ends after %u", why.text, f->count,
			                f->unit, i);
		rc = fed__generation_check(making, i + 1, err);
	}
	if (rc)
		return rc;
	if (fed_reader_end(f->reader, &why))
		return fed_fail(err, "%.250s: %u %s", why.text, f->count, f->unit);
	return FED_OK;
}

/* The four together ---------------------------------------------------------- */

struct idx_load {
	struct idx_file file[ROLES];
	uint32_t keep[ROLES]; /* of each file's items, 0 = all, from the user's limits */
	uint8_t *labels[2];   /* all labels of the train and the test file */
	uint8_t *spare;       /* one image */
	const struct fed_generation *making;
};

static int compare_headers(struct idx_load *l, struct fed_error *err)
{
	for (int part = 0; part < 2; part++) {
		const struct idx_file *x = &l->file[2 * part], *y = x + 1;

		if (x->count != y->count)
			return fed_fail(err, "%.80s has %u images, %.80s has %u labels: they must be as many",
			                x->name.s, x->count, y->name.s, y->count);
		for (int i = 2 * part; i < 2 * part + 2; i++)
			if (!l->keep[i] || l->keep[i] > l->file[i].count)
				l->keep[i] = l->file[i].count;
	}

	const struct idx_file *a = &l->file[TRAIN_IMAGES], *b = &l->file[TEST_IMAGES];

	if (a->rows != b->rows || a->columns != b->columns)
		return fed_fail(err, "%.80s holds images of %u x %u, %.80s of %u x %u", a->name.s, a->rows,
		                a->columns, b->name.s, b->rows, b->columns);
	return FED_OK;
}

static int read_labels(struct idx_load *l, struct fed_error *err)
{
	for (int part = 0; part < 2; part++) {
		struct idx_file *f = &l->file[2 * part + 1];

		l->labels[part] = fed_alloc(f->count);
		if (!l->labels[part])
			return fed_fail_memory(err, f->count, "labels");
		const int rc = read_items(f, f->count, l->labels[part], NULL, l->making, err);
		if (rc)
			return rc;
	}
	return FED_OK;
}

/* Classes are defined by all training labels, regardless of the user's limits. */
static int count_classes(const struct idx_load *l, uint32_t *classes, struct fed_error *err)
{
	uint32_t max = 0;

	for (uint32_t i = 0; i < l->file[TRAIN_LABELS].count; i++)
		if (l->labels[0][i] > max)
			max = l->labels[0][i];
	for (uint32_t i = 0; i < l->file[TEST_LABELS].count; i++)
		if (l->labels[1][i] > max)
			return fed_fail(err, "%.80s: label %u of example %u; the training labels end at %u",
			                l->file[TEST_LABELS].name.s, l->labels[1][i], i, max);
	*classes = max + 1;
	return FED_OK;
}

/* A histogram of all training labels. */
struct tally {
	uint32_t n[256], first[256]; /* examples of each label, and the index of the first */
	uint32_t lowest, present;    /* labels that have examples */
	uint32_t gaps, gap;          /* labels between them without examples, and the first of these */
	uint32_t rare;               /* the largest label that is rare, or above a gap; 0: none */
};

/* A class is rare below a hundredth of an equal share: published sets have none, wrong bytes make
 * some. */
#define RARE 100

static void tally_labels(struct tally *t, const uint8_t *label, uint32_t n, uint32_t classes)
{
	*t = (struct tally){0};
	for (uint32_t i = n; i-- > 0;) {
		t->n[label[i]]++;
		t->first[label[i]] = i;
	}
	while (!t->n[t->lowest])
		t->lowest++;
	for (uint32_t c = t->lowest; c < classes; c++) {
		t->present += t->n[c] > 0;
		if (!t->n[c] && !t->gaps++)
			t->gap = c;
	}
	for (uint32_t c = t->lowest; c < classes; c++)
		if (t->n[c] && ((t->gaps && c + 1 == classes) || (uint64_t)t->n[c] * RARE * t->present < n))
			t->rare = c;
}

/* A warning about rare classes.  They are kept, since the file may be right. */
static int remark(const struct idx_load *l, struct fed_dataset *data, struct fed_error *err)
{
	const uint32_t n = l->file[TRAIN_LABELS].count;
	struct fed_text text = {0};
	struct tally t;

	tally_labels(&t, l->labels[0], n, data->classes);
	if (!t.lowest && !t.gaps && !t.rare)
		return FED_OK;
	fed_text_add(&text, "%u classes by the largest label", data->classes);
	if (t.lowest)
		fed_text_add(&text, "; the smallest is %u, no training example is below", t.lowest);
	if (t.gaps)
		fed_text_add(&text, "; %u label%s between without a training example, from %u on", t.gaps,
		             t.gaps == 1 ? "" : "s", t.gap);
	if (t.rare)
		fed_text_add(&text, "; label %u has %u of %s, the first is example %u: is it wrong?",
		             t.rare, t.n[t.rare], fed_count(n).s, t.first[t.rare]);
	data->remark = text.failed ? NULL : fed_strdup(text.s);
	fed_text_release(&text);
	return data->remark ? FED_OK : fed_fail_memory(err, data->classes, "a remark");
}

static int fill(struct idx_load *l, struct fed_dataset *data, struct fed_error *err)
{
	size_t size = l->file[TRAIN_IMAGES].item;

	l->spare = fed_alloc(size);
	if (!l->spare)
		return fed_fail_memory(err, size, "an image");

	int rc = read_items(&l->file[TRAIN_IMAGES], data->train, data->bytes, l->spare, l->making, err);

	if (rc == FED_OK)
		rc = read_items(&l->file[TEST_IMAGES], data->test, data->bytes + data->train * size,
		                l->spare, l->making, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < data->train; i++)
		data->label[i] = l->labels[0][i];
	for (uint32_t i = 0; i < data->test; i++)
		data->label[data->train + i] = l->labels[1][i];
	return FED_OK;
}

static int load_opened(struct idx_load *l, const char *name, struct fed_dataset **out,
                       struct fed_error *err)
{
	struct fed_dataset_plan plan = {.name = name, .bytes = true};
	const struct idx_file *images = &l->file[TRAIN_IMAGES];

	int rc = compare_headers(l, err);

	if (rc == FED_OK)
		rc = read_labels(l, err);
	if (rc == FED_OK)
		rc = count_classes(l, &plan.classes, err);
	if (rc)
		return rc;
	plan.shape = (struct fed_shape){.rank = 3, .dim = {images->rows, images->columns, 1}};
	plan.train = l->keep[TRAIN_IMAGES];
	plan.test = l->keep[TEST_IMAGES];
	if (fed__dataset_new(out, &plan, err))
		return FED_FAIL; /* the files are too large; the arguments are valid */
	rc = fill(l, *out, err);
	return rc ? rc : remark(l, *out, err);
}

static int load_quartet(const struct quartet *q, const struct idx_args *args, const char *name,
                        const struct fed_generation *making, struct fed_dataset **out,
                        struct fed_error *err)
{
	const uint32_t train = (uint32_t)args->train, test = (uint32_t)args->test;
	struct idx_load l = {.keep = {train, train, test, test}, .making = making};
	int opened = 0, rc = FED_OK;

	while (!rc && opened < ROLES) {
		rc = idx_open(&l.file[opened], q->path[opened], opened % 2 ? 1 : 3, err);
		opened += !rc;
	}
	if (!rc)
		rc = load_opened(&l, name, out, err);
	while (opened > 0)
		fed_reader_free(l.file[--opened].reader);
	fed_free(l.labels[0]);
	fed_free(l.labels[1]);
	fed_free(l.spare);
	return rc;
}

static int load_folder(struct fed_dataset **out, const struct idx_args *args, const char *folder,
                       const char *name, const struct fed_generation *making, struct fed_error *err)
{
	struct quartet q = {0};
	int rc = find_files(&q, folder, args->prefix, err);

	if (!rc)
		rc = load_quartet(&q, args, name, making, out, err);
	quartet_release(&q);
	return rc;
}

static int idx_load(struct fed_dataset **out, const void *args, const char *path,
                    const struct fed_generation *making, struct fed_error *err)
{
	char name[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(name, sizeof name, "%.*s", (int)len, path);

	const char *slash = strrchr(name, '/');

	const int rc = load_folder(out, args, name, slash && slash[1] ? slash + 1 : name, making, err);

	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

const struct fed_source fed__source_idx = {
	.name = "idx",
	.help = "a folder of four IDX files, plain or .gz: MNIST, EMNIST, KMNIST",
	.doc = "The folder holds train-images-idx3-ubyte, train-labels-idx1-ubyte,\n"
		   "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (or test-...), with any prefix,\n"
		   "plain or as .gz.  Pixels become byte / 255; the classes are 0 to the largest label\n"
		   "of the training part; a notice names labels that no or hardly any example has.\n"
		   "Format: Y. LeCun, The MNIST database of handwritten digits.",
	.fields = idx_fields,
	.args_size = sizeof(struct idx_args),
	.reads = true,
	.load = idx_load,
};

/* Fashion-MNIST -------------------------------------------------------------- */

static const char *const fashion_classes[] = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                              "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                              "Bag",         "Ankle boot"};

struct fashion_args {
	int64_t train, test;
};
static const struct fed_field fashion_fields[] = {
	FED_INT(struct fashion_args, train, 0, 0, UINT32_MAX,
            "take the first of the 60,000 training examples; 0 = all"),
	FED_INT(struct fashion_args, test, 0, 0, UINT32_MAX,
            "take the first of the 10,000 test examples; 0 = all"),
	FED_END,
};

#define FASHION_HINT \
	"(`apt install dataset-fashion-mnist` brings the files; `dataset glyphs` needs none)"

static void fashion_folder(char *out, size_t size)
{
	const char *parent = getenv("FEDSH_DATASETS");

	snprintf(out, size, "%s/fashion-mnist", parent && *parent ? parent : "/usr/share/datasets");
}

static int fashion_installed(struct fed_error *err)
{
	char folder[PATH_MAX];

	fashion_folder(folder, sizeof folder);
	if (access(folder, F_OK) == 0)
		return FED_OK;
	return fed_fail(err, "%.160s cannot be opened: %s " FASHION_HINT, fed_show(folder).s,
	                strerror(errno));
}

static int fashion_load(struct fed_dataset **out, const void *args, const char *path,
                        const struct fed_generation *making, struct fed_error *err)
{
	const struct fashion_args *fashion = args;
	const struct idx_args idx = {.train = fashion->train, .test = fashion->test};
	char folder[PATH_MAX];
	struct fed_error why;

	(void)path;
	fashion_folder(folder, sizeof folder);
	int rc = load_folder(out, &idx, folder, "fashion", making, &why);

	if (rc == FED_REJECT) /* stopped */
		return fed_reject(err, "%s", why.text);
	if (rc)
		return fed_fail(err, "%.200s " FASHION_HINT, why.text);
	if ((*out)->classes == 10)
		rc = fed__dataset_name_classes(*out, fashion_classes, err);
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

const struct fed_source fed__source_fashion = {
	.name = "fashion",
	.help = "Fashion-MNIST: 28x28 pictures of clothes, 10 classes, 60,000 + 10,000",
	.doc = "Zalando's pictures of articles, a drop-in for MNIST that is harder to learn (Xiao,\n"
		   "Rasul, Vollgraf 2017).  Read from Debian's package dataset-fashion-mnist under\n"
		   "/usr/share/datasets/fashion-mnist; FEDSH_DATASETS names another parent folder.",
	.fields = fashion_fields,
	.args_size = sizeof(struct fashion_args),
	.reads = true,
	.load = fashion_load,
	.installed = fashion_installed,
};
