/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/idx.c - the IDX source: folders of four files, as of MNIST, Fashion-MNIST, EMNIST,
 * KMNIST.
 *
 * An IDX file is a magic number 0x000008RR (unsigned bytes, RR dimensions), RR big-endian counts
 * and the bytes (Y. LeCun, "The MNIST database").  A header may claim anything: its counts are
 * checked against the size of the file before memory is allocated.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/readers/idx_files.h"
#include "data/readers/planes.h"
#include "data/source_internal.h"

struct idx_args {
	int64_t train, test;
	char prefix[64];
	int transpose, channels;
};
static const char *const transpose_names[] = {"auto", "no", "yes", NULL};
enum { TRANSPOSE_AUTO, TRANSPOSE_NO, TRANSPOSE_YES };
static const char *const channels_names[] = {"auto", "last", "first", NULL};
enum { CHANNELS_AUTO, CHANNELS_LAST, CHANNELS_FIRST };
static const struct fed_field idx_fields[] = {
	FED_INT(struct idx_args, train, 0, 0, UINT32_MAX,
            "take the first of the training examples; 0 = all"),
	FED_INT(struct idx_args, test, 0, 0, UINT32_MAX,
            "take the first of the test examples; 0 = all"),
	FED_TEXT(struct idx_args, prefix, "", NULL,
             "how the files' names begin, where a folder holds several data sets (emnist-letters); "
             "none: not at all"),
	FED_CHOICE(struct idx_args, transpose, TRANSPOSE_AUTO, transpose_names,
               "exchange rows and columns; auto: where the files' names say emnist"),
	FED_CHOICE(struct idx_args, channels, CHANNELS_AUTO, channels_names,
               "where files of four dimensions have the channels: (N, H, W, C) or (N, C, H, W)"),
	FED_END,
};

/* One file ----------------------------------------------------------------- */

enum { SIDE_MAX = 65535, CHANNELS_MAX = 4 /* that auto takes for channels */ };

struct idx_file {
	struct fed_reader *reader;
	struct fed_shown name; /* without the folder, for errors */
	const char *unit;      /* "images" */
	uint32_t count, rows, columns, channels;
	bool planes; /* the file has the channels one after another */
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
	if (!f->count || !f->item || f->rows > SIDE_MAX || f->columns > SIDE_MAX ||
	    f->channels > SIDE_MAX)
		return fed_fail(
			err,
			"%.80s: claims %u %s of %u x %u%s; each must be at least 1, the sides at most "
			"%d",
			f->name.s, f->count, f->unit, f->rows, f->columns,
			f->channels == 1 ? "" : " in several channels", SIDE_MAX);
	size = on_disk;
	if (strlen(path) > 3 && !strcmp(path + strlen(path) - 3, ".gz"))
		size = on_disk * 1032;
	if ((size - (size < header ? size : header)) / f->item < f->count)
		return fed_fail(err, "%.80s: needs %u %s, file ends after %s%llu", f->name.s, f->count,
		                f->unit, size == on_disk ? "" : "at most ",
		                (unsigned long long)((size - (size < header ? size : header)) / f->item));
	return FED_OK;
}

/* Sizes of images (N, H, W), (N, H, W, C) or (N, C, H, W), from the counts behind N. */
static void set_sizes(struct idx_file *f, const unsigned char *counts, uint32_t rank, int channels)
{
	uint32_t size[3] = {1, 1, 1};

	for (uint32_t i = 0; i + 1 < rank; i++)
		size[i] = big_endian(counts + 4 * i);
	f->planes = rank == 4 &&
	            (channels == CHANNELS_FIRST ||
	             (channels == CHANNELS_AUTO && size[2] > CHANNELS_MAX && size[0] <= CHANNELS_MAX));
	f->rows = size[f->planes ? 1 : 0];
	f->columns = size[f->planes ? 2 : 1];
	f->channels = size[f->planes ? 0 : 2];
	f->item = (size_t)f->rows * f->columns * f->channels;
}

/* Of images (3 or 4 dimensions) or labels (1). */
static int read_header(struct idx_file *f, const char *path, bool images, int channels,
                       struct fed_error *err)
{
	const uint32_t wanted = images ? 0x803 : 0x801;
	unsigned char magic[4], counts[16];
	struct fed_error why;

	if (fed_reader_read(f->reader, magic, sizeof magic, &why))
		return fed_fail(err, "%.250s; it has no IDX header", why.text);
	if (big_endian(magic) != wanted && !(images && big_endian(magic) == 0x804))
		return fed_fail(err, "%.80s: begins with 0x%08x; an IDX file of %s begins with 0x%08x%s",
		                f->name.s, big_endian(magic), f->unit, wanted,
		                images ? ", in several channels with 0x00000804" : "");

	const uint32_t rank = big_endian(magic) & 0xff;

	if (fed_reader_read(f->reader, counts, 4 * rank, &why))
		return fed_fail(err, "%.250s; it has no IDX header", why.text);
	f->count = big_endian(counts);
	set_sizes(f, counts + 4, rank, channels);
	return check_size(f, path, 4 + 4 * rank, err);
}

static int idx_open(struct idx_file *f, const char *path, bool images, int channels,
                    struct fed_error *err)
{
	*f = (struct idx_file){.name = fed_show(strrchr(path, '/') + 1),
	                       .unit = images ? "images" : "labels"};
	if (fed_reader_open(&f->reader, path, err))
		return FED_FAIL;
	if (read_header(f, path, images, channels, err)) {
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
	const struct fed_idx_set *set;
	const struct idx_args *args;
	struct idx_file file[FED_IDX_ROLES];
	uint32_t keep[FED_IDX_ROLES]; /* of each file's items, 0 = all, from the user's limits */
	uint8_t *labels[2];           /* all labels of the train and the test file */
	uint8_t *spare;               /* one image */
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

	const struct idx_file *a = &l->file[FED_IDX_TRAIN_IMAGES], *b = &l->file[FED_IDX_TEST_IMAGES];

	if (a->rows != b->rows || a->columns != b->columns)
		return fed_fail(err, "%.80s holds images of %u x %u, %.80s of %u x %u", a->name.s, a->rows,
		                a->columns, b->name.s, b->rows, b->columns);
	if (a->channels != b->channels || a->planes != b->planes)
		return fed_fail(err, "%.80s holds images of %u channels, %.80s of %u", a->name.s,
		                a->channels, b->name.s, b->channels);
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

	for (uint32_t i = 0; i < l->file[FED_IDX_TRAIN_LABELS].count; i++)
		if (l->labels[0][i] > max)
			max = l->labels[0][i];
	for (uint32_t i = 0; i < l->file[FED_IDX_TEST_LABELS].count; i++)
		if (l->labels[1][i] > max)
			return fed_fail(err, "%.80s: label %u of example %u; the training labels end at %u",
			                l->file[FED_IDX_TEST_LABELS].name.s, l->labels[1][i], i, max);
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
	const uint32_t n = l->file[FED_IDX_TRAIN_LABELS].count;
	struct fed_text text = {0};
	struct tally t;

	tally_labels(&t, l->labels[0], n, data->classes);
	if (!t.lowest && !t.gaps && !t.rare)
		return FED_OK;
	fed_text_add(&text, "%u by the largest label", data->classes);
	if (t.lowest)
		fed_text_add(&text, "; the smallest is %u, no training example is below", t.lowest);
	if (t.gaps)
		fed_text_add(&text, "; %u label%s between without a training example, from %u on", t.gaps,
		             t.gaps == 1 ? "" : "s", t.gap);
	if (t.rare)
		fed_text_add(&text, "; label %u has %u of %s, the first is example %u: is it wrong?",
		             t.rare, t.n[t.rare], fed_count(n).s, t.first[t.rare]);
	return fed__note_text(&data->notes, FED_NOTE_TOLD, "classes", NULL, &text, err);
}

static int fill(struct idx_load *l, struct fed_dataset *data, struct fed_error *err)
{
	size_t size = l->file[FED_IDX_TRAIN_IMAGES].item;

	l->spare = fed_alloc(size);
	if (!l->spare)
		return fed_fail_memory(err, size, "an image");

	int rc = read_items(&l->file[FED_IDX_TRAIN_IMAGES], data->train, data->bytes, l->spare,
	                    l->making, err);

	if (rc == FED_OK)
		rc = read_items(&l->file[FED_IDX_TEST_IMAGES], data->test, data->bytes + data->train * size,
		                l->spare, l->making, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < data->train; i++)
		data->label[i] = l->labels[0][i];
	for (uint32_t i = 0; i < data->test; i++)
		data->label[data->train + i] = l->labels[1][i];
	return FED_OK;
}

/* Whether rows and columns are to be exchanged: EMNIST's files lie on their side. */
static bool is_transposed(const struct idx_load *l)
{
	return l->args->transpose == TRANSPOSE_YES ||
	       (l->args->transpose == TRANSPOSE_AUTO && strcasestr(l->set->prefix, "emnist"));
}

/* Turn planes of channels into channels of pixels, and say so. */
static int put_channels_last(const struct idx_load *l, struct fed_dataset *data,
                             struct fed_error *err)
{
	const struct idx_file *images = &l->file[FED_IDX_TRAIN_IMAGES];

	for (size_t i = 0; i < (size_t)data->train + data->test; i++) {
		uint8_t *image = data->bytes + i * images->item;

		memcpy(l->spare, image, images->item);
		fed__planes_to_pixels(l->spare, (size_t)images->rows * images->columns, images->channels,
		                      image);
	}
	if (l->args->channels == CHANNELS_FIRST)
		return fed__note(&data->notes, FED_NOTE_LISTED, "channels", NULL, err,
		                 "one after another in the files");
	return fed__note(&data->notes, FED_NOTE_TOLD, "channels", "channels=last", err,
	                 "%u, one after another in the files, by the sizes %u, %u, %u",
	                 images->channels, images->channels, images->rows, images->columns);
}

/* Turn each image (rows, columns, channels) into (columns, rows, channels). */
static int transpose(const struct idx_load *l, struct fed_dataset *data, struct fed_error *err)
{
	const struct idx_file *images = &l->file[FED_IDX_TRAIN_IMAGES];
	const size_t rows = images->rows, columns = images->columns, size = images->item;
	const size_t channels = images->channels;

	for (size_t i = 0; i < (size_t)data->train + data->test; i++) {
		uint8_t *image = data->bytes + i * size;

		memcpy(l->spare, image, size);
		for (size_t y = 0; y < rows; y++)
			for (size_t x = 0; x < columns; x++)
				memcpy(image + (x * rows + y) * channels, l->spare + (y * columns + x) * channels,
				       channels);
	}
	if (l->args->transpose == TRANSPOSE_YES)
		return fed__note(&data->notes, FED_NOTE_LISTED, "orientation", NULL, err, "transposed");
	return fed__note(&data->notes, FED_NOTE_TOLD, "orientation", "transpose=no", err,
	                 "transposed, since files of EMNIST lie on their side");
}

/* Of two channels, or more than three, some are not in what is drawn of them. */
static int note_drawn(const struct idx_file *images, struct fed_dataset *data,
                      struct fed_error *err)
{
	if (images->channels == 1 || images->channels == 3)
		return FED_OK;
	return fed__note(&data->notes, FED_NOTE_TOLD, "drawn", NULL, err,
	                 images->channels == 2 ? "by the first of 2 channels, as grey"
	                                       : "by the first three of %u channels, as colours",
	                 images->channels);
}

static int load_opened(struct idx_load *l, const char *name, struct fed_dataset **out,
                       struct fed_error *err)
{
	struct fed_dataset_plan plan = {.name = name, .bytes = true};
	const struct idx_file *images = &l->file[FED_IDX_TRAIN_IMAGES];

	int rc = compare_headers(l, err);

	if (rc == FED_OK)
		rc = read_labels(l, err);
	if (rc == FED_OK)
		rc = count_classes(l, &plan.classes, err);
	if (rc)
		return rc;
	plan.shape =
		(struct fed_shape){.rank = 3, .dim = {images->rows, images->columns, images->channels}};
	if (is_transposed(l))
		plan.shape =
			(struct fed_shape){.rank = 3, .dim = {images->columns, images->rows, images->channels}};
	plan.train = l->keep[FED_IDX_TRAIN_IMAGES];
	plan.test = l->keep[FED_IDX_TEST_IMAGES];
	if (fed__dataset_new(out, &plan, err))
		return FED_FAIL; /* the files are too large; the arguments are valid */
	rc = fill(l, *out, err);
	if (rc == FED_OK)
		rc = remark(l, *out, err);
	if (rc == FED_OK && images->planes)
		rc = put_channels_last(l, *out, err);
	if (rc == FED_OK)
		rc = note_drawn(images, *out, err);
	return rc == FED_OK && is_transposed(l) ? transpose(l, *out, err) : rc;
}

static int load_set(const struct fed_idx_set *set, const struct idx_args *args, const char *name,
                    const struct fed_generation *making, struct fed_dataset **out,
                    struct fed_error *err)
{
	const uint32_t train = (uint32_t)args->train, test = (uint32_t)args->test;
	struct idx_load l = {
		.set = set, .args = args, .keep = {train, train, test, test}, .making = making};
	int opened = 0, rc = FED_OK;

	while (!rc && opened < FED_IDX_ROLES) {
		rc = idx_open(&l.file[opened], set->path[opened], opened % 2 == 0, args->channels, err);
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
	struct fed_dataset_notes notes = {0};
	struct fed_idx_set set = {0};
	int rc = fed__idx_find(&set, folder, args->prefix, &notes, err);

	if (!rc)
		rc = load_set(&set, args, name, making, out, err);
	for (size_t i = 0; rc == FED_OK && i < notes.n; i++)
		rc = fed__note(&(*out)->notes, notes.note[i].level, notes.note[i].subject,
		               notes.note[i].overrule, err, "%s", notes.note[i].found);
	fed__notes_release(&notes);
	fed__idx_set_release(&set);
	return rc;
}

static bool idx_recognises(const char *path, bool folder)
{
	return folder && fed__idx_found(path);
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
		   "Pictures in several channels have four dimensions (0x00000804), channels last or\n"
		   "first: up to four in front of two longer sides are taken for channels.\n"
		   "EMNIST's pictures lie on their side: where the files' names say emnist, rows and\n"
		   "columns are exchanged.  Of several sets in a folder prefix= chooses one.\n"
		   "Format: Y. LeCun, The MNIST database of handwritten digits.",
	.fields = idx_fields,
	.args_size = sizeof(struct idx_args),
	.reads = true,
	.recognises = idx_recognises,
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
