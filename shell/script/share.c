/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/share.c - the command `share`.
 */
#include "shell/script/share.h"

#include <inttypes.h>
#include <string.h>

#include "history/metrics.h"
#include "session/composition.h"
#include "shell/output/print.h"

void fed__share_commands(const struct fed_shell *shell, const char *between, struct fed_text *out)
{
	const char *at = fed_text_str(&shell->journal);
	bool first = true;

	for (size_t n; *at; at += n + (at[n] == '\n')) {
		n = strcspn(at, "\n");
		if (!n || *at == '#')
			continue;
		fed_text_add(out, "%s", first ? "" : between);
		fed_text_put(out, at, n);
		first = false;
	}
	out->failed = out->failed || shell->journal.failed;
}

/* Append what the line takes beside itself: files that another place need not have. */
static void put_files(const struct fed_shell *shell, const char *commands, struct fed_text *out)
{
	static const char *const takes[] = {"load ", "restore ", "import ", "model /", "dataset /"};
	const struct fed_choice *data = &fed_session_parts(shell->session)->dataset_choice;

	for (const char *at = commands; *at; at += strcspn(at, "\n"), at += *at == '\n')
		for (size_t i = 0; i < sizeof takes / sizeof *takes; i++)
			if (strncmp(at, takes[i], strlen(takes[i])) == 0)
				fed_text_add(out, "%s`%.*s`", out->len ? ", " : "", (int)strcspn(at, "\n"), at);
	if (data->name && *data->name == '/' && !strstr(fed_text_str(out), "dataset"))
		fed_text_add(out, "%s%s", out->len ? ", " : "", data->name);
}

static void put_line(const struct fed_shell *shell, const char *commands, struct fed_text *out)
{
	const struct fed_history *h = fed_session_history(shell->session);

	fed_text_put_clean(out, commands, strlen(commands), true);
	fed_text_add(out, " # fedsh %s", FED_VERSION);
	if (h->n)
		fed_text_add(out, ", version %" PRIu64 " is %016" PRIx64,
		             fed_session_version(shell->session), fed_record_digest(&h->record[h->n - 1]));
	fed_text_add(out, "\n");
}

static int share(struct fed_shell *shell, const char *commands, const char *joined,
                 struct fed_error *err)
{
	struct fed_text line = {0}, files = {0}, warning = {0};

	put_line(shell, joined, &line);
	put_files(shell, commands, &files);
	const bool failed = line.failed || files.failed;
	if (!failed)
		fed__print_drawing(shell, &line); /* not wrapped, so that it can be pasted */
	if (!failed && files.len) {
		fed_text_add(&warning, "it takes what another place need not have: %s",
		             fed_text_str(&files));
		fed__print_warning(shell, fed_text_str(&warning));
	}
	fed_text_release(&line);
	fed_text_release(&files);
	fed_text_release(&warning);
	return failed ? fed_fail(err, "out of memory (the commands)") : FED_OK;
}

int fed__run_share(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	struct fed_text commands = {0}, joined = {0};
	int rc = FED_OK;

	(void)call;
	if (fed_session_open(shell->session))
		return fed_fail(err, "a round is open, which no line says; `continue` or `abort` ends it");
	fed__share_commands(shell, "\n", &commands);
	fed__share_commands(shell, "; ", &joined);
	if (commands.failed || joined.failed)
		rc = fed_fail(err, "out of memory (the commands)");
	else if (!commands.len)
		fed__print(shell, "nothing was composed yet: there is nothing to share\n");
	else
		rc = share(shell, fed_text_str(&commands), fed_text_str(&joined), err);
	fed_text_release(&commands);
	fed_text_release(&joined);
	return rc;
}
