/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The overview: how good the model is, what this round does, what all of it cost. */
#include "base/text.h"
#include "tui/views.h"

static uint64_t stamp(const void *state, const struct fed_watched *w)
{
	(void)state;
	return w->session->recorder.n + ((uint64_t)w->session->history.n << 40);
}

static int paint(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                 struct fed_error *err)
{
	const struct fed_session *s = w->session;
	struct fed_text text = {0};

	(void)state, (void)err;
	if (s->history.n)
		fed_text_add(&text, "accuracy %.2f %%",
		             100 * s->history.record[s->history.n - 1].test_accuracy);
	else
		fed_text_add(&text, "no rounds yet: r makes one");
	fed_canvas_write(canvas, 1, 1, fed_text_str(&text), (struct fed_style){.bold = true});
	fed_text_release(&text);
	return FED_OK;
}

const struct fed_view fed_view_overview = {
	.name = "overview",
	.help = "accuracy and loss, the round as it happens, what it cost",
	.state_size = 1,
	.stamp = stamp,
	.paint = paint,
};
