/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/folder_notes.c - what was decided of a folder's pictures, as notes.
 */
#include "data/readers/pictures/load.h"
#include "data/source_internal.h"

struct picture_counts {
	uint32_t png, jpeg, grey, alpha, deep, cmyk, turned, scaled, cropped, damaged;
	const char *first_damaged;
	const struct fed_error *damage;
};

static void count(const struct fed_pictures_load *l, size_t i, struct picture_counts *c)
{
	const struct fed_picture_head *head = &l->head[i];
	uint32_t height, width;

	if (l->damage[i]) {
		if (c->damaged++ == 0) {
			c->first_damaged = l->layout.item[i].path;
			c->damage = l->damage[i];
		}
		return;
	}
	fed__picture_shown_size(l, i, &height, &width);
	c->png += head->kind == FED_PICTURE_PNG;
	c->jpeg += head->kind == FED_PICTURE_JPEG;
	c->grey += head->channels < 3;
	c->alpha += head->channels % 2 == 0;
	c->deep += head->deep;
	c->cmyk += head->cmyk;
	c->turned += head->turn > 1;
	c->scaled += height != l->height || width != l->width;
	c->cropped += (uint64_t)height * l->width != (uint64_t)width * l->height;
}

#define PICTURES(n) fed_count(n).s, (n) == 1 ? "" : "s"

static int describe_size(struct fed_pictures_load *l, const struct picture_counts *c,
                         struct fed_error *err)
{
	const bool crops = l->args->fit == FED_PICTURE_FIT_CROP;
	struct fed_text text = {0};

	fed_text_add(&text, "%ux%u", l->height, l->width);
	if (!l->sized)
		fed_text_add(&text, ", the first picture's");
	if (c->scaled)
		fed_text_add(&text, "; %s of another size scaled to it", fed_count(c->scaled).s);
	int rc = fed__note_text(&l->notes, c->scaled && !l->sized ? FED_NOTE_TOLD : FED_NOTE_LISTED,
	                        "size", l->sized ? NULL : "size=HxW", &text, err);
	if (rc == FED_OK && c->cropped)
		rc = fed__note(&l->notes, FED_NOTE_TOLD, "aspect ratio", crops ? "fit=stretch" : "fit=crop",
		               err, "of %s picture%s another: %s", PICTURES(c->cropped),
		               crops ? "the middle is taken" : "stretched, which distorts");
	return rc;
}

static int describe_colour(struct fed_pictures_load *l, const struct picture_counts *c,
                           struct fed_error *err)
{
	const uint32_t n = c->png + c->jpeg;
	const bool guessed = l->args->colour == FED_PICTURE_COLOUR_AUTO;
	const char *overrule = !guessed ? NULL : l->channels == 3 ? "colour=grey" : "colour=rgb";

	if (l->channels == 3 && c->grey)
		return fed__note(&l->notes, guessed ? FED_NOTE_TOLD : FED_NOTE_LISTED, "colour", overrule,
		                 err, "red, green, blue; %s grey picture%s with the same value in each",
		                 PICTURES(c->grey));
	if (l->channels == 1 && c->grey < n)
		return fed__note(&l->notes, FED_NOTE_LISTED, "colour", overrule, err,
		                 "grey; %s picture%s in colour by their brightness", PICTURES(n - c->grey));
	return fed__note(&l->notes, FED_NOTE_LISTED, "colour", overrule, err,
	                 l->channels == 3 ? "red, green, blue" : "grey");
}

static int describe_odd(struct fed_pictures_load *l, const struct picture_counts *c,
                        struct fed_error *err)
{
	static const char *const grounds[] = {"laid on white", "laid on black", "ignored"};
	int rc = FED_OK;

	if (c->alpha)
		rc = fed__note(&l->notes,
		               l->args->alpha == FED_ALPHA_WHITE ? FED_NOTE_TOLD : FED_NOTE_LISTED, "alpha",
		               l->args->alpha == FED_ALPHA_WHITE ? "alpha=black, alpha=ignore" : NULL, err,
		               "%s, in %s picture%s", grounds[l->args->alpha], PICTURES(c->alpha));
	if (rc == FED_OK && c->turned)
		rc = fed__note(&l->notes, FED_NOTE_TOLD, "orientation",
		               l->args->turn ? "turn=no" : "turn=yes", err, "%s picture%s %s as Exif says",
		               PICTURES(c->turned), l->args->turn ? "turned" : "not turned");
	if (rc == FED_OK && c->deep)
		rc = fed__note(&l->notes, FED_NOTE_TOLD, "depth", NULL, err,
		               "%s picture%s of 16 bits a channel became 8", PICTURES(c->deep));
	if (rc == FED_OK && c->cmyk)
		rc = fed__note(&l->notes, FED_NOTE_TOLD, "printing colours", NULL, err,
		               "%s picture%s in CMYK became red, green, blue, without a profile",
		               PICTURES(c->cmyk));
	if (rc == FED_OK && c->damaged)
		rc = fed__note(&l->notes, FED_NOTE_WARNING, "damaged", NULL, err,
		               "%s picture%s left out, the first %s: it %s", PICTURES(c->damaged),
		               fed_show(c->first_damaged).s, c->damage->text);
	return rc;
}

int fed__pictures_describe(struct fed_pictures_load *l, struct fed_error *err)
{
	struct picture_counts c = {0};

	for (size_t i = 0; i < l->layout.n; i++)
		count(l, i, &c);
	int rc = fed__note(&l->notes, FED_NOTE_LISTED, "read as", NULL, err, "%s PNG, %s JPEG",
	                   fed_count(c.png).s, fed_count(c.jpeg).s);
	if (rc == FED_OK)
		rc = describe_size(l, &c, err);
	if (rc == FED_OK)
		rc = describe_colour(l, &c, err);
	return rc == FED_OK ? describe_odd(l, &c, err) : rc;
}
