/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/app_keys.c - the table of keys that work in every view. */
#include <stdio.h>
#include <string.h>

#include "history/client_selector.h"
#include "tui/app_internal.h"

enum { CONTROL = 0x1F, WHO_MOST = 200 };

static enum fed_app_action press_number(struct fed_app *app, const struct fed_press *press)
{
	fed__app_show(app, press->code - '1');
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_next(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	fed__app_show(app, fed__view_at(app->at + 1) ? app->at + 1 : 0);
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_previous(struct fed_app *app, const struct fed_press *press)
{
	size_t last = 0;

	(void)press;
	while (fed__view_at(last + 1))
		last++;
	fed__app_show(app, app->at ? app->at - 1 : last);
	return FED_APP_ACTION_NONE;
}

/* Behind the end of the branch what came is played again. */
static enum fed_app_action press_pause(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	if (!app->slider.shown || app->now.busy)
		return FED_APP_ACTION_PAUSE;
	app->watched.command(app->watched.ctx, "play");
	return FED_APP_ACTION_NONE;
}

/* What the pane shows of a version, such as the confusion matrix, is shown of the next one. */
static enum fed_app_action press_version(struct fed_app *app, const struct fed_press *press)
{
	const struct fed_watched *w = &app->watched;
	const struct fed_pane *p = &app->pane;

	w->command(w->ctx, press->code == '<' ? "rewind -1" : "rewind +1");
	if (p->open && !p->scripted && w->looks && w->looks(w->ctx, fed_text_str(&p->head)))
		w->command(w->ctx, fed_text_str(&p->head));
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_branch(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	fed__app_prompt(app, FED_PROMPTING_COMMAND, "branch ");
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_on(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	return app->now.held ? FED_APP_ACTION_NEXT : FED_APP_ACTION_NONE;
}

static enum fed_app_action press_step(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	fed__app_ask(app);
	return FED_APP_ACTION_STEP;
}

static enum fed_app_action press_round(struct fed_app *app, const struct fed_press *press)
{
	(void)app, (void)press;
	return FED_APP_ACTION_ROUND;
}

static enum fed_app_action press_faster(struct fed_app *app, const struct fed_press *press)
{
	(void)app, (void)press;
	return FED_APP_ACTION_FASTER;
}

static enum fed_app_action press_slower(struct fed_app *app, const struct fed_press *press)
{
	(void)app, (void)press;
	return FED_APP_ACTION_SLOWER;
}

/* Open the prompt with a command and the marked clients, if any. */
static void prompt_about_marked(struct fed_app *app, const char *command)
{
	const struct fed_watched *w = &app->watched;
	struct fed_text line = {0};

	fed_text_add(&line, "%s ", command);
	if (w->n_marked) {
		fed_client_ids_put(&line, w->marked, w->n_marked, FED_PROMPT_MOST);
		fed_text_add(&line, " ");
	}
	fed__app_prompt(app, FED_PROMPTING_COMMAND, fed_text_str(&line));
	fed_text_release(&line);
}

static enum fed_app_action press_inject(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	prompt_about_marked(app, "inject crash");
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_heal(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	prompt_about_marked(app, "heal");
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_colon(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	fed__app_prompt(app, FED_PROMPTING_COMMAND, "");
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_filter(struct fed_app *app, const struct fed_press *press)
{
	const struct fed_view *view = fed__view_at(app->at);
	const char *now = view->filtered ? view->filtered(app->state[app->at]) : NULL;
	char text[100];

	(void)press;
	if (view->filter) {
		fed__app_prompt(app, FED_PROMPTING_FILTER, now ? now : "");
	} else {
		snprintf(text, sizeof text, "the view %s has no filter", view->name);
		fed__app_notice(app, true, text);
	}
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_help(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	app->helping = true;
	app->help_row = 0;
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_mouse(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	app->mouse = !app->mouse;
	fed__app_notice(app, false,
	                app->mouse ? "mouse on: clicks are for fedsh; m turns it off"
	                           : "mouse off: clicks are for the terminal");
	return FED_APP_ACTION_MOUSE;
}

static enum fed_app_action press_export(struct fed_app *app, const struct fed_press *press)
{
	char name[64];

	(void)press;
	if (app->readonly) {
		fed__app_notice(app, true, "readonly is on: no file is written");
		return FED_APP_ACTION_NONE;
	}
	snprintf(name, sizeof name, "%s.svg", fed__view_at(app->at)->name);
	fed__app_prompt(app, FED_PROMPTING_FILE, name);
	return FED_APP_ACTION_NONE;
}

static enum fed_app_action press_redraw(struct fed_app *app, const struct fed_press *press)
{
	(void)press;
	app->fresh = false;
	return FED_APP_ACTION_REDRAW;
}

static enum fed_app_action press_quit(struct fed_app *app, const struct fed_press *press)
{
	(void)app, (void)press;
	return FED_APP_ACTION_LEAVE;
}

static enum fed_app_action press_click(struct fed_app *app, const struct fed_press *press)
{
	for (size_t i = 0; press->row == 0 && fed__view_at(i); i++) {
		if (press->column < app->name_end[i]) {
			fed__app_show(app, i);
			break;
		}
	}
	return FED_APP_ACTION_NONE;
}

const struct fed_app_key fed__app_keys[] = {
	{'1', 0, "1 to 9", "the view of this number", NULL, true, press_number},
	{FED_KEY_CLICK, 0, "click", "on a name in the title: that view", NULL, true, press_click},
	{FED_KEY_TAB, 0, "tab", "the next view", "next view", true, press_next},
	{FED_KEY_BACK_TAB, 0, "shift-tab", "the view before", NULL, true, press_previous},
	{' ', 0, "space", "pause, or go on; behind the end of a branch: play what came", "pause", false,
     press_pause, true},
	{FED_KEY_ENTER, 0, "enter", "a script's caption is read: go on (--step: space, too)", NULL,
     false, press_on},
	{'s', 0, "s", "one event, then pause", "one event", true, press_step, true},
	{'r', 0, "r", "one round, then pause", "one round", true, press_round, true},
	{'<', 0, "<", "one version back", "back", true, press_version, true},
	{'>', 0, ">", "one version forward, on this branch", "forward", true, press_version, true},
	{'b', 0, "b", "begin a branch here", "branch", false, press_branch, true},
	{'+', '=', "+", "faster", NULL, false, press_faster, true},
	{'-', 0, "-", "slower: so many rounds a second", "slower", false, press_slower, true},
	{'i', 0, "i", "inject a fault into the marked clients", "inject", false, press_inject, true},
	{'h', 0, "h", "heal the marked clients", "heal", false, press_heal, true},
	{':', 0, ":", "type a command, as in the shell", "command", false, press_colon, true},
	{'/', 0, "/", "filter this view; an empty line shows all", "filter", true, press_filter},
	{'?', 0, "?", "all keys", "keys", false, press_help},
	{'m', 0, "m", "mouse on or off", NULL, false, press_mouse},
	{'e', 0, "e", "export this view to a file, as text or SVG", NULL, false, press_export, true},
	{'l' & CONTROL, 0, "ctrl-L", "draw everything anew", NULL, false, press_redraw},
	{'q', 0, "q", "back to the shell", "back", false, press_quit},
	{0},
};

bool fed__app_begins_line(const struct fed_press *press)
{
	return press->code == FED_KEY_PASTE ||
	       (press->code < 0x80 && strchr(":/eihb", (int)press->code));
}

const struct fed_app_key *fed__app_key(uint32_t code)
{
	if (code > '1' && code <= '9')
		code = '1';
	for (const struct fed_app_key *key = fed__app_keys; key->code; key++)
		if (code == key->code || (key->also && code == key->also))
			return key;
	return NULL;
}

const struct fed_key *fed__view_key(const struct fed_view *view, uint32_t code)
{
	for (const struct fed_key *key = view->keys; key && key->code; key++)
		if (code == key->code || (key->also && code == key->also))
			return key;
	return NULL;
}
