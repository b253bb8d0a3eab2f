/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: what happened and what was printed, the newest below. */
#include "session/recorder.h"
#include "tui/messages.h"
#include "tui/views.h"

static uint64_t stamp(const void *state, const struct fed_watched *w)
{
	(void)state;
	return w->session->recorder.n + ((uint64_t)fed_messages_count(w->messages) << 40);
}

static int paint(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                 struct fed_error *err)
{
	const uint64_t n = fed_messages_count(w->messages);
	struct fed_text text = {0};
	struct fed_said_line message;

	(void)state, (void)err;
	for (int row = canvas->rows - 1, k = 0; row >= 0; row--, k++) {
		fed_text_clear(&text);
		if (!fed_messages_get(w->messages, n - (uint64_t)k, &message, &text))
			break;
		fed_canvas_write(canvas, 0, row, fed_text_str(&text), (struct fed_style){0});
	}
	fed_text_release(&text);
	return FED_OK;
}

const struct fed_view fed_view_log = {
	.name = "log",
	.help = "what happened, what was printed",
	.state_size = 1,
	.stamp = stamp,
	.paint = paint,
};
