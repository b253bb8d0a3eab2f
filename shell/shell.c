/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/shell.c - initialisation and release of a shell.
 */
#include "shell/shell.h"

#include "base/mem.h"
#include "travel/travel.h"
#include "shell/language/command.h"
#include "shell/language/plugin_watch.h"
#include "shell/language/autosave.h"
#include "shell/language/travel.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "shell/script/tensorboard.h"
#include "shell/script/lessons.h"
#include "tui/attach/attached.h"
#include "shell/language/origins.h"
#include "shell/serving/serving.h"
#include "shell/script/verify.h"

int fed__shell_init(struct fed_shell *shell, const char *plugin_folder, struct fed_error *err)
{
	const struct fed_sink print = {fed__print_event, shell};

	shell->screen.columns = shell->screen.columns ? shell->screen.columns : 80;
	shell->screen.rows = shell->screen.rows ? shell->screen.rows : 24;
	if (fed_session_new(&shell->session, plugin_folder, print, err))
		return FED_FAIL;
	if (fed_session_add_sink(shell->session, (struct fed_sink){fed__json_event, shell}, err) ||
	    fed_session_add_sink(shell->session, (struct fed_sink){fed__verify_event, shell}, err) ||
	    fed_session_add_sink(shell->session, (struct fed_sink){fed__tensorboard_event, shell},
	                         err) ||
	    fed_session_add_sink(shell->session, (struct fed_sink){fed__plugin_watch_event, shell},
	                         err)) {
		fed_session_free(shell->session);
		shell->session = NULL;
		return FED_FAIL;
	}
	fed__serving_init(shell);
	return fed__travel_init(shell, fed__execute_quietly, err);
}

void fed__shell_release(struct fed_shell *shell)
{
	fed__autosave_set(shell, 0);
	fed__serving_close(shell, "fedsh has ended");
	fed__plugin_watch_end(shell);
	fed_tournament_release(&shell->tournament);
	fed_sweep_release(&shell->sweep);
	fed_attached_free(shell->attached);
	shell->attached = NULL;
	fed__written_release(shell);
	fed_travel_free(shell->travel);
	shell->travel = NULL;
	fed_session_free(shell->session);
	shell->session = NULL;
	fed_text_release(&shell->autosave.offered);
	fed__aliases_release(shell);
	fed_text_release(&shell->line);
	fed__failure_release(&shell->failure);
	fed__lessons_release(&shell->lessons);
	fed_free(shell->verifying.expected);
	fed__origins_release(&shell->origins);
	fed_composition_log_release(&shell->compositions);
	fed__tensorboard_stop(shell);
	fed_text_release(&shell->journal);
	fed_text_release(&shell->carried);
	fed_text_release(&shell->autosave.offered);
	if (shell->record)
		fclose(shell->record);
	shell->record = NULL;
	fed_free(shell->record_path);
	fed_free(shell->include);
	fed_free(shell->program);
	shell->record_path = shell->include = shell->program = NULL;
}
