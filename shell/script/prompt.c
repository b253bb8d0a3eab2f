/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/prompt.c - writing and recognising of the prompt.
 */
#include "shell/script/prompt.h"

#include <string.h>

static const char name[] = "fedsh", round_front[] = "(round ";

void fed__shell_prompt(const struct fed_shell *shell, struct fed_text *out)
{
	const struct fed_session *s = shell->session;

	if (shell->defining.name)
		fed_text_add(out, "define %s> ", shell->defining.name);
	else if (fed_session_open(s))
		fed_text_add(out, "%s%s%llu)> ", name, round_front,
		             (unsigned long long)fed_session_version(s) + 1);
	else
		fed_text_add(out, "%s> ", name);
}

size_t fed__prompt_size(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;

	if (len - n < sizeof name || memcmp(line + n, name, sizeof name - 1) != 0)
		return 0;
	n += sizeof name - 1;
	if (len - n > sizeof round_front &&
	    memcmp(line + n, round_front, sizeof round_front - 1) == 0) {
		n += sizeof round_front - 1;
		while (n < len && line[n] >= '0' && line[n] <= '9')
			n++;
		if (n == len || line[n++] != ')')
			return 0;
	}
	if (n == len || line[n++] != '>' || (n < len && line[n] != ' '))
		return 0;
	return n;
}
