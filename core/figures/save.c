/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/save.c - the file of a figure, by its ending.
 */
#include "figures/save.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "figures/backend.h"

bool fed_length_parse(const char *text, double *points)
{
	static const struct {
		const char *unit;
		double points;
	} units[] = {{"cm", FED_POINTS_PER_CM}, {"mm", FED_POINTS_PER_CM / 10}, {"in", 72}, {"pt", 1}};
	const size_t len = strlen(text);
	char number[32];
	double x, unit = FED_POINTS_PER_CM;
	size_t n = len;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (len > 2 && strcasecmp(text + len - 2, units[i].unit) == 0) {
			unit = units[i].points;
			n = len - 2;
		}
	if (n >= sizeof number)
		return false;
	memcpy(number, text, n);
	number[n] = '\0';
	if (!fed_parse_real(number, &x) || !(x > 0) || !isfinite(x))
		return false;
	*points = x * unit;
	return true;
}

static int render(const struct fed_drawing *d, const char *path, struct fed_text *out,
                  struct fed_error *err)
{
	const char *ending = strrchr(path, '.');

	ending = ending ? ending : "";
	if (strcasecmp(ending, ".pdf") == 0)
		return fed__cairo_write(d, FED_FIGURE_PDF, out, err);
	if (strcasecmp(ending, ".png") == 0)
		return fed__cairo_write(d, FED_FIGURE_PNG, out, err);
	if (strcasecmp(ending, ".svg") != 0)
		return fed_reject(err, "%s: the ending says how a figure is written: .svg, .pdf or .png",
		                  fed_show(path).s);
	fed_drawing_svg(d, false, out);
	return FED_OK;
}

int fed_drawing_save(const struct fed_drawing *d, const char *path, struct fed_error *err)
{
	struct fed_text bytes = {0}, expanded = {0};
	struct fed_file_writer file;
	int rc;

	if (d->failed)
		return fed_fail_memory(err, d->n * sizeof *d->item, "a figure");
	fed_path_expand(path, &expanded);
	rc = render(d, path, &bytes, err);
	if (rc == FED_OK && (bytes.failed || expanded.failed))
		rc = fed_fail_memory(err, bytes.len, "a figure");
	if (rc == FED_OK)
		rc = fed_file_open(&file, fed_text_str(&expanded), err);
	if (rc == FED_OK) {
		fed_file_write(&file, fed_text_str(&bytes), bytes.len);
		rc = fed_file_commit(&file, err);
	}
	fed_text_release(&bytes);
	fed_text_release(&expanded);
	return rc;
}
