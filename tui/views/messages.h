/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/messages.h - ring buffer of the lines that commands, plugins and libraries wrote while
 * the watch is open.
 *
 * Thread-safe. The last FED_MESSAGES_MAX lines are kept.
 */
#ifndef FED_TUI_VIEWS_MESSAGES_H
#define FED_TUI_VIEWS_MESSAGES_H

#include "base/text.h"
#include "tui/watch.h"

enum { FED_MESSAGES_MAX = 4096 };

struct fed_messages;

struct fed_messages *fed__messages_new(void); /* NULL: out of memory */
void fed__messages_free(struct fed_messages *);
/* event: number of the session's last event (history/event_log.h); the line is shown behind it. */
void fed__messages_add(struct fed_messages *, enum fed_watch_stream, uint64_t event,
                       const char *bytes, size_t n);
/* Number of the last line, counted from 1; 0 if m is NULL. */
uint64_t fed__messages_count(struct fed_messages *);

struct fed_message_line {
	enum fed_watch_stream stream;
	uint64_t event;
};
/* Get line `number` and append its text, without SGR escapes, to `out` (or NULL); false: no longer
 * kept. */
bool fed__messages_get(struct fed_messages *, uint64_t number, struct fed_message_line *,
                       struct fed_text *out);
/* The same with its escapes (widgets/styled_text.h). */
bool fed__messages_get_styled(struct fed_messages *, uint64_t number, struct fed_message_line *,
                              struct fed_text *out);

#endif
