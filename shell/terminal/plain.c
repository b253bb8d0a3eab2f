/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/plain.c - interactive reading on a terminal without escapes, and the prompt.
 */
#include <stdlib.h>

#include "shell/output/print.h"
#include "shell/terminal/interactive.h"

void fed__shell_prompt(const struct fed_shell *shell, struct fed_text *out)
{
	const struct fed_session *s = shell->session;

	if (fed_session_open(s))
		fed_text_add(out, "fedsh(round %llu)> ", (unsigned long long)fed_session_version(s) + 1);
	else
		fed_text_add(out, "fedsh> ");
}

enum fed_exit fed__plain_run(struct fed_shell *shell)
{
	struct fed_text prompt = {0};
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	shell->lenient = true;
	while (!shell->quit && !fed__signals_ending()) {
		fed_text_clear(&prompt);
		fed__shell_prompt(shell, &prompt);
		fed__print(shell, "%s", fed_text_str(&prompt));
		fflush(shell->out);
		fed__signals_interrupted();
		if ((n = getline(&line, &size, stdin)) < 0) {
			if (!fed__signals_interrupted())
				break;
			clearerr(stdin);
			fed__print(shell, "\n");
			continue;
		}
		fed__shell_execute(shell, line, (size_t)n, NULL);
	}
	free(line);
	fed_text_release(&prompt);
	return FED_EXIT_OK;
}
