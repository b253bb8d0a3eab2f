/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/chart.c - charts in the size of the screen.
 */
#include "shell/output/chart.h"

#include "shell/output/print.h"

enum { COLUMNS_MOST = 100, ROWS_MOST = 20 };

int fed__print_chart(struct fed_shell *shell, struct fed_chart *chart, const char *save,
                     struct fed_error *err)
{
	const struct fed_screen *screen = &shell->screen;
	struct fed_text drawing = {0};

	fed__screen_measure(shell);
	chart->columns = screen->columns < COLUMNS_MOST ? screen->columns : COLUMNS_MOST;
	chart->rows = screen->rows - 2 < ROWS_MOST ? screen->rows - 2 : ROWS_MOST;
	chart->utf8 = screen->utf8;
	if (*save) {
		chart->utf8 = true; /* dots */
		chart->palette = fed_palette_with(FED_PALETTE_NONE, fed__screen_look(shell));
		if (fed_chart_save(chart, save, err)) {
			shell->fault = FED_EXIT_IO;
			return FED_FAIL;
		}
		fed__print(shell, "saved the plot as %s\n", save);
		return FED_OK;
	}
	chart->palette = fed__screen_palette(shell);
	const int rc = fed_chart_draw(chart, &drawing, err);
	if (rc == FED_OK)
		fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
	return rc;
}
