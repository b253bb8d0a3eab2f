/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/plain.c - interactive reading on a terminal without escapes.
 */
#include <unistd.h>

#include "shell/language/plugin_watch.h"
#include "shell/language/line.h"
#include "shell/output/print.h"
#include "shell/script/prompt.h"
#include "shell/script/typed.h"
#include "shell/terminal/interactive.h"

static bool ask_for_more(void *shell)
{
	fed__print(shell, "%s", FED_PROMPT_CONTINUED);
	fed__print_flush(shell);
	return fed__signals_wait(STDIN_FILENO);
}

enum fed_exit fed__plain_run(struct fed_shell *shell)
{
	struct fed_text prompt = {0}, line = {0};
	unsigned lines;

	shell->lenient = true;
	while (!shell->quit && !fed__signals_ending()) {
		fed_text_clear(&prompt);
		fed__shell_prompt(shell, &prompt);
		fed__signals_interrupted();
		fed__print(shell, "%s", fed_text_str(&prompt));
		fed__print_flush(shell);
		const bool stopped = !fed__signals_wait(STDIN_FILENO);
		if (stopped || !fed__line_read_continued(stdin, &line, &lines, ask_for_more, shell) ||
		    ferror(stdin)) {
			if (!stopped && !fed__signals_interrupted())
				break;
			clearerr(stdin);
			fed__group_drop(shell);
			fed__print(shell, "\n");
			continue;
		}
		if (line.failed)
			fed__print_error(shell, "", "out of memory for the line, which is dropped");
		else
			fed__shell_typed(shell, fed_text_str(&line), line.len);
		if (!shell->quit && fed__plugin_watch_due(shell))
			fed__plugin_watch_run(shell);
	}
	fed_text_release(&line);
	fed_text_release(&prompt);
	return FED_EXIT_OK;
}
