/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/typed.c - the lines of what was typed or pasted, without prompts.
 */
#include "shell/script/typed.h"

#include <string.h>

#include "shell/language/line.h"
#include "shell/output/print.h"
#include "shell/script/player.h"
#include "shell/script/prompt.h"

static size_t blanks(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n;
}

/* Bytes of the line at text and of those that continue it, without the last newline. */
static size_t line_size(const char *text, size_t len)
{
	size_t at = 0;

	for (;;) {
		const char *end = memchr(text + at, '\n', len - at);
		const size_t n = end ? (size_t)(end - text) - at : len - at;

		if (!end || !fed__line_continues(text, at + n))
			return at + n;
		at += n + 1;
	}
}

void fed__pasted_init(struct fed_pasted *p, const char *text, size_t len)
{
	*p = (struct fed_pasted){.text = text, .len = len};
	for (size_t at = 0; at < len;) {
		const size_t n = line_size(text + at, len - at);

		p->lines += blanks(text + at, n) < n;
		p->prompts += fed__prompt_size(text + at, n) > 0;
		at += n + 1;
	}
}

bool fed__pasted_next(struct fed_pasted *p, const char **line, size_t *len)
{
	while (p->at < p->len) {
		const char *s = p->text + p->at;
		const size_t n = line_size(s, p->len - p->at), prompt = fed__prompt_size(s, n);
		const size_t begin = prompt + blanks(s + prompt, n - prompt);

		p->at += n + 1;
		if (p->prompts ? !prompt : begin == n)
			continue;
		p->taken++;
		*line = s + begin;
		*len = n - begin;
		return true;
	}
	return false;
}

void fed__pasted_put(const struct fed_pasted *p, const char *line, size_t len, struct fed_text *out)
{
	static const char again[] = FED_PROMPT_CONTINUED;
	const size_t n = sizeof again - 1;

	for (size_t i = 0; i < len; i++) {
		fed_text_put(out, &line[i], 1);
		if (p->prompts && line[i] == '\n' && len - i > n && memcmp(line + i + 1, again, n) == 0)
			i += n;
	}
}

/* Say what becomes of pasted lines that are no commands, or come behind a failure. */
static void tell_lines(struct fed_shell *shell, size_t n, const char *what)
{
	if (n)
		fed__print_styled(shell, FED_EMPHASIS_DIM, "%zu line%s %s\n", n, n == 1 ? "" : "s", what);
}

static enum fed_exit run_pasted(struct fed_shell *shell, struct fed_pasted *p)
{
	enum fed_exit result = FED_EXIT_OK;
	struct fed_text line = {0};
	const char *command;

	for (size_t n; result == FED_EXIT_OK && !shell->quit && fed__pasted_next(p, &command, &n);) {
		fed_text_clear(&line);
		fed__pasted_put(p, command, n, &line);
		fed__player_echo(shell, fed_text_str(&line));
		result = fed__shell_execute(shell, fed_text_str(&line), line.len, NULL);
	}
	fed_text_release(&line);
	if (p->prompts && p->taken == p->prompts)
		tell_lines(shell, p->lines - p->prompts, "without a prompt taken for output, not run");
	tell_lines(shell, (p->prompts ? p->prompts : p->lines) - p->taken, "behind it not run");
	return result;
}

enum fed_exit fed__shell_typed(struct fed_shell *shell, const char *text, size_t len)
{
	const size_t prompt = fed__prompt_size(text, len);
	struct fed_pasted p;

	fed__pasted_init(&p, text, len);
	return p.lines > 1 || (p.prompts && (!prompt || memchr(text, '\n', len)))
	           ? run_pasted(shell, &p)
	           : fed__shell_execute(shell, text + prompt, len - prompt, NULL);
}
