/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/chart.c - charts in the size of the screen, or as figures.
 */
#include "shell/output/chart.h"

#include "shell/output/print.h"

enum { COLUMNS_MOST = 100, ROWS_MOST = 20 };

#define FIGURE_HEIGHT 0.62 /* of its width */

static int save_chart(struct fed_shell *shell, const struct fed_chart *chart,
                      const struct fed_figure_form *form, struct fed_error *err)
{
	const struct fed_plot plot = {
		.heading = form->title,
		.x_label = chart->tick_name ? chart->tick_label : chart->x_label,
		.y_label = chart->title,
		.series = chart->series,
		.n = chart->n,
		.log_x = chart->log_x,
		.log_y = chart->log_y,
		.mark = chart->mark,
		.marks = chart->marks,
		.mark_name = chart->mark_name,
		.tick_name = chart->tick_name,
		.tick_names = chart->tick_names,
		.dots = chart->dots,
	};
	struct fed_drawing d;

	if (fed__figure_begin(&d, shell, form, err))
		return FED_FAIL;
	d.height = d.height > 0 ? d.height : FIGURE_HEIGHT * d.width;
	return fed__figure_end(&d, shell, form, fed_plot_draw(&plot, &d, NULL, err), err);
}

int fed__print_chart(struct fed_shell *shell, struct fed_chart *chart,
                     const struct fed_plot_form *form, struct fed_error *err)
{
	const struct fed_screen *screen = &shell->screen;
	struct fed_text drawing = {0};

	chart->log_x = form->log_x;
	chart->log_y = form->log;
	if (*form->figure.to)
		return save_chart(shell, chart, &form->figure, err);
	if (fed__figure_check_screen(shell, &form->figure, err))
		return FED_FAIL;
	fed__screen_measure(shell);
	chart->columns = screen->columns < COLUMNS_MOST ? screen->columns : COLUMNS_MOST;
	chart->rows = screen->rows - 2 < ROWS_MOST ? screen->rows - 2 : ROWS_MOST;
	chart->utf8 = screen->utf8;
	chart->palette = fed__screen_palette(shell);
	const int rc = fed_chart_draw(chart, &drawing, err);
	if (rc == FED_OK)
		fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
	return rc;
}
