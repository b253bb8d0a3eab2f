/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/step_text.c - events of an open round as sentences.
 */
#include "shell/output/step_text.h"

#include <string.h>

#include "session/composition.h"
#include "shell/output/print.h"
#include "train/clients/names.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

#define IDS_SHOWN 10

void fed__step_text_begin(struct fed_shell *shell)
{
	shell->stepping = (struct fed_step_text){.on = true};
}

static void say(struct fed_shell *shell, double clock, const char *words)
{
	fed__print(shell, "%.9g s  %s\n", clock, words); /* events lie close together */
	shell->stepping.printed = true;
}

/* The name of what clients receive and train: the model, or its client-side layers. */
struct payload {
	const char *name;
	bool many;
};
static struct payload payload_of(const struct fed_session *s)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_split *split = parts->scheme_state;

	if (!fed_is_split(parts->scheme))
		return (struct payload){"the model", false};
	if (split->labels == FED_LABELS_SERVER)
		return (struct payload){"the head", false};
	return (struct payload){"head and tail", true};
}

/* Several clients at once --------------------------------------------------- */

/* "client 3", "4 clients: 0, 1, 2, 3", "20 clients: 0, 1, ... and 10 more" */
static void put_clients(struct fed_text *out, const struct fed_step_text *g)
{
	fed_text_add(out, "%s client%s: %s", fed_count(g->n).s, g->n == 1 ? "" : "s",
	             fed_text_str(&g->ids));
	if (g->n > IDS_SHOWN)
		fed_text_add(out, " and %s more", fed_count(g->n - IDS_SHOWN).s);
}

static void flush_group(struct fed_shell *shell, const char *before)
{
	struct fed_step_text *g = &shell->stepping;
	struct fed_text words = {0};

	if (g->n == 0)
		return;
	const struct payload payload = payload_of(shell->session);
	if (g->kind == FED_EVENT_SENT)
		fed_text_add(&words, "%s%s %s to ", before, payload.name, payload.many ? "go" : "goes");
	else
		fed_text_add(&words, "%slate: ", before);
	if (g->n == 1)
		fed_text_add(&words, "client %s", fed_text_str(&g->ids));
	else
		put_clients(&words, g);
	if (g->why.len)
		fed_text_add(&words, " (%s)", fed_text_str(&g->why));
	say(shell, g->clock, fed_text_str(&words));
	fed_text_release(&words);
	fed_text_clear(&g->ids);
	fed_text_clear(&g->why);
	g->n = 0;
}

static void group(struct fed_shell *shell, const struct fed_event *event)
{
	struct fed_step_text *g = &shell->stepping;
	const char *why = event->text ? event->text : "";

	if (g->n && (g->kind != event->kind || strcmp(fed_text_str(&g->why), why) != 0))
		flush_group(shell, "");
	if (g->n == 0)
		fed_text_add(&g->why, "%s", why);
	if (g->n++ < IDS_SHOWN) {
		fed_text_add(&g->ids, "%s", g->n > 1 ? ", " : "");
		fed_client_put_label(&g->ids, &fed_session_parts(shell->session)->clients, event->client);
	}
	g->kind = event->kind;
	g->clock = event->clock;
}

/* One event ----------------------------------------------------------------- */

static void say_begin(struct fed_shell *shell, const struct fed_event *event)
{
	const uint32_t at_work = fed_session_status(shell->session).at_work;
	struct fed_text words = {0};

	if (shell->stepping.kind != FED_EVENT_SENT)
		flush_group(shell, "");
	fed_text_add(&words, "round %s", fed_count((double)event->version + 1).s);
	if (shell->stepping.n) {
		fed_text_add(&words, " begins: ");
		flush_group(shell, fed_text_str(&words));
	} else {
		fed_text_add(&words, " begins, %s client%s at work", fed_count(at_work).s,
		             at_work == 1 ? " is" : "s are");
		say(shell, event->clock, fed_text_str(&words));
	}
	fed_text_release(&words);
}

/* The sentence of an event about one client, without its end; NULL: none. */
static const char *sentence_of(const struct fed_event *event)
{
	switch (event->kind) {
	case FED_EVENT_RECEIVED:
		return "%s has %s and begins to train";
	case FED_EVENT_TRAINED:
		return event->bytes ? "%s has trained and sends its update" : "%s has trained";
	case FED_EVENT_SMASHED:
		return "%s sends";
	case FED_EVENT_GRADIENT:
		return "the server sends to %s";
	case FED_EVENT_ARRIVED:
		return "%s receives";
	case FED_EVENT_REACHED:
		return "the server receives from %s";
	case FED_EVENT_QUEUED:
		return "a message of %s waits for the server's link";
	case FED_EVENT_PASSES:
		return "a message of %s passes the server's link";
	case FED_EVENT_ASKED:
		return "%s is asked for its loss";
	case FED_EVENT_ANSWERED:
		return "%s answers";
	case FED_EVENT_EVALUATION:
		return "%s is sent the model, to evaluate it";
	case FED_EVENT_EVALUATING:
		return "%s evaluates the model";
	case FED_EVENT_EVALUATED:
		return "%s sends its figures";
	case FED_EVENT_MEASURED:
		return "the figures of %s have arrived";
	case FED_EVENT_MISSING:
		return "the figures of %s are missing";
	case FED_EVENT_REPORTED:
		return "the update of %s has arrived";
	case FED_EVENT_REFUSED:
		return "the update of %s is refused";
	case FED_EVENT_LOST:
		return "%s is lost";
	case FED_EVENT_FAULT:
		return "a fault at %s";
	default:
		return NULL;
	}
}

static void put_sentence(struct fed_text *out, const char *sentence, const struct fed_session *s,
                         uint32_t id)
{
	struct fed_text client = {0};

	fed_client_put(&client, &fed_session_parts(s)->clients, id);
	fed_text_add(out, sentence, fed_text_str(&client), payload_of(s).name);
	fed_text_release(&client);
}

static void say_event(struct fed_shell *shell, const struct fed_event *event)
{
	const char *sentence = sentence_of(event);
	struct fed_text words = {0};

	if (event->client != FED_SERVER && sentence)
		put_sentence(&words, sentence, shell->session, event->client);
	else if (event->kind == FED_EVENT_CANCELLED)
		fed_text_add(&words, "all that is in flight is cancelled");
	if (event->kind == FED_EVENT_REPORTED && !fed_session_parts(shell->session)->scheme->overlaps)
		fed_text_add(&words, ", %.0f of %.0f", event->record->reported,
		             fed_session_clients_expected(shell->session));
	if (event->text)
		fed_text_add(&words, "%s%s", words.len ? ": " : "", event->text);
	say(shell, event->clock, fed_text_str(&words));
	fed_text_release(&words);
}

bool fed__step_text_take(struct fed_shell *shell, const struct fed_event *event)
{
	if (!shell->stepping.on)
		return false;
	if (event->kind == FED_EVENT_SENT || event->kind == FED_EVENT_LATE) {
		group(shell, event);
		return true;
	}
	if (event->kind == FED_EVENT_BEGIN) {
		say_begin(shell, event);
		return true;
	}
	/* The invitation of a replacement is printed behind the answer. */
	if (event->kind != FED_EVENT_REPORTED)
		flush_group(shell, "");
	shell->stepping.printed = true;
	if (!sentence_of(event) && event->kind != FED_EVENT_CANCELLED)
		return false;
	say_event(shell, event);
	return true;
}

/* The next event ---------------------------------------------------------------- */

static const char *words_of(const struct fed_next_event *next)
{
	static const char *const words[] = {
		[FED_NEXT_EVENT_OPEN] = "a round begins",
		[FED_NEXT_EVENT_VERSION] = "the version is complete: the step is made",
		[FED_NEXT_EVENT_MODEL] = "the model reaches %s",
		[FED_NEXT_EVENT_UPDATE] = "the update of %s arrives",
		[FED_NEXT_EVENT_LOST] = "a message to or from %s is given up",
		[FED_NEXT_EVENT_TRAINED] = "%s ends its training",
		[FED_NEXT_EVENT_CRASH] = "%s crashes",
		[FED_NEXT_EVENT_WORK] = "%s has computed",
		[FED_NEXT_EVENT_SERVED] = "the server has computed for %s",
		[FED_NEXT_EVENT_SERVED_ALL] = "the server has computed for all",
		[FED_NEXT_EVENT_UP] = "a message from %s reaches the server",
		[FED_NEXT_EVENT_AT_LINK] = "a message of %s reaches the server's link",
		[FED_NEXT_EVENT_PASSES] = "a message of %s begins to pass the server's link",
		[FED_NEXT_EVENT_DEPARTS] = "a message has passed the server's link to %s",
		[FED_NEXT_EVENT_DOWN] = "a message to %s reaches it",
		[FED_NEXT_EVENT_DEADLINE] = "the deadline",
		[FED_NEXT_EVENT_SILENCE] = "nothing is in flight: the invited clients will not answer",
		[FED_NEXT_EVENT_WAIT] = "the next message",
	};

	return words[next->kind];
}

static bool names_client(const struct fed_next_event *next)
{
	return strstr(words_of(next), "%s") != NULL;
}

static void put_next(struct fed_text *out, const struct fed_session *s,
                     const struct fed_next_event *next)
{
	if (names_client(next)) {
		struct fed_text client = {0};

		fed_client_put(&client, &fed_session_parts(s)->clients, next->client);
		fed_text_add(out, words_of(next), fed_text_str(&client));
		fed_text_release(&client);
	} else {
		fed_text_add(out, "%s", words_of(next));
	}
	if (next->stale)
		fed_text_add(out, next->kind == FED_NEXT_EVENT_DEADLINE ? " of a version that is complete"
		                                                        : ", too late to be used");
}

void fed__step_text_close(struct fed_shell *shell, const struct fed_next_event *was)
{
	struct fed_text words = {0};

	flush_group(shell, "");
	if (!shell->stepping.printed && was->kind != FED_NEXT_EVENT_OPEN) {
		put_next(&words, shell->session, was);
		say(shell, was->when, fed_text_str(&words));
	}
	shell->stepping.printed = false;
	fed_text_release(&words);
}

void fed__step_text_end(struct fed_shell *shell)
{
	flush_group(shell, "");
	fed_text_release(&shell->stepping.ids);
	fed_text_release(&shell->stepping.why);
	shell->stepping = (struct fed_step_text){0};
}

void fed__print_next(struct fed_shell *shell)
{
	const struct fed_session *s = shell->session;
	const struct fed_session_status st = fed_session_status(s);
	const struct fed_next_event next = fed_session_next_event(s);
	struct fed_text text = {0};

	if (next.kind == FED_NEXT_EVENT_OPEN) {
		fed_text_add(&text, "`step` opens round %s", fed_count((double)st.version + 1).s);
		if (st.at_work)
			fed_text_add(&text, ", %s client%s at work", fed_count(st.at_work).s,
			             st.at_work == 1 ? " is" : "s are");
	} else {
		put_next(&text, s, &next);
	}
	if (names_client(&next) || next.kind == FED_NEXT_EVENT_DEADLINE ||
	    next.kind == FED_NEXT_EVENT_SERVED_ALL)
		fed_text_add(&text, ", at %.9g s", next.when);
	fed__print(shell, "next: %s\n", fed_text_str(&text));
	fed_text_release(&text);
}
