/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/beside.c - commands that are executed by the thread of a job, and those that are
 * typed while one runs.
 */
#include <string.h>

#include "base/mem.h"
#include "shell/jobs/job.h"
#include "shell/language/command.h"
#include "shell/output/print.h"

/* The command without the & at its end, under its full name. */
static void put_line(struct fed_text *line, const char *called, const struct fed_words *words,
                     const char *source)
{
	const size_t begin = words->word[0].end, end = words->word[words->n - 1].end;

	fed_text_add(line, "%s", called);
	fed__line_join(line, source + begin, end - begin);
}

void fed__note_awaited(struct fed_shell *shell, const char *called, const struct fed_words *words,
                       const char *source, enum fed_exit result)
{
	struct fed_text line = {0};

	if (fed__job_is_here())
		return;
	put_line(&line, called, words, source);
	shell->jobs.last++;
	fed__job_note(shell, fed_text_str(&line), result);
	fed_text_release(&line);
}

/* Whether the output goes to a program, which may want the terminal. */
static bool is_piped(const struct fed_words *words, const char *source)
{
	for (size_t i = 1; i < words->n; i++)
		if (source[words->word[i].begin] == '|')
			return true;
	return false;
}

/* The flags of the command in this call of it. */
static unsigned flags_of(const struct fed_command *command, const struct fed_words *words)
{
	const unsigned others = FED_COMMAND_JOB | FED_COMMAND_CHANGES | FED_COMMAND_DISCARDS;

	return command->looks && command->looks(words) ? command->flags & ~others : command->flags;
}

/* Whether a command that was typed is executed by a job: it makes rounds, there is a prompt that it
 * can go behind, and no script waits for it. */
static bool is_job(const struct fed_shell *shell, const struct fed_command *command,
                   const struct fed_words *words, const char *source)
{
	const bool asks =
		words->n > 1 && strcmp(fed__words_at(words, words->n - 1), "?") == 0; /* for help */

	return (flags_of(command, words) & FED_COMMAND_JOB) && shell->jobs.host &&
	       !fed__job_is_here() && !shell->place && !shell->watching.watch && !asks &&
	       !is_piped(words, source);
}

/* FED_REJECT: there is no thread for it. */
static int run_job(struct fed_shell *shell, bool records, const struct fed_text *line, bool behind,
                   enum fed_exit *result)
{
	struct fed_error unused;

	if (fed__job_begin(shell, fed_text_str(line), line->len, records, &unused))
		return FED_REJECT;
	*result = FED_EXIT_OK;
	if (behind && fed__job_put_behind(shell, &unused) == FED_OK)
		return FED_OK;
	if (behind)
		fed__print_warning(shell, unused.text);
	*result = fed__job_to_front(shell, false);
	return FED_OK;
}

/* Why a command has to wait for the job. */
static int check_beside(const struct fed_shell *shell, unsigned flags, struct fed_error *err)
{
	const unsigned waits = FED_COMMAND_JOB | FED_COMMAND_DISCARDS |
	                       (flags & FED_COMMAND_BESIDE ? 0 : FED_COMMAND_RUNS);

	if (flags & waits)
		return fed_fail(err, "`%s` runs behind the prompt: `fg` waits for it, `stop` ends it",
		                fed__job_command(shell));
	return flags & FED_COMMAND_CHANGES ? fed__job_check_hand_over(shell, err) : FED_OK;
}

int fed__run_beside(struct fed_shell *shell, const struct fed_command *command, const char *called,
                    const struct fed_words *words, const char *source, bool behind,
                    enum fed_exit *result, struct fed_error *err)
{
	struct fed_text line = {0};
	int rc = FED_OK;

	if (!fed__job_is_here())
		fed__job_settle(shell);
	const bool beside = fed__job_runs(shell) && !fed__job_is_here();
	const unsigned flags = flags_of(command, words);
	const bool changes = flags & FED_COMMAND_CHANGES;
	if (beside ? !changes : !is_job(shell, command, words, source)) {
		if (beside && check_beside(shell, flags, err))
			return FED_FAIL;
		if (behind && shell->jobs.host && !shell->place && !fed__job_is_here() &&
		    is_piped(words, source))
			return fed_fail(err, "its output goes to a program, which may need the terminal; "
			                     "`> FILE &` keeps it");
		return FED_REJECT;
	}
	if (beside && check_beside(shell, flags, err))
		return FED_FAIL;
	put_line(&line, called, words, source);
	if (line.failed)
		rc = fed_fail_memory(err, line.len, "a line");
	else if (beside)
		*result = fed__job_hand_over(shell, fed_text_str(&line), line.len);
	else
		rc = run_job(shell, changes, &line, behind, result);
	fed_text_release(&line);
	return rc;
}
