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
#include "shell/serving/serving.h"
#include "shell/terminal/interactive.h"

#define LOOK_SECONDS 0.25

/* False: a signal.  What is said of the room meanwhile stands above the prompt, which comes again.
 */
static bool wait_for_line(struct fed_shell *shell, const char *prompt)
{
	struct fed_text said = {0};
	int ready;

	while ((ready = fed__serving_wait(shell, STDIN_FILENO, LOOK_SECONDS, &said)) == 0) {
		if (!said.len)
			continue;
		fed__print(shell, "\n");
		fed__serving_say(shell, &said);
		fed__print(shell, "%s", prompt);
		fed__print_flush(shell);
	}
	fed_text_release(&said);
	return ready > 0;
}

static bool ask_for_more(void *shell)
{
	fed__print(shell, "%s", FED_PROMPT_CONTINUED);
	fed__print_flush(shell);
	return wait_for_line(shell, FED_PROMPT_CONTINUED);
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
		const bool stopped = !wait_for_line(shell, fed_text_str(&prompt));
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
