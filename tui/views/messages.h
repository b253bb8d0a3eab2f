/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/messages.h - lines that commands, plugins and libraries wrote while the watch is open.
 *
 * Any thread may add bytes; the last FED_MESSAGES_MAX lines are kept.
 */
#ifndef FED_TUI_VIEWS_MESSAGES_H
#define FED_TUI_VIEWS_MESSAGES_H

#include "base/text.h"
#include "tui/watch.h"

enum { FED_MESSAGES_MAX = 4096, FED_SAYINGS = FED_SAID_STDERR + 1 };

struct fed_messages;

struct fed_messages *fed_messages_new(void); /* NULL: no memory */
void fed_messages_free(struct fed_messages *);
/* event: number of the session's last one (history/event_log.h), where the line belongs. */
void fed_messages_add(struct fed_messages *, enum fed_saying, uint64_t event, const char *bytes,
                      size_t n);
/* Lines so far (of NULL none): numbers 1 to this, of which the last are kept. */
uint64_t fed_messages_count(struct fed_messages *);

struct fed_message_line {
	enum fed_saying saying;
	uint64_t event;
};
/* Line `number`, its text appended to `out` (or NULL); false: it is not kept. */
bool fed_messages_get(struct fed_messages *, uint64_t number, struct fed_message_line *,
                      struct fed_text *out);

#endif
