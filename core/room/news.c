/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/news.c - news for the session's transport, until it takes them.
 */
#include "base/mem.h"
#include "room/internal.h"

struct fed_room_news *fed__room_add_news(struct fed_room *r, enum fed_network_news_kind kind)
{
	if (r->n_news == r->news_capacity) {
		const size_t more = r->news_capacity ? 2 * r->news_capacity : 64;
		struct fed_room_news *grown =
			fed_resize(r->news, r->news_capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return NULL;
		r->news = grown;
		r->news_capacity = more;
	}
	struct fed_room_news *news = &r->news[r->n_news++];
	*news = (struct fed_room_news){.news = {.size = sizeof news->news, .kind = kind}};
	return news;
}

void fed__room_clear_news(struct fed_room *r)
{
	for (size_t i = 0; i < r->n_news; i++)
		fed_network_event_release(&r->news[i].event);
	r->n_news = r->taken = 0;
}

void fed__room_add_gone(struct fed_room *r, uint32_t client, const char *why)
{
	struct fed_room_news *news = fed__room_add_news(r, FED_NEWS_GONE);

	if (!news)
		return;
	news->news.client = client;
	snprintf(news->why, sizeof news->why, "%s", why);
}
