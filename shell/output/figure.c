/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/figure.c - figures written to files.
 */
#include "shell/output/figure.h"

#include <string.h>

#include "figures/save.h"
#include "shell/output/print.h"
#include "shell/output/written.h"

#define LENGTH_MOST (200 * FED_POINTS_PER_CM) /* what PDF readers take */

static int read_length(const char *name, const char *text, double *points, struct fed_error *err)
{
	if (!fed_length_parse(text, points))
		return fed_fail(err, "%s=%s is no length; say %s=8.5cm, 85mm, 3.3in or 240pt", name,
		                fed_show(text).s, name);
	if (*points > LENGTH_MOST)
		return fed_fail(err, "%s=%s is more than 200cm", name, fed_show(text).s);
	return FED_OK;
}

int fed__figure_begin(struct fed_drawing *d, struct fed_shell *shell,
                      const struct fed_figure_form *form, struct fed_error *err)
{
	*d = (struct fed_drawing){.font = *form->font ? form->font : NULL,
	                          .title = *form->title ? form->title : NULL};
	if (read_length("width", form->width, &d->width, err) ||
	    (*form->height && read_length("height", form->height, &d->height, err))) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	return FED_OK;
}

int fed__figure_check_screen(struct fed_shell *shell, const struct fed_figure_form *form,
                             struct fed_error *err)
{
	const char *key = strcmp(form->width, FED_FIGURE_WIDTH) != 0 ? "width"
	                  : *form->height                            ? "height"
	                  : *form->title                             ? "title"
	                  : *form->font                              ? "font"
	                                                             : NULL;

	if (!key || *form->to)
		return FED_OK;
	shell->fault = FED_EXIT_USAGE;
	return fed_fail(err, "%s= is of a figure in a file; add to=FILE.svg, .pdf or .png", key);
}

int fed__figure_end(struct fed_drawing *d, struct fed_shell *shell,
                    const struct fed_figure_form *form, int rc, struct fed_error *err)
{
	const double width = d->width / FED_POINTS_PER_CM, height = d->height / FED_POINTS_PER_CM;

	if (rc == FED_OK && (rc = fed_drawing_save(d, form->to, err)) != FED_OK)
		shell->fault = rc == FED_REJECT ? FED_EXIT_USAGE : FED_EXIT_IO;
	fed_drawing_release(d);
	if (rc)
		return FED_FAIL;
	fed__wrote(shell, form->to);
	fed__print(shell, "wrote %s (%.1f x %.1f cm)\n", form->to, width, height);
	return FED_OK;
}
