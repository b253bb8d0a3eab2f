/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/scene.c - the lines of a member's screen.
 */
#include "shell/join/scene.h"

#include <math.h>
#include <string.h>

#include "base/wrap.h"

enum { LABEL = 10, BAR = 24 }; /* columns */

struct lines {
	struct fed_text *out;
	const struct fed_join_scene *scene;
	int columns, rows, n;
};

/* Append a line, cut at the screen's width; what the server said may be any bytes. */
static void put_line(struct lines *l, const char *text, const char *escape)
{
	struct fed_text clean = {0};
	int columns = 0;

	if (l->n == l->rows)
		return;
	if (l->n++)
		fed_text_add(l->out, "\n");
	if (l->scene->color && escape)
		fed_text_add(l->out, "%s", escape);
	fed_text_put_clean(&clean, text, strlen(text), l->scene->utf8);
	for (const char *at = fed_text_str(&clean); *at;) {
		uint32_t code;
		const size_t size = fed_utf8_next(at, strlen(at), &code);

		columns += fed_utf8_columns(code);
		if (columns > l->columns)
			break;
		fed_text_put(l->out, *at == '\t' || *at == '\n' ? " " : at, size);
		at += size;
	}
	fed_text_release(&clean);
	if (l->scene->color && escape)
		fed_text_add(l->out, "\033[0m");
}

/* Append "label     text", wrapped at blanks below itself. */
static void put_row(struct lines *l, const char *label, const char *text, const char *escape)
{
	const int hang = l->columns - LABEL > 10 ? LABEL : 0;
	struct fed_text row = {0}, wrapped = {0};

	fed_text_add(&row, "%-*s", hang, hang ? label : "");
	for (const char *at = text; *at; at++)
		fed_text_put(&row, *at == '\n' ? " " : at, 1);
	fed_wrap_line(&wrapped, fed_text_str(&row), row.len, l->columns, hang);
	char *rest = wrapped.s, *line = strsep(&rest, "\n");
	put_line(l, line ? line : "", escape);
	while ((line = strsep(&rest, "\n")) != NULL)
		put_line(l, line, escape);
	fed_text_release(&row);
	fed_text_release(&wrapped);
}

static void put_bar(struct fed_text *out, double share)
{
	const int full = (int)(share * BAR);

	fed_text_add(out, "[");
	for (int i = 0; i < BAR; i++)
		fed_text_add(out, i < full ? "#" : ".");
	fed_text_add(out, "] %3.0f %%", 100 * share);
}

void fed__join_state_put(const struct fed_join_view *v, struct fed_text *out)
{
	fed_text_add(out, "%s", fed_membership_words[v->state]);
	if (v->state == FED_JOIN_TRAINS)
		fed_text_add(out, " from version %llu", (unsigned long long)v->version);
	if (*v->why)
		fed_text_add(out, ": %s", v->why);
}

/* Parts ---------------------------------------------------------------------------------- */

static void put_server(struct lines *l)
{
	const struct fed_join_scene *s = l->scene;
	struct fed_text text = {0};

	fed_text_add(&text, "%s", fed_network_host_port(s->call->host, s->call->port).s);
	if (*s->fingerprint)
		fed_text_add(&text, ", key %s", s->fingerprint);
	if (isfinite(s->view.server.round_trip) && s->view.server.connected) {
		fed_text_add(&text, ", round trip ");
		fed_text_seconds(&text, s->view.server.round_trip);
	}
	put_row(l, "server", fed_text_str(&text), NULL);
	fed_text_clear(&text);
	if (s->view.silent && s->view.state < FED_JOIN_REFUSED) {
		fed_text_add(&text, "silent for ");
		fed_text_seconds(&text, s->now - s->view.server.heard);
		fed_text_add(&text, "; the connection is made again by itself");
		put_row(l, "", fed_text_str(&text), "\033[33m");
	}
	fed_text_release(&text);
}

/* The keys of those who seal heads for each other. */
static void put_peers(struct lines *l)
{
	const struct fed_join_view *v = &l->scene->view;
	struct fed_text text = {0};

	if (v->peers == 0)
		return;
	fed_text_add(&text, "sealed for %u client%s; word %s, the same at all members", v->peers,
	             v->peers == 1 ? "" : "s", v->word);
	put_row(l, "head", fed_text_str(&text), NULL);
	fed_text_release(&text);
}

static void put_state(struct lines *l)
{
	const struct fed_join_view *v = &l->scene->view;
	const bool bad = v->state == FED_JOIN_UNFIT || v->state == FED_JOIN_REFUSED;
	struct fed_text text = {0};

	fed__join_state_put(v, &text);
	if (v->state < FED_JOIN_REFUSED && l->scene->now > v->since + 1) {
		fed_text_add(&text, *v->why ? " (for " : ", for ");
		fed_text_seconds(&text, floor(l->scene->now - v->since));
		fed_text_add(&text, *v->why ? ")" : "");
	}
	put_row(l, "state", fed_text_str(&text), bad ? "\033[1;31m" : "\033[1m");
	fed_text_release(&text);
}

/* The message that travels, or the training by the time that the last one took. */
static void put_progress(struct lines *l)
{
	const struct fed_join_view *v = &l->scene->view;
	const struct fed_network_peer *p = &v->server;
	struct fed_text text = {0};

	if (p->incoming > p->arrived && p->arrived) {
		fed_text_add(&text, "model arrives ");
		put_bar(&text, (double)p->arrived / (double)p->incoming);
	} else if (p->outgoing > p->acknowledged && v->state != FED_JOIN_TRAINS) {
		fed_text_add(&text, "answer leaves ");
		put_bar(&text, (double)p->acknowledged / (double)p->outgoing);
	} else if (v->state == FED_JOIN_TRAINS && l->scene->last_seconds > 0) {
		fed_text_add(&text, "training      ");
		put_bar(&text, fmin(0.99, (l->scene->now - v->since) / l->scene->last_seconds));
	}
	put_row(l, "", fed_text_str(&text), NULL);
	fed_text_release(&text);
}

static void put_room(struct lines *l)
{
	const struct fed_join_view *v = &l->scene->view;
	struct fed_text text = {0};

	if (*v->model)
		fed_text_add(&text, "model %s, scheme %s, aggregator %s", v->model, v->scheme,
		             v->aggregator);
	else
		fed_text_add(&text, "not known yet");
	put_row(l, "room", fed_text_str(&text), NULL);
	fed_text_clear(&text);
	fed_text_add(&text, "%s", l->scene->call->data);
	if (v->examples)
		fed_text_add(&text, ": %s examples", fed_count(v->examples).s);
	if (v->holdout)
		fed_text_add(&text, ", %s of them held out for evaluation", fed_count(v->holdout).s);
	put_row(l, "data", fed_text_str(&text), NULL);
	fed_text_release(&text);
}

static void put_work(struct lines *l)
{
	const struct fed_join_view *v = &l->scene->view;
	struct fed_text text = {0};

	fed_text_add(&text, "%s training%s, %s evaluation%s", fed_count((double)v->trainings).s,
	             v->trainings == 1 ? "" : "s", fed_count((double)v->evaluations).s,
	             v->evaluations == 1 ? "" : "s");
	if (isfinite(v->loss))
		fed_text_add(&text, "; loss %s, version %s", fed_digits(v->loss, 4).s,
		             fed_count((double)v->version).s);
	put_row(l, "work", fed_text_str(&text), NULL);
	fed_text_clear(&text);
	fed_text_bytes(&text, (double)v->server.received);
	fed_text_add(&text, " received, ");
	fed_text_bytes(&text, (double)v->server.sent);
	fed_text_add(&text, " sent");
	put_row(l, "bytes", fed_text_str(&text), NULL);
	fed_text_release(&text);
}

static void put_role(struct lines *l)
{
	const struct fed_join_view *v = &l->scene->view;
	struct fed_text text = {0};

	if (*v->role && v->asks)
		fed_text_add(&text, "the lecturer offers you to attack as %s: take it? y or n", v->role);
	else if (*v->role && v->plays)
		fed_text_add(&text, "you attack as %s; do not tell", v->role);
	if (text.len)
		put_row(l, "role", fed_text_str(&text), "\033[1;35m");
	fed_text_release(&text);
}

void fed__join_scene_put(const struct fed_join_scene *s, int columns, int rows,
                         struct fed_text *out)
{
	const struct fed_join_view *v = &s->view;
	struct lines l = {.out = out, .scene = s, .columns = columns, .rows = rows - 1};
	struct fed_text text = {0};

	if (v->client == FED_SERVER)
		fed_text_add(&text, "fedsh join: %s", v->name);
	else
		fed_text_add(&text, "fedsh join: %s is client %u", v->name, v->client);
	put_line(&l, fed_text_str(&text), "\033[7m");
	put_line(&l, "", NULL);
	put_state(&l);
	put_progress(&l);
	put_server(&l);
	put_peers(&l);
	put_room(&l);
	put_work(&l);
	put_role(&l);
	if (*v->told) {
		put_line(&l, "", NULL);
		put_row(&l, "told", v->told, "\033[1;36m");
	}
	put_line(&l, "", NULL);
	put_row(&l, "private", "your examples and labels, and the key pair: they stay on this machine",
	        "\033[2m");
	put_row(&l, "leaves",
	        "your name, how many examples you have, updates (trained minus received parameters), "
	        "losses, and figures of evaluations: right answers, losses",
	        "\033[2m");
	l.rows = rows;
	fed_text_clear(&text);
	if (s->voting)
		fed_text_add(&text,
		             s->vote < 0 ? "who attacks? the number of a client, then Enter: "
		                         : "who attacks? the number of a client, then Enter: %ld",
		             s->vote);
	else
		fed_text_add(&text, v->client == FED_SERVER ? "q leaves"
		                                            : "q leaves   v says which client attacks");
	put_line(&l, fed_text_str(&text), s->voting ? "\033[1m" : "\033[2m");
	fed_text_release(&text);
}
