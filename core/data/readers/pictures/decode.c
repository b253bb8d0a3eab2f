/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/decode.c - headers and pixels of all pictures of a folder, on several
 * threads.
 *
 * Each picture is worked on by itself and writes its own bytes, so that the number of threads
 * changes nothing; of several errors the first picture's counts.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/system/pool.h"
#include "data/readers/pictures/load.h"
#include "data/source_internal.h"

enum { FILE_MOST = 1 << 28, LARGE = 1 << 24 /* bytes of pixels for which memory is looked for */ };

/* A pass over all pictures. */
struct picture_pass {
	struct fed_pictures_load *load;
	uint8_t *bytes; /* of the dataset; NULL: headers alone */
	atomic_bool failed;
	_Atomic uint32_t done;
	struct fed_error **failure; /* [n]: what is no damage of a picture */
};

/* Keep a copy of an error; without memory for it, *failed alone says that there was one. */
static void keep(struct fed_error **slot, const struct fed_error *err)
{
	*slot = fed_alloc(sizeof **slot);
	if (*slot)
		**slot = *err;
}

void fed__picture_shown_size(const struct fed_pictures_load *l, size_t i, uint32_t *height,
                             uint32_t *width)
{
	const struct fed_picture_head *head = &l->head[i];
	const bool across = l->args->turn && head->turn >= 5;

	*height = across ? head->width : head->height;
	*width = across ? head->height : head->width;
}

/* Pixels of one picture through all steps: upright, without alpha, in size, in its colours. */
static int fit(const struct fed_pictures_load *l, struct fed_pixels *p, uint8_t *out,
               struct fed_error *err)
{
	struct fed_pixels scaled = {out, l->height, l->width, p->channels};
	uint8_t *between = NULL;
	int rc = FED_OK;

	if (p->height == l->height && p->width == l->width) {
		fed__pixels_recolour(p, l->channels, out);
		return FED_OK;
	}
	if (p->channels != l->channels) {
		between = fed_alloc((size_t)l->height * l->width * p->channels);
		if (!between)
			return fed_fail_memory(err, (size_t)l->height * l->width, "a picture");
		scaled.v = between;
	}
	const struct fed_window w = l->args->fit == FED_PICTURE_FIT_CROP
	                                ? fed__window_middle(p, l->height, l->width)
	                                : fed__window_whole(p);
	rc = fed__pixels_scale(p, &w, &scaled, err);
	if (rc == FED_OK && between)
		fed__pixels_recolour(&scaled, l->channels, out);
	fed_free(between);
	return rc;
}

static int decode(const struct fed_pictures_load *l, size_t i, const struct fed_text *file,
                  uint8_t *out, struct fed_error *err)
{
	const struct fed_picture_head *head = &l->head[i];
	const size_t size = (size_t)head->height * head->width * head->channels;
	const bool turns = l->args->turn && head->turn > 1;
	uint8_t *stored = NULL, *turned = NULL;

	if (size < LARGE || (double)size * (1 + turns) < fed_mem_available()) {
		stored = fed_alloc(size);
		turned = turns ? fed_alloc(size) : NULL;
	}
	int rc = stored && (turned || !turns) ? FED_OK : fed_fail_memory(err, size, "a picture");
	if (rc == FED_OK)
		rc = fed__picture_pixels((const uint8_t *)file->s, file->len, head, stored, err);
	if (rc == FED_OK) {
		struct fed_pixels p = {stored, head->height, head->width, head->channels};

		if (turns) {
			struct fed_pixels upright = {.v = turned};

			fed__pixels_turn(&p, head->turn, &upright);
			p = upright;
		}
		fed__pixels_flatten(&p, (enum fed_alpha)l->args->alpha);
		rc = fit(l, &p, out, err);
	}
	fed_free(stored);
	fed_free(turned);
	return rc;
}

static int read_file(const struct fed_pictures_load *l, size_t i, struct fed_text *out,
                     struct fed_error *err)
{
	struct fed_text path = {0};

	fed_text_add(&path, "%s/%s", l->root, l->layout.item[i].path);
	const int rc = path.failed ? fed_fail_memory(err, path.len, "a path")
	                           : fed_file_read(path.s, FILE_MOST, out, err);
	fed_text_release(&path);
	return rc;
}

static void work(void *ctx, size_t i, int worker)
{
	struct picture_pass *pass = ctx;
	struct fed_pictures_load *l = pass->load;
	const size_t size = (size_t)l->height * l->width * l->channels;
	struct fed_text file = {0};
	struct fed_error err;

	(void)worker;
	if (l->damage[i] || atomic_load_explicit(&pass->failed, memory_order_relaxed) ||
	    fed__generation_check(l->making, i, &err))
		return;
	int rc = read_file(l, i, &file, &err);
	const uint8_t *bytes = (const uint8_t *)fed_text_str(&file);
	if (rc == FED_OK)
		rc = pass->bytes ? decode(l, i, &file, pass->bytes + l->example[i] * size, &err)
		                 : fed__picture_head(bytes, file.len, &l->head[i], &err);
	fed_text_release(&file);
	atomic_fetch_add_explicit(&pass->done, 1, memory_order_relaxed);
	if (rc == FED_REJECT)
		keep(&l->damage[i], &err);
	if (rc == FED_FAIL)
		keep(&pass->failure[i], &err);
	if (rc == FED_FAIL || (rc == FED_REJECT && !l->damage[i]))
		atomic_store_explicit(&pass->failed, true, memory_order_relaxed);
}

static int first_failure(const struct picture_pass *pass, struct fed_error *err)
{
	for (size_t i = 0; i < pass->load->layout.n; i++)
		if (pass->failure[i]) {
			*err = *pass->failure[i];
			return FED_FAIL;
		}
	return fed_fail_memory(err, sizeof *err, "a picture");
}

static int run(struct fed_pictures_load *l, uint8_t *bytes, struct fed_error *err)
{
	const size_t n = l->layout.n;
	struct picture_pass pass = {.load = l, .bytes = bytes};
	struct fed_pool *pool = NULL;
	int rc = FED_OK;

	pass.failure = fed_alloc_array(n, sizeof *pass.failure);
	if (!pass.failure)
		return fed_fail_memory(err, n * sizeof *pass.failure, "the pictures");
	if (fed_cpu_count() > 1 && n > 1)
		rc = fed_pool_init(&pool, fed_cpu_count(), fed_cpu_count(), err);
	if (rc == FED_OK)
		rc = fed_pool_each(pool, n, work, &pass, err);
	fed_pool_free(pool);
	if (rc == FED_OK)
		rc = fed__generation_check(l->making, atomic_load(&pass.done), err);
	if (rc == FED_OK && atomic_load(&pass.failed))
		rc = first_failure(&pass, err);
	for (size_t i = 0; i < n; i++)
		fed_free(pass.failure[i]);
	fed_free(pass.failure);
	return rc;
}

int fed__pictures_heads(struct fed_pictures_load *l, struct fed_error *err)
{
	return run(l, NULL, err);
}

int fed__pictures_decode(struct fed_pictures_load *l, uint8_t *bytes, struct fed_error *err)
{
	return run(l, bytes, err);
}
