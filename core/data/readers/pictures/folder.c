/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/folder.c - the source for folders of pictures: CLASS/picture,
 * CLIENT/CLASS/picture, train/CLASS/picture and test/CLASS/picture.
 */
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "data/readers/pictures/load.h"
#include "data/source_internal.h"

enum { SIDE_MAX = 4096 };
#define NO_EXAMPLE UINT32_MAX /* of a picture whose header is damaged */

static const char *const fit_names[] = {"crop", "stretch", NULL};
static const char *const colour_names[] = {"auto", "grey", "rgb", NULL};
static const char *const alpha_names[] = {"white", "black", "ignore", NULL};
static const char *const layout_names[] = {"auto", "classes", "clients", NULL};
static const char *const damaged_names[] = {"refuse", "skip", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};
enum { REFUSE, SKIP };

static const struct fed_field pictures_fields[] = {
	FED_TEXT(struct fed_pictures_args, size, "", NULL,
             "height and width to scale all pictures to: size=32x32; else the first one's"),
	FED_CHOICE(struct fed_pictures_args, fit, FED_PICTURE_FIT_CROP, fit_names,
               "what becomes of another aspect ratio: the middle is taken, or all is stretched"),
	FED_CHOICE(struct fed_pictures_args, colour, FED_PICTURE_COLOUR_AUTO, colour_names,
               "channels; auto: three if any picture has colours, else one"),
	FED_CHOICE(struct fed_pictures_args, alpha, FED_ALPHA_WHITE, alpha_names,
               "what transparent pictures are laid on"),
	FED_REAL(struct fed_pictures_args, test, 0.2, 0.001, 0.9,
             "share of the pictures for the test, where no folder test/ or val/ has them"),
	FED_CHOICE(struct fed_pictures_args, layout, FED_PICTURE_LEVELS_AUTO, layout_names,
               "what the folders are: CLASS/picture, or CLIENT/CLASS/picture"),
	FED_CHOICE(struct fed_pictures_args, turn, 1, no_yes,
               "turn pictures as their Exif orientation says"),
	FED_CHOICE(struct fed_pictures_args, damaged, REFUSE, damaged_names,
               "what becomes of pictures that cannot be decoded"),
	FED_END,
};

/* Sizes ------------------------------------------------------------------------------------- */

/* "32x48", height first, or "32" for both. */
static int parse_size(struct fed_pictures_load *l, struct fed_error *err)
{
	char copy[sizeof l->args->size], *width = NULL;
	long long h = 0, w = 0;

	snprintf(copy, sizeof copy, "%s", l->args->size);
	l->sized = *copy != '\0';
	if (!l->sized)
		return FED_OK;
	width = strpbrk(copy, "xX");
	if (width)
		*width++ = '\0';
	if (!fed_parse_int(copy, &h) || !fed_parse_int(width ? width : copy, &w) || h < 1 || w < 1 ||
	    h > SIDE_MAX || w > SIDE_MAX)
		return fed_reject(err, "size=%s is no size; say size=32x32, height and width from 1 to %d",
		                  fed_show(l->args->size).s, SIDE_MAX);
	l->height = (uint32_t)h;
	l->width = (uint32_t)w;
	return FED_OK;
}

/* Size and channels of all, where the user leaves them open. */
static void decide(struct fed_pictures_load *l)
{
	bool first = !l->sized, colours = false;

	for (size_t i = 0; i < l->layout.n; i++) {
		if (l->damage[i])
			continue;
		if (first)
			fed__picture_shown_size(l, i, &l->height, &l->width);
		first = false;
		colours = colours || l->head[i].channels >= 3;
	}
	l->channels = l->args->colour == FED_PICTURE_COLOUR_AUTO   ? (colours ? 3 : 1)
	              : l->args->colour == FED_PICTURE_COLOUR_GREY ? 1
	                                                           : 3;
}

/* Damage ------------------------------------------------------------------------------------ */

/* Pictures that are right, or an error where damaged ones are refused. */
static int sift(const struct fed_pictures_load *l, uint32_t *good, struct fed_error *err)
{
	size_t damaged = 0, first = 0;

	for (size_t i = l->layout.n; i-- > 0;)
		if (l->damage[i]) {
			damaged++;
			first = i;
		}
	*good = (uint32_t)(l->layout.n - damaged);
	if (damaged == 0 || (l->args->damaged == SKIP && *good > 0))
		return FED_OK;

	char others[140] = "";
	if (damaged > 1)
		snprintf(others, sizeof others, ", and so %s %s other%s", damaged == 2 ? "is" : "are",
		         fed_count((double)damaged - 1).s, damaged == 2 ? "" : "s");
	return fed_fail(err, "%s %.150s%s%s", fed_show(l->layout.item[first].path).s,
	                l->damage[first]->text, others,
	                *good ? "; damaged=skip leaves such pictures out" : "; no picture is left");
}

/* Examples -------------------------------------------------------------------------------- */

/* Mark n of the good pictures for the test, by the seed. */
static int draw_test(struct fed_pictures_load *l, uint32_t good, uint32_t n, struct fed_error *err)
{
	struct fed_stream r = fed_stream_open(l->making->seed, FED_FOR_SPLIT, 0, 0);
	uint32_t *order = fed_alloc_array(good, sizeof *order);
	uint32_t k = 0;

	if (!order)
		return fed_fail_memory(err, good * sizeof *order, "the order of the pictures");
	for (size_t i = 0; i < l->layout.n; i++)
		if (!l->damage[i])
			order[k++] = (uint32_t)i;
	fed_stream_shuffle(&r, order, good);
	for (k = 0; k < n; k++)
		l->layout.item[order[k]].test = true;
	fed_free(order);
	return FED_OK;
}

/* Number the good pictures as examples: those for training, then those for the test. */
static void number(struct fed_pictures_load *l, struct fed_dataset_plan *plan)
{
	uint32_t next = 0;

	for (size_t i = 0; i < l->layout.n; i++)
		l->example[i] = NO_EXAMPLE;
	for (int test = 0; test < 2; test++) {
		for (size_t i = 0; i < l->layout.n; i++)
			if (!l->damage[i] && l->layout.item[i].test == test)
				l->example[i] = next++;
		if (!test)
			plan->train = next;
	}
	plan->test = next - plan->train;
}

static int split(struct fed_pictures_load *l, uint32_t good, struct fed_dataset_plan *plan,
                 struct fed_error *err)
{
	const double wanted = l->args->test * good + 0.5;
	const uint32_t n = wanted < 1 ? 1 : wanted >= good ? good - 1 : (uint32_t)wanted;

	if (!l->layout.parts && draw_test(l, good, n, err))
		return FED_FAIL;
	number(l, plan);
	if (!plan->train)
		return fed_fail(err, "no picture is left for training");
	if (l->layout.parts)
		return FED_OK;
	return fed__note(&l->notes, FED_NOTE_LISTED, "test", "test=", err,
	                 "%s picture%s, drawn by the seed", fed_count(plan->test).s,
	                 plan->test == 1 ? "" : "s");
}

/* Close the gaps of pictures that turned out damaged when they were decoded: examples keep their
 * order. */
static void close_gaps(struct fed_dataset *data)
{
	const size_t size = fed_shape_size(&data->shape);
	const uint32_t all = data->train + data->test, train = data->train;
	uint32_t next = 0;

	for (uint32_t at = 0; at < all; at++) {
		if (data->label[at] < 0) {
			data->train -= at < train;
			data->test -= at >= train;
			continue;
		}
		if (next < at) {
			memcpy(data->bytes + next * size, data->bytes + at * size, size);
			data->label[next] = data->label[at];
			if (data->owner && at < train)
				data->owner[next] = data->owner[at];
		}
		next++;
	}
}

static int fill(struct fed_pictures_load *l, struct fed_dataset *data, struct fed_error *err)
{
	bool damage = false;

	if (l->layout.owners) {
		data->owner = fed_alloc_array(data->train, sizeof *data->owner);
		if (!data->owner)
			return fed_fail_memory(err, data->train, "the pictures' users");
		data->owners = l->layout.owners;
	}
	for (size_t i = 0; i < l->layout.n; i++) {
		if (l->damage[i])
			continue;
		data->label[l->example[i]] = (int32_t)l->layout.item[i].class;
		if (data->owner && l->example[i] < data->train)
			data->owner[l->example[i]] = l->layout.item[i].owner;
	}
	int rc = fed__pictures_decode(l, data->bytes, err);
	for (size_t i = 0; rc == FED_OK && i < l->layout.n; i++)
		if (l->damage[i] && l->example[i] != NO_EXAMPLE) {
			data->label[l->example[i]] = -1;
			damage = true;
		}
	if (rc == FED_OK && damage)
		close_gaps(data);
	return rc;
}

/* The dataset ------------------------------------------------------------------------------- */

/* Classes without a picture for training cannot be learned. */
static int check_classes(struct fed_pictures_load *l, const struct fed_dataset *data,
                         struct fed_error *err)
{
	bool *seen = fed_alloc_array(data->classes, sizeof *seen);
	uint32_t missing = 0, first = 0;

	if (!seen)
		return fed_fail_memory(err, data->classes, "the classes");
	for (uint32_t i = 0; i < data->train; i++)
		seen[data->label[i]] = true;
	for (uint32_t c = data->classes; c-- > 0;)
		if (!seen[c]) {
			missing++;
			first = c;
		}
	fed_free(seen);
	if (data->classes == 1)
		return fed__note(&l->notes, FED_NOTE_WARNING, "classes", NULL, err,
		                 "a single one, %s, of which nothing can be learned; each class needs a "
		                 "folder of its own",
		                 fed_show(l->layout.class_name[0]).s);
	if (!missing)
		return FED_OK;
	return fed__note(&l->notes, FED_NOTE_TOLD, "empty classes", NULL, err,
	                 "%u of %u without a picture for training, the first %s", missing,
	                 data->classes, fed_show(l->layout.class_name[first]).s);
}

static int make(struct fed_pictures_load *l, const char *name, struct fed_dataset **out,
                struct fed_error *err)
{
	struct fed_dataset_plan plan = {.name = name,
	                                .shape = {.rank = 3, .dim = {l->height, l->width, l->channels}},
	                                .classes = l->layout.classes,
	                                .bytes = true};
	struct fed_error why;
	uint32_t good;

	if (sift(l, &good, err) || split(l, good, &plan, err))
		return FED_FAIL;
	if (plan.classes > FED_DATASET_MAX_CLASSES)
		return fed_fail(err, "%s folders of classes; at most %u are possible%s",
		                fed_count(plan.classes).s, FED_DATASET_MAX_CLASSES,
		                l->layout.owners ? "" : " (if they are of clients, say layout=clients)");
	if (fed__dataset_new(out, &plan, &why))
		return fed_fail(err, "%.240s; size=64x64 scales the pictures", why.text);

	struct fed_dataset *data = *out;
	int rc = fill(l, data, err);
	if (rc == FED_OK)
		rc = sift(l, &good, err);
	if (rc == FED_OK && !data->train)
		rc = fed_fail(err, "no picture is left for training");
	if (rc == FED_OK)
		rc = fed__dataset_name_classes(data, l->layout.class_name, err);
	if (rc == FED_OK && data->owners)
		rc = fed__dataset_name_owners(data, l->layout.owner_name, err);
	if (rc == FED_OK)
		rc = check_classes(l, data, err);
	return rc == FED_OK ? fed__pictures_describe(l, err) : rc;
}

static int allocate(struct fed_pictures_load *l, struct fed_error *err)
{
	const size_t n = l->layout.n;

	l->head = fed_alloc_array(n, sizeof *l->head);
	l->damage = fed_alloc_array(n, sizeof *l->damage);
	l->example = fed_alloc_array(n, sizeof *l->example);
	return l->head && l->damage && l->example
	           ? FED_OK
	           : fed_fail_memory(err, n * sizeof *l->head, "the pictures");
}

static void release(struct fed_pictures_load *l)
{
	for (size_t i = 0; l->damage && i < l->layout.n; i++)
		fed_free(l->damage[i]);
	fed_free(l->damage);
	fed_free(l->head);
	fed_free(l->example);
	fed__picture_layout_release(&l->layout);
	fed__picture_tree_release(&l->tree);
	fed__notes_release(&l->notes);
}

static int pictures_load(struct fed_dataset **out, const void *args, const char *path,
                         const struct fed_generation *making, struct fed_error *err)
{
	struct fed_pictures_load l = {.args = args, .making = making};
	char *root = fed_strdup(path);
	size_t len = strlen(path);

	if (!root)
		return fed_fail_memory(err, len, "a path");
	while (len > 1 && root[len - 1] == '/')
		root[--len] = '\0';
	const char *slash = strrchr(root, '/');
	l.root = root;
	int rc = parse_size(&l, err);
	if (rc == FED_OK)
		rc = fed__picture_tree_find(&l.tree, root, err);
	if (rc == FED_OK)
		rc = fed__picture_layout_make(&l.layout, &l.tree, root,
		                              (enum fed_picture_levels)l.args->layout, &l.notes, err);
	if (rc == FED_OK)
		rc = allocate(&l, err);
	if (rc == FED_OK)
		rc = fed__pictures_heads(&l, err);
	if (rc == FED_OK) {
		decide(&l);
		rc = make(&l, slash && slash[1] ? slash + 1 : root, out, err);
	}
	if (rc == FED_OK) {
		(*out)->notes = l.notes;
		l.notes = (struct fed_dataset_notes){0};
		fed__dataset_seal(*out);
	}
	release(&l);
	fed_free(root);
	return rc;
}

static bool pictures_recognises(const char *path, bool folder)
{
	return folder && fed__picture_tree_any(path);
}

static bool is_slow(const char *path)
{
	(void)path;
	return true;
}

const struct fed_source fed__source_pictures = {
	.name = "pictures",
	.help = "a folder of PNG and JPEG files: CLASS/picture, CLIENT/CLASS/picture",
	.doc =
		"Each folder is a class with its name; below train/ and test/ (or val/) the parts are\n"
		"given, else `test` of the pictures are drawn by the seed.  CLIENT/CLASS/picture gives\n"
		"each client its own pictures (`add-client N natural`).  All are scaled to the size of\n"
		"the first, or to size=HxW: down by the mean over the area, up by interpolation; of\n"
		"another aspect ratio the middle is taken.  A pixel becomes byte / 255.  Alpha, 16 bits,\n"
		"palettes, CMYK and Exif's orientation are understood; what was decided is told.\n"
		"Hidden files are left alone.",
	.fields = pictures_fields,
	.args_size = sizeof(struct fed_pictures_args),
	.reads = true,
	.recognises = pictures_recognises,
	.slow = is_slow,
	.load = pictures_load,
};
