/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views, footer and keys of the watch. */
#include "tui/app.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "history/client_selector.h"
#include "tui/views/messages.h"
#include "tui/app_internal.h"
#include "tui/widgets/svg.h"

/* Views -------------------------------------------------------------------------- */

int fed_app_switch(struct fed_app *stage, const char *name, struct fed_error *err)
{
	size_t at;

	return fed_view_find(name, &at, err) ? FED_FAIL : fed_stage_open(stage, at, err);
}

int fed_app_init(struct fed_app *stage, const char *name, struct fed_error *err)
{
	return name ? fed_app_switch(stage, name, err) : fed_stage_open(stage, 0, err);
}

void fed_app_release(struct fed_app *stage)
{
	for (size_t i = 0; i < FED_APP_VIEWS; i++) {
		if (stage->state[i] && fed_view_at(i)->close)
			fed_view_at(i)->close(stage->state[i]);
		fed_free(stage->state[i]);
		stage->state[i] = NULL;
	}
	fed_free(stage->watched.marked);
	stage->watched.marked = NULL;
	fed_canvas_release(&stage->view);
	fed_canvas_release(&stage->whole);
	fed_prompt_release(&stage->prompt);
	fed_text_release(&stage->lesson);
}

bool fed_app_awaits_versions(const struct fed_app *stage)
{
	return fed_stage_view(stage)->made != NULL;
}

void fed_app_look(struct fed_app *stage)
{
	const struct fed_session *s = stage->watched.session;
	const uint64_t version = fed_session_version(s);

	if (fed_session_open(s) || version == stage->made || !fed_app_awaits_versions(stage))
		return;
	stage->made = version;
	if (version)
		fed_stage_view(stage)->made(stage->state[stage->at], &stage->watched);
}

/* Messages ------------------------------------------------------------------------ */

/* Comments of a lesson stand together; a command ends them. */
static void hear_lesson(struct fed_app *stage, const char *line)
{
	line += strspn(line, " ");
	const bool comment = *line == '#';
	const bool licence = comment && strstr(line, "SPDX-License-Identifier");

	if (!*line || licence)
		return;
	if (stage->lesson_over)
		fed_text_clear(&stage->lesson);
	stage->lesson_over = !comment;
	line += comment ? 1 + strspn(line + 1, " ") : 0;
	fed_text_add(&stage->lesson, comment ? "%s\n" : "> %s\n", line);
}

static void hear(struct fed_app *stage, const struct fed_message_line *message, const char *line)
{
	if (message->saying == FED_MESSAGE_LINE) {
		hear_lesson(stage, line);
	} else if (message->saying != FED_SAID_OUT) {
		if (!stage->alarm || !*stage->notice)
			fed_app_tell(stage, message->saying == FED_SAID_ERROR, line);
	} else if (stage->asked && !stage->alarm) {
		char text[sizeof stage->notice];
		const size_t blank = strspn(line, " ");

		stage->printed++;
		snprintf(text, sizeof text, "%.300s%s", line + blank,
		         stage->printed > 1 ? "  (more in the log)" : "");
		fed_app_tell(stage, false, text);
	}
}

bool fed_app_listen(struct fed_app *stage)
{
	struct fed_messages *messages = stage->watched.messages;
	const uint64_t n = messages ? fed_messages_count(messages) : 0;
	const bool any = n > stage->heard;
	struct fed_text line = {0};

	for (struct fed_message_line message; stage->heard < n;) {
		fed_text_clear(&line);
		if (fed_messages_get(messages, ++stage->heard, &message, &line))
			hear(stage, &message, fed_text_str(&line));
	}
	fed_text_release(&line);
	return any;
}

/* The command line ----------------------------------------------------------------- */

static void export_view(struct fed_app *stage, const char *path)
{
	const char *dot = strrchr(path, '.');
	const bool svg = dot && strcmp(dot, ".svg") == 0;
	struct fed_text text = {0}, expanded = {0};
	struct fed_file_writer file;
	struct fed_error err;
	char notice[300];

	if (svg)
		fed_canvas_svg(&stage->view, &text);
	else
		fed_canvas_text(&stage->view, &text, stage->watched.utf8, false);
	fed_path_expand(path, &expanded);
	int rc = text.failed || expanded.failed ? fed_fail_memory(&err, text.len, "the picture")
	                                        : fed_file_open(&file, fed_text_str(&expanded), &err);
	if (rc == FED_OK) {
		fed_file_write(&file, fed_text_str(&text), text.len);
		rc = fed_file_commit(&file, &err);
	}
	snprintf(notice, sizeof notice, "%s was written", fed_show(path).s);
	fed_app_tell(stage, rc != FED_OK, rc ? err.text : notice);
	fed_text_release(&text);
	fed_text_release(&expanded);
}

static enum fed_app_action finish_prompt(struct fed_app *stage)
{
	const enum fed_prompting was = stage->prompting;
	const char *line = stage->prompt.line;
	struct fed_error err;

	stage->prompting = FED_PROMPTING_NOTHING;
	if (was == FED_PROMPTING_FILTER) {
		if (fed_stage_view(stage)->filter(stage->state[stage->at], &stage->watched, line, &err))
			fed_app_tell(stage, true, err.text);
		stage->fresh = false;
		return FED_APP_ACTION_NONE;
	}
	if (!line[strspn(line, " \n")])
		return FED_APP_ACTION_NONE;
	if (was == FED_PROMPTING_FILE) {
		export_view(stage, line);
		return FED_APP_ACTION_NONE;
	}
	stage->asked = true;
	stage->printed = 0;
	return FED_APP_ACTION_LINE;
}

static enum fed_app_action press_prompt(struct fed_app *stage, const struct fed_press *press)
{
	const bool command = stage->prompting == FED_PROMPTING_COMMAND;

	switch (fed_prompt_press(&stage->prompt, press)) {
	case FED_PROMPT_DONE:
		return finish_prompt(stage);
	case FED_PROMPT_LEFT:
		stage->prompting = FED_PROMPTING_NOTHING;
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

bool fed_app_needs_session(const struct fed_app *stage, const struct fed_press *press)
{
	if (stage->prompting == FED_PROMPTING_COMMAND)
		return press->code == FED_KEY_TAB;
	if (stage->prompting == FED_PROMPTING_FILTER)
		return press->code == FED_KEY_ENTER;
	if (stage->prompting || stage->helping)
		return false;
	const struct fed_app_key *global = fed_app_key(press->code);
	return !fed_view_key(fed_stage_view(stage), press->code) ? global && global->looks : true;
}

static enum fed_app_action press_view(struct fed_app *stage, const struct fed_key *key,
                                      const struct fed_press *press)
{
	struct fed_press seen = *press;
	struct fed_error err;

	seen.columns = stage->view.columns;
	seen.rows = stage->view.rows;
	seen.row = press->row - fed_app_top(stage->whole.rows);
	if (press->code == FED_KEY_CLICK && seen.row >= seen.rows)
		return FED_APP_ACTION_NONE;
	if (key->press(stage->state[stage->at], &stage->watched, &seen, &err))
		fed_app_tell(stage, true, err.text);
	stage->fresh = false;
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_help(struct fed_app *stage, uint32_t code)
{
	const int page = stage->view.rows > 2 ? stage->view.rows - 2 : 1;

	if (code == FED_KEY_DOWN || code == FED_KEY_UP)
		stage->help_row += code == FED_KEY_DOWN ? 1 : -1;
	else if (code == FED_KEY_PAGE_DOWN || code == FED_KEY_PAGE_UP)
		stage->help_row += code == FED_KEY_PAGE_DOWN ? page : -page;
	else
		stage->helping = false;
	return FED_APP_ACTION_NONE;
}

enum fed_app_action fed_app_press(struct fed_app *stage, const struct fed_press *press)
{
	if (stage->prompting)
		return press_prompt(stage, press);
	stage->notice[0] = 0;
	stage->alarm = stage->asked = false;
	if (press->code == FED_KEY_PASTE) { /* text belongs into a command */
		fed_app_prompt(stage, FED_PROMPTING_COMMAND, "");
		return press_prompt(stage, press);
	}
	if (stage->helping)
		return press_help(stage, press->code);
	const bool above = press->code == FED_KEY_CLICK && press->row < fed_app_top(stage->whole.rows);
	const struct fed_key *key = above ? NULL : fed_view_key(fed_stage_view(stage), press->code);
	if (key)
		return press_view(stage, key, press);
	const struct fed_app_key *global = fed_app_key(press->code);
	return global ? global->press(stage, press) : FED_APP_ACTION_NONE;
}
