/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/messages.c - a ring buffer of lines. */
#include "tui/views/messages.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "tui/widgets/styled_text.h"

enum { LINE_MOST = 2000 }; /* bytes; longer lines are broken */

struct message_line {
	struct fed_message_line about;
	char *text;
};

struct fed_messages {
	pthread_mutex_t lock;
	struct message_line ring[FED_MESSAGES_MAX]; /* line k is at index k mod FED_MESSAGES_MAX */
	uint64_t n;
	struct fed_text part[FED_STREAMS]; /* unfinished lines */
};

struct fed_messages *fed__messages_new(void)
{
	struct fed_messages *m = fed_alloc(sizeof *m);

	if (m)
		pthread_mutex_init(&m->lock, NULL);
	return m;
}

void fed__messages_free(struct fed_messages *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < FED_MESSAGES_MAX; i++)
		fed_free(m->ring[i].text);
	for (size_t i = 0; i < FED_STREAMS; i++)
		fed_text_release(&m->part[i]);
	pthread_mutex_destroy(&m->lock);
	fed_free(m);
}

/* Store an unfinished line; it is lost if memory runs out. */
static void end_line(struct fed_messages *m, enum fed_watch_stream stream, uint64_t event)
{
	struct fed_text *part = &m->part[stream];
	char *text = fed_strdup(fed_text_str(part));

	fed_text_clear(part);
	if (!text)
		return;
	struct message_line *line = &m->ring[++m->n % FED_MESSAGES_MAX];
	fed_free(line->text);
	*line = (struct message_line){{stream, event}, text};
}

void fed__messages_add(struct fed_messages *m, enum fed_watch_stream stream, uint64_t event,
                       const char *bytes, size_t n)
{
	struct fed_text *part = &m->part[stream];

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < n; i++) {
		const char c = bytes[i] == '\t' || bytes[i] == 0 ? ' ' : bytes[i];

		if (c != '\n' && c != '\r')
			fed_text_put(part, &c, 1);
		/* A carriage return restarts the line: a progress bar overwrites itself. */
		if (c == '\r' && i + 1 < n && bytes[i + 1] != '\n')
			fed_text_clear(part);
		if (c == '\n' || part->len >= LINE_MOST)
			end_line(m, stream, event);
	}
	pthread_mutex_unlock(&m->lock);
}

uint64_t fed__messages_count(struct fed_messages *m)
{
	if (!m)
		return 0;
	pthread_mutex_lock(&m->lock);
	const uint64_t n = m->n;
	pthread_mutex_unlock(&m->lock);
	return n;
}

bool fed__messages_get(struct fed_messages *m, uint64_t number, struct fed_message_line *about,
                       struct fed_text *out)
{
	struct fed_text styled = {0};
	const bool kept = fed__messages_get_styled(m, number, about, out ? &styled : NULL);

	if (out)
		fed__styled_plain(out, fed_text_str(&styled));
	fed_text_release(&styled);
	return kept;
}

bool fed__messages_get_styled(struct fed_messages *m, uint64_t number,
                              struct fed_message_line *about, struct fed_text *out)
{
	pthread_mutex_lock(&m->lock);
	const struct message_line *line = &m->ring[number % FED_MESSAGES_MAX];
	const bool kept = number && number <= m->n && m->n - number < FED_MESSAGES_MAX && line->text;
	if (kept) {
		*about = line->about;
		if (out)
			fed_text_add(out, "%s", line->text);
	}
	pthread_mutex_unlock(&m->lock);
	return kept;
}
