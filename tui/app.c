/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/app.c - views, messages, prompt and keys of the watch. */
#include "tui/app.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "history/event_log.h"
#include "tui/views/messages.h"
#include "tui/app_internal.h"
#include "tui/widgets/styled_text.h"
#include "tui/widgets/svg.h"

enum { EVENTS_HEARD = 1000 }; /* of those that one frame reads, the last */

/* Views -------------------------------------------------------------------------- */

int fed__app_switch(struct fed_app *app, const char *name, struct fed_error *err)
{
	size_t at;

	fed__pane_close(&app->pane);
	return fed__view_find(name, &at, err) ? FED_FAIL : fed__app_open(app, at, err);
}

int fed__app_init(struct fed_app *app, const char *name, struct fed_error *err)
{
	return name ? fed__app_switch(app, name, err) : fed__app_open(app, 0, err);
}

void fed__app_release(struct fed_app *app)
{
	for (size_t i = 0; i < FED_APP_VIEWS; i++) {
		if (app->state[i] && fed__view_at(i)->close)
			fed__view_at(i)->close(app->state[i]);
		fed_free(app->state[i]);
		app->state[i] = NULL;
	}
	fed_free(app->watched.marked);
	app->watched.marked = NULL;
	fed__canvas_release(&app->view);
	fed__canvas_release(&app->whole);
	fed__prompt_release(&app->prompt);
	fed__caption_area_release(&app->captions);
	fed__pane_release(&app->pane);
}

bool fed__app_awaits_versions(const struct fed_app *app)
{
	return fed__app_view(app)->made != NULL;
}

void fed__app_notify_version(struct fed_app *app)
{
	const struct fed_session *s = app->watched.session;
	const uint64_t version = fed_session_version(s);

	if (fed_session_open(s) || version == app->notified || !fed__app_awaits_versions(app))
		return;
	app->notified = version;
	if (version)
		fed__app_view(app)->made(app->state[app->at], &app->watched);
}

/* Messages ------------------------------------------------------------------------ */

/* Show a line of a typed command's output in the footer. */
static void hear_reply(struct fed_app *app, const char *line, bool one_of_many)
{
	char text[sizeof app->notice];

	app->printed += one_of_many;
	snprintf(text, sizeof text, "%.300s%s", line, app->printed > 1 ? "  (more in the log)" : "");
	fed__app_notice(app, false, text);
}

static void hear_output(struct fed_app *app, const struct fed_message_line *message,
                        const char *line)
{
	const bool scripted = app->pane.next.scripted;
	struct fed_text reply = {0};

	if (fed__pane_add(&app->pane, line, message->event)) {
		if (!app->alarm)
			app->notice[0] = 0; /* its first line was there */
		if (scripted)
			fed__caption_area_reply(&app->captions, "");
		return;
	}
	if (message->event > app->pane.next.event)
		fed_text_add(&reply, "%s", line + strspn(line, " "));
	else
		fed__pane_reply(&app->pane, &reply);
	if (scripted) {
		fed__caption_area_reply(&app->captions, fed_text_str(&reply));
	} else if (app->asked && !app->alarm) {
		app->replied = true;
		hear_reply(app, fed_text_str(&reply), message->event > app->pane.next.event);
	}
	fed_text_release(&reply);
}

/* An error that is wider than the footer has the pane. */
static void hear_error(struct fed_app *app, const char *line)
{
	struct fed_text plain = {0};

	fed__styled_plain(&plain, line);
	fed__app_notice(app, true, fed_text_str(&plain));
	if (fed_text_width(fed_text_str(&plain)) > app->whole.columns)
		fed__pane_tell(&app->pane, line, app->whole.columns);
	fed_text_release(&plain);
}

static void hear(struct fed_app *app, const struct fed_message_line *message, const char *line)
{
	switch (message->stream) {
	case FED_STREAM_BEGIN:
		fed__pane_begin(&app->pane, line, false, message->event);
		break;
	case FED_STREAM_PART:
		if (!app->alarm)
			app->notice[0] = 0; /* the footer says what goes on */
		fed__caption_area_begin(&app->captions, line);
		break;
	case FED_STREAM_HEADING:
		fed__caption_area_heading(&app->captions, line);
		break;
	case FED_STREAM_CAPTION:
		fed__caption_area_add(&app->captions, line);
		break;
	case FED_STREAM_LINE:
		fed__caption_area_command(&app->captions, line);
		fed__pane_begin(&app->pane, line, true, message->event);
		break;
	case FED_STREAM_OUT:
		hear_output(app, message, line);
		break;
	case FED_STREAM_TYPED:
		break;
	case FED_STREAM_ERROR:
		if (!app->alarm || !*app->notice)
			hear_error(app, line);
		break;
	case FED_STREAM_STDERR:
	case FED_STREAMS:
		if (!app->alarm || !*app->notice)
			fed__app_notice(app, false, line);
	}
}

bool fed__app_read_messages(struct fed_app *app)
{
	struct fed_messages *messages = app->watched.messages;
	const uint64_t n = messages ? fed__messages_count(messages) : 0;
	const bool any = n > app->heard;
	struct fed_text line = {0};

	for (struct fed_message_line message; app->heard < n;) {
		fed_text_clear(&line);
		if (fed__messages_get_styled(messages, ++app->heard, &message, &line))
			hear(app, &message, fed_text_str(&line));
	}
	fed_text_release(&line);
	return any;
}

/* Whether an event, which prints nothing here, answers a typed command: notices and faults where it
 * prints nothing either, warnings in any case. */
static bool is_answer(const struct fed_app *app, const struct fed_logged_event *e)
{
	const bool quiet = e->kind == FED_EVENT_NOTICE || e->kind == FED_EVENT_FAULT;

	return e->client == FED_SERVER && (e->kind == FED_EVENT_WARNING || (quiet && !app->replied));
}

bool fed__app_read_events(struct fed_app *app)
{
	const struct fed_event_log *log = fed_session_event_log(app->watched.session);
	const bool listens = app->asked && !app->alarm;
	bool any = false;

	if (!listens || log->n > app->events_heard + EVENTS_HEARD)
		app->events_heard = log->n - (listens ? EVENTS_HEARD : 0);
	while (app->events_heard < log->n) {
		const struct fed_logged_event *e = fed_event_log_at(log, ++app->events_heard);
		const char *text = e && is_answer(app, e) ? fed_event_log_text(log, e) : NULL;

		if (text)
			hear_reply(app, text, true);
		any = any || text;
	}
	return any;
}

/* The command line ----------------------------------------------------------------- */

static void export_view(struct fed_app *app, const char *path)
{
	struct fed_error err;
	char notice[300];
	const int rc = fed__canvas_save(&app->view, path, app->watched.utf8, app->look, &err);

	snprintf(notice, sizeof notice, "%s was written", fed_show(path).s);
	fed__app_notice(app, rc != FED_OK, rc ? err.text : notice);
}

static enum fed_app_action finish_prompt(struct fed_app *app)
{
	const enum fed_prompting was = app->prompting;
	const char *line = app->prompt.line;
	struct fed_error err;

	app->prompting = FED_PROMPTING_NOTHING;
	if (was == FED_PROMPTING_FILTER) {
		if (fed__app_view(app)->filter(app->state[app->at], &app->watched, line, &err))
			fed__app_notice(app, true, err.text);
		app->fresh = false;
		return FED_APP_ACTION_NONE;
	}
	if (!line[strspn(line, " \n")])
		return FED_APP_ACTION_NONE;
	if (was == FED_PROMPTING_FILE) {
		export_view(app, line);
		return FED_APP_ACTION_NONE;
	}
	fed__app_ask(app);
	return FED_APP_ACTION_LINE;
}

/* Whether the key asks what the command takes at the cursor. */
static bool asks_help(const struct fed_app *app, const struct fed_press *press)
{
	const struct fed_prompt *p = &app->prompt;

	return press->code == '?' && !p->pasting && p->cursor == p->n;
}

static enum fed_app_action press_prompt(struct fed_app *app, const struct fed_press *press)
{
	const bool command = app->prompting == FED_PROMPTING_COMMAND;

	if (command && asks_help(app, press))
		return FED_APP_ACTION_ASK;
	switch (fed__prompt_press(&app->prompt, press)) {
	case FED_PROMPT_DONE:
		return finish_prompt(app);
	case FED_PROMPT_LEFT:
		app->prompting = FED_PROMPTING_NOTHING;
		return FED_APP_ACTION_NONE;
	case FED_PROMPT_TAB:
		return command ? FED_APP_ACTION_COMPLETE : FED_APP_ACTION_NONE;
	case FED_PROMPT_OLDER:
		return command ? FED_APP_ACTION_OLDER : FED_APP_ACTION_NONE;
	case FED_PROMPT_NEWER:
		return command ? FED_APP_ACTION_NEWER : FED_APP_ACTION_NONE;
	default:
		return FED_APP_ACTION_NONE;
	}
}

/* Keys ------------------------------------------------------------------------------ */

/* Whether the key says that the caption is read. */
static bool advances(const struct fed_app *app, uint32_t code)
{
	if (!app->now.held)
		return false;
	if (code == FED_KEY_PAGE_DOWN)
		return app->now.by_key && !fed__pane_has_more(&app->pane, app->view.rows);
	return code == FED_KEY_ENTER || (code == ' ' && app->now.by_key);
}

bool fed__app_needs_session(const struct fed_app *app, const struct fed_press *press)
{
	if (app->prompting == FED_PROMPTING_COMMAND)
		return press->code == FED_KEY_TAB || asks_help(app, press);
	if (app->prompting == FED_PROMPTING_FILTER)
		return press->code == FED_KEY_ENTER;
	if (app->prompting || app->helping || advances(app, press->code))
		return false;
	const struct fed_app_key *global = fed__app_key(press->code);
	return !fed__view_key(fed__app_view(app), press->code) ? global && global->looks : true;
}

static enum fed_app_action press_view(struct fed_app *app, const struct fed_key *key,
                                      const struct fed_press *press)
{
	struct fed_press seen = *press;
	struct fed_error err;

	seen.columns = app->view.columns;
	seen.rows = app->view.rows;
	seen.row = press->row - fed__app_title_rows(app->whole.rows);
	if (press->code == FED_KEY_CLICK && seen.row >= seen.rows)
		return FED_APP_ACTION_NONE;
	if (key->press(app->state[app->at], &app->watched, &seen, &err))
		fed__app_notice(app, true, err.text);
	app->fresh = false;
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_help(struct fed_app *app, uint32_t code)
{
	const int page = app->view.rows > 2 ? app->view.rows - 2 : 1;

	if (code == FED_KEY_DOWN || code == FED_KEY_UP)
		app->help_row += code == FED_KEY_DOWN ? 1 : -1;
	else if (code == FED_KEY_PAGE_DOWN || code == FED_KEY_PAGE_UP)
		app->help_row += code == FED_KEY_PAGE_DOWN ? page : -page;
	else
		app->helping = false;
	return FED_APP_ACTION_NONE;
}

enum fed_app_action fed__app_press(struct fed_app *app, const struct fed_press *press)
{
	if (app->prompting)
		return press_prompt(app, press);
	app->notice[0] = 0;
	app->alarm = app->asked = false;
	if (press->code == FED_KEY_PASTE && app->onlooker) {
		fed__app_refuse(app);
		return FED_APP_ACTION_NONE;
	}
	if (press->code == FED_KEY_PASTE) { /* pasted text goes into a command */
		fed__app_prompt(app, FED_PROMPTING_COMMAND, "");
		return press_prompt(app, press);
	}
	if (app->helping)
		return press_help(app, press->code);
	if (advances(app, press->code))
		return FED_APP_ACTION_NEXT;
	if (app->pane.open && fed__pane_press(&app->pane, press->code, app->view.rows))
		return FED_APP_ACTION_NONE;
	if (press->code == FED_KEY_ESCAPE && app->captions.shown && !app->now.busy) {
		app->captions.shown = false;
		return FED_APP_ACTION_NONE;
	}
	const bool above =
		press->code == FED_KEY_CLICK && press->row < fed__app_title_rows(app->whole.rows);
	const struct fed_key *key = above ? NULL : fed__view_key(fed__app_view(app), press->code);
	if (key)
		return press_view(app, key, press);
	const struct fed_app_key *global = fed__app_key(press->code);
	if (global && global->commands && app->onlooker) {
		fed__app_refuse(app);
		return FED_APP_ACTION_NONE;
	}
	return global ? global->press(app, press) : FED_APP_ACTION_NONE;
}

void fed__app_refuse(struct fed_app *app)
{
	fed__app_notice(app, false, "this terminal looks on; commands are typed at the session's own");
}
