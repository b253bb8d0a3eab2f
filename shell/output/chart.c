/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/chart.c - charts in the size of the screen.
 */
#include "shell/output/chart.h"

#include "shell/output/print.h"

enum { COLUMNS_MOST = 100, ROWS_MOST = 20 };

int fed__print_chart(struct fed_shell *shell, const char *title, const char *x_label,
                     const struct fed_chart_series *series, size_t n, struct fed_error *err)
{
	const struct fed_screen *screen = &shell->screen;
	struct fed_text drawing = {0};

	fed__screen_measure(shell);
	const struct fed_chart chart = {
		.title = title,
		.x_label = x_label,
		.series = series,
		.n = n,
		.columns = screen->columns < COLUMNS_MOST ? screen->columns : COLUMNS_MOST,
		.rows = screen->rows - 2 < ROWS_MOST ? screen->rows - 2 : ROWS_MOST,
		.utf8 = screen->utf8,
		.color = screen->color,
	};
	const int rc = fed_chart_draw(&chart, &drawing, err);
	if (rc == FED_OK)
		fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
	return rc;
}
