/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_pictures.c - pictures that rows name, as of CelebA.
 *
 * They lie within the folder of the data set, so that the cache sees when they change.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/readers/leaf/leaf_make.h"
#include "data/readers/pictures/load.h"

bool fed__leaf_is_picture(const char *name)
{
	static const char *const ends[] = {".jpg", ".jpeg", ".png"};
	const size_t n = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (n > strlen(ends[i]) && !strcasecmp(name + n - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

/* The folder that has the first picture. */
static int find_folder(struct fed_text *out, const char *root, const char *first,
                       struct fed_error *err)
{
	static const char *const below[] = {
		"", "/raw/img_align_celeba", "/raw", "/data/raw/img_align_celeba", "/images", "/data/raw"};

	for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
		struct fed_text path = {0};

		fed_text_add(&path, "%s%s/%s", root, below[i], first);
		const bool found = !path.failed && access(path.s, R_OK) == 0;
		fed_text_release(&path);
		if (found) {
			fed_text_add(out, "%s%s", root, below[i]);
			return out->failed ? fed_fail_memory(err, strlen(root), "a path") : FED_OK;
		}
	}
	return fed_fail(err,
	                "%s: the rows name pictures, but %s is not there, nor in "
	                "raw/img_align_celeba/; name the folder that holds the JSON files and the "
	                "pictures, or move them into it",
	                fed_show(root).s, fed_show(first).s);
}

static int check_damage(const struct fed_pictures_load *p, struct fed_error *err)
{
	for (size_t i = 0; i < p->layout.n; i++)
		if (p->damage[i])
			return fed_fail(err, "%.80s: %.240s", fed_show(p->layout.item[i].path).s,
			                p->damage[i]->text);
	return FED_OK;
}

static int decode(struct fed_pictures_load *p, const struct fed_leaf *l, uint8_t *bytes,
                  struct fed_error *err)
{
	const char *at = l->text.s;
	int rc;

	for (size_t i = 0; i < l->examples; i++, at += strlen(at) + 1) {
		if (*at == '/' || strstr(at, ".."))
			return fed_fail(err, "picture %s: names of pictures are those within the folder",
			                fed_show(at).s);
		p->layout.item[i].path = at;
	}
	rc = fed__pictures_heads(p, err);
	if (rc == FED_OK)
		rc = check_damage(p, err);
	if (rc == FED_OK)
		rc = fed__pictures_decode(p, bytes, err);
	return rc == FED_OK ? check_damage(p, err) : rc;
}

int fed__leaf_pictures(const struct fed_leaf *l, const struct fed_leaf_order *order,
                       const char *root, const struct fed_shape *shape, uint8_t *bytes,
                       struct fed_error *err)
{
	const struct fed_pictures_args args = {.turn = 1};
	const size_t n = l->examples;
	struct fed_text folder = {0};
	struct fed_pictures_load p = {.args = &args,
	                              .making = l->making,
	                              .example = order->id,
	                              .height = shape->dim[0],
	                              .width = shape->dim[1],
	                              .channels = (uint8_t)shape->dim[2]};
	int rc = find_folder(&folder, root, l->text.s, err);

	p.root = fed_text_str(&folder);
	p.layout.n = n;
	p.layout.item = fed_alloc_array(n, sizeof *p.layout.item);
	p.head = fed_alloc_array(n, sizeof *p.head);
	p.damage = fed_alloc_array(n, sizeof *p.damage);
	if (rc == FED_OK && !(p.layout.item && p.head && p.damage))
		rc = fed_fail_memory(err, n * sizeof *p.layout.item, "the pictures");
	if (rc == FED_OK)
		rc = decode(&p, l, bytes, err);
	for (size_t i = 0; p.damage && i < n; i++)
		fed_free(p.damage[i]);
	fed_free(p.damage);
	fed_free(p.head);
	fed_free(p.layout.item);
	fed_text_release(&folder);
	return rc;
}
