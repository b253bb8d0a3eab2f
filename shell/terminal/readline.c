/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/readline.c - interactive reading with readline, the only file that knows it.
 *
 * It uses readline's callback interface and poll(), so that the shell handles signals itself:
 * Ctrl-C clears the line, a hangup ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/cpu.h"
#include "base/file.h"
#include "session/composition.h"
#include "shell/jobs/job.h"
#include "shell/language/plugin_watch.h"
#include "shell/language/autosave.h"
#include "shell/language/complete.h"
#include "shell/language/state_folder.h"
#include "shell/terminal/interactive.h"
#include "shell/terminal/line_memory.h"
#include "shell/output/print.h"
#include "shell/script/prompt.h"
#include "shell/script/typed.h"
#include "shell/serving/serving.h"

#define HISTORY_LINES 5000
#define POLL_MS 250
#define SHOW_MS 50 /* between two times that lines of a job are shown; in seconds: */
#define SHOW_LEAST (SHOW_MS / 1000.0)

/* Global, because readline's callbacks have no context. */
static struct fed_shell *at_prompt;
static struct fed_candidates found;
static bool done;
static struct fed_text so_far; /* lines that the next one continues, with their newlines */
static int unsaved;            /* errno of the first line that is not in the file; 0: all are */

/* Completion ----------------------------------------------------------------- */

static char *next_candidate(const char *text, int state)
{
	static size_t i;

	(void)text;
	if (state == 0)
		i = 0;
	return i < found.n ? strdup(found.text[i++]) : NULL;
}

/* Candidates for the word that ends there in this line, which may continue others. */
static void find_candidates(size_t end)
{
	struct fed_text whole = {0};

	fed_text_put(&whole, fed_text_str(&so_far), so_far.len);
	fed_text_put(&whole, rl_line_buffer, end);
	if (!whole.failed)
		fed__complete(at_prompt, fed_text_str(&whole), whole.len, &found);
	found.start = found.start < so_far.len ? 0 : found.start - so_far.len;
	fed_text_release(&whole);
}

static char **complete_line(const char *text, int start, int end)
{
	(void)text;
	rl_attempted_completion_over = 1; /* no file name completion by readline */
	fed__candidates_release(&found);
	if (!fed__job_enter(at_prompt, true))
		return NULL;
	find_candidates((size_t)end);
	fed__job_leave(at_prompt);
	if (!found.n || found.start != (size_t)start) {
		/* Readline's word begins elsewhere: adjust the candidates to it. */
		for (size_t i = 0; i < found.n; i++) {
			const size_t skip = (size_t)start - found.start;

			if (found.start > (size_t)start || strlen(found.text[i]) < skip)
				return NULL;
			memmove(found.text[i], found.text[i] + skip, strlen(found.text[i]) - skip + 1);
		}
	}
	if (!found.n)
		return NULL;
	const char *first = found.text[0];
	const char last = *first ? first[strlen(first) - 1] : 0;
	rl_completion_append_character = found.n == 1 && strchr("=/:", last) ? '\0' : ' ';
	return rl_completion_matches(text, next_candidate);
}

/* History -------------------------------------------------------------------- */

/* Lines of the file that are not recalled: how the command before ended, and with which seed. The
 * command is repeated, because sessions at the same time write in between. */
#define OUTCOME "#: "

static void leave_out_outcomes(void)
{
	for (int i = history_length - 1; i >= 0; i--) {
		const HIST_ENTRY *entry = history_get(history_base + i);

		if (entry && strncmp(entry->line, OUTCOME, strlen(OUTCOME)) == 0)
			free_history_entry(remove_history(i));
	}
}

/* Only from a file: a pipe in its place would be waited for. */
static void read_lines(const char *path)
{
	struct fed_error unused;
	uint64_t size;

	if (fed_file_readable(path, &size, &unused) != FED_OK || read_history(path))
		return;
	/* Now and then, as each rewriting could lose a line of another session. */
	if (history_length > HISTORY_LINES + HISTORY_LINES / 10)
		history_truncate_file(path, HISTORY_LINES);
	leave_out_outcomes();
}

/* One write at the end of the file, so that sessions at the same time keep one another's lines and
 * a session that is killed keeps its own; 0 or errno. */
static int append_line(const char *path, const char *line)
{
	static const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct fed_text text = {0};
	const int fd = open(path, flags, 0600);
	int error = fd < 0 ? errno : 0;

	if (fd < 0)
		return error;
	fed_text_add(&text, "%s\n", line);
	errno = 0;
	if (text.failed)
		error = ENOMEM;
	else if (write(fd, text.s, text.len) != (ssize_t)text.len)
		error = errno ? errno : ENOSPC;
	fed_text_release(&text);
	close(fd);
	return error;
}

void fed__line_history_load(void)
{
	struct fed_text path = {0};

	using_history();
	unsaved = 0;
	if (fed__state_path(&path, "history"))
		read_lines(path.s);
	stifle_history(HISTORY_LINES);
	fed_text_release(&path);
}

void fed__line_history_end(struct fed_shell *shell)
{
	if (!unsaved)
		return;
	fflush(shell->out);
	fprintf(shell->errors, "warning: the history is not saved: %s\n", strerror(unsaved));
}

static void remember(const char *line)
{
	const HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
	struct fed_text path = {0};

	if (!line[strspn(line, " \t\n")] || (last && strcmp(last->line, line) == 0))
		return;
	add_history(line);
	if (fed__state_path(&path, "history") && !unsaved)
		unsaved = append_line(path.s, line);
	fed_text_release(&path);
}

/* Append how a line ended; pasted lines are several, and have none. */
static void remember_outcome(const struct fed_text *lines, enum fed_exit result)
{
	const struct fed_settings *settings = &fed_session_parts(at_prompt->session)->settings;
	struct fed_text path = {0}, line = {0};

	fed_text_add(&line, OUTCOME "exit %d, seed %llu: ", (int)result,
	             (unsigned long long)settings->seed);
	fed__line_join(&line, fed_text_str(lines), lines->len);
	if (fed_text_str(lines)[strspn(fed_text_str(lines), " \t\n")] && !line.failed &&
	    !strchr(line.s, '\n') && !unsaved && fed__state_path(&path, "history"))
		unsaved = append_line(path.s, line.s);
	fed_text_release(&path);
	fed_text_release(&line);
}

void fed__line_history_add(const char *typed)
{
	struct fed_pasted p;
	struct fed_text line = {0}, plain = {0};
	const char *command;

	fed__pasted_init(&p, typed, strlen(typed));
	for (size_t n; fed__pasted_next(&p, &command, &n);) {
		fed_text_clear(&line);
		fed_text_clear(&plain);
		fed__pasted_put(&p, command, n, &plain);
		fed__line_join(&line, fed_text_str(&plain), plain.len);
		if (!line.failed && !plain.failed)
			remember(fed_text_str(&line));
	}
	fed_text_release(&line);
	fed_text_release(&plain);
}

const char *fed__line_history_at(size_t back)
{
	const HIST_ENTRY *entry = back && back <= (size_t)history_length
	                              ? history_get(history_base + history_length - (int)back)
	                              : NULL;

	return entry ? entry->line : NULL;
}

/* Hints ---------------------------------------------------------------------- */

/* A hint stands behind the cursor, which readline does not know of: it is written between two keys.
 * (With rl_redisplay_function readline would give up bracketed paste.) */
static bool hinted;
/* Keys since `?` was answered, downwards: 1 at the next one. Enter then asks again, as it did when
 * `?` was a word; it does not run the command. */
static int asked;

/* Whether readline is in the middle of something other than a line of text. */
static bool is_busy(void)
{
	return RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG |
	                  RL_STATE_MULTIKEY | RL_STATE_METANEXT | RL_STATE_MOREINPUT |
	                  RL_STATE_VIMOTION | RL_STATE_COMPLETING);
}

/* Before readline moves the cursor, which is behind the line. */
static void erase_hint(void)
{
	if (hinted)
		fputs("\033[K", rl_outstream);
	hinted = false;
}

/* Columns of the prompt and the line; below 0: they are not sure to be in one row. */
static int columns_used(void)
{
	struct fed_text text = {0};
	int columns = -1;

	for (const char *c = rl_line_buffer; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || (*c & 0x80 && !at_prompt->screen.utf8))
			return -1;
	if (so_far.len)
		fed_text_add(&text, "%s", FED_PROMPT_CONTINUED);
	else
		fed__shell_prompt(at_prompt, &text);
	fed_text_add(&text, "%s", rl_line_buffer);
	if (!text.failed)
		columns = fed_text_width(fed_text_str(&text));
	fed_text_release(&text);
	return columns;
}

/* What the command takes next, dim, behind the cursor, which stays; never past the row's end. */
static void show_hint(void)
{
	struct fed_text hint = {0};

	/* a job has the session and the screen */
	if (fed__job_runs(at_prompt) || !at_prompt->screen.color || is_busy() || so_far.len ||
	    !rl_end || rl_point != rl_end)
		return;
	const int used = columns_used();
	if (used >= 0)
		fed__next_hint(at_prompt, rl_line_buffer, (size_t)rl_end, &hint);
	const int columns = fed_text_width(fed_text_str(&hint));
	if (!hint.failed && columns > 0 && used + columns < at_prompt->screen.columns) {
		struct fed_text escape = {0};

		fed__put_emphasis(&escape, at_prompt, FED_EMPHASIS_DIM);
		fprintf(rl_outstream, "%s%s\033[0m\033[%dD", fed_text_str(&escape), fed_text_str(&hint),
		        columns);
		fed_text_release(&escape);
		fflush(rl_outstream);
		hinted = true;
	}
	fed_text_release(&hint);
}

/* `?` behind a blank shows what the command takes there; elsewhere it is a letter. */
static int ask(int count, int key)
{
	struct fed_text help = {0};

	if (!fed__job_enter(at_prompt, true))
		return 0;
	if (rl_point == rl_end && !so_far.len)
		fed__next_help(at_prompt, rl_line_buffer, (size_t)rl_end, &help);
	if (!help.len || help.failed) {
		fed__job_leave(at_prompt);
		fed_text_release(&help);
		return rl_insert(count, key);
	}
	rl_crlf();
	fed__screen_measure(at_prompt);
	fed__print(at_prompt, "%s", help.s);
	fed__print_flush(at_prompt);
	fed__job_leave(at_prompt);
	fed_text_release(&help);
	rl_on_new_line();
	asked = 2;
	return 0;
}

/* Lines ---------------------------------------------------------------------- */

static void take_line(char *line);

static void prompt(void)
{
	const bool color = at_prompt->screen.color;
	struct fed_text text = {0};

	fed_text_add(&text, "%s", color ? "\001\033[1m\002" : "");
	if (so_far.len)
		fed_text_add(&text, "%s", FED_PROMPT_CONTINUED);
	else if (fed__job_runs(at_prompt))
		fed_text_add(&text, "%s", FED_PROMPT_PLAIN);
	else
		fed__shell_prompt(at_prompt, &text);
	fed_text_add(&text, "%s", color ? "\001\033[0m\002" : "");
	rl_callback_handler_install(fed_text_str(&text), take_line); /* copies the prompt */
	fed_text_release(&text);
}

/* Whether the next line continues this one, which is kept then. */
static bool goes_on(const char *line)
{
	const size_t before = so_far.len;

	if (before > FED_LINE_MAX)
		return false;
	fed_text_add(&so_far, "%s", line);
	const bool more = !so_far.failed && fed__line_continues(so_far.s, so_far.len);
	if (more)
		fed_text_add(&so_far, "\n");
	if (more && !so_far.failed)
		return true;
	if (so_far.s) { /* this line is added when it is run */
		so_far.len = before;
		so_far.s[before] = '\0';
	}
	return false;
}

static void run_typed(void)
{
	if (so_far.failed) {
		fed__print_error(at_prompt, "", "out of memory for the line, which is dropped");
		return;
	}
	fed__line_history_add(fed_text_str(&so_far));
	fed__signals_interrupted();
	sigjmp_buf *const way_out = fed__line_memory_exit(NULL); /* no jump out of a command */
	const bool warned = at_prompt->jobs.warned;
	if (fed__job_enter(at_prompt, false)) {
		fed__job_settle(at_prompt);
		fed__screen_measure(at_prompt);
		const enum fed_exit result = fed__shell_typed(at_prompt, fed_text_str(&so_far), so_far.len);
		remember_outcome(&so_far, result);
		fed__job_leave(at_prompt);
	}
	at_prompt->jobs.warned = at_prompt->jobs.warned && !warned;
	fed__line_memory_exit(way_out);
}

/* Ctrl-D. */
static bool may_leave(void)
{
	if (!fed__job_enter(at_prompt, false))
		return false;
	fed__job_settle(at_prompt);
	const bool may = fed__job_may_quit(at_prompt);
	fed__job_leave(at_prompt);
	return may;
}

static void take_line(char *line)
{
	/* Remove the handler first: commands need the terminal's normal modes and Ctrl-C. */
	rl_callback_handler_remove();
	if (!line) {
		fputc('\n', rl_outstream);
		done = may_leave();
		if (!done)
			prompt();
		return;
	}
	if (goes_on(line)) {
		free(line);
		prompt();
		return;
	}
	fed_text_add(&so_far, "%s%s", line, asked == 1 ? "?" : "");
	free(line);
	run_typed();
	fed_text_release(&so_far);
	fed__signals_interrupted();
	done = at_prompt->quit || fed__signals_ending();
	if (!done)
		prompt();
}

/* The prompt, and what was typed at the one before. */
static void type_again(const char *text, int point)
{
	prompt();
	if (text)
		rl_insert_text(text);
	rl_point = point;
	rl_redisplay();
}

/* The lines of a job stand above the one that is being typed, which leaves the screen for them;
 * when it has ended, under a prompt that shows the session again. */
static void show_job(void)
{
	struct fed_text lines = {0};
	const bool ended = fed__job_attend(at_prompt, &lines);

	if (lines.len || ended) {
		char *text = ended ? rl_copy_text(0, rl_end) : NULL;
		const int point = rl_point;

		erase_hint();
		rl_clear_visible_line();
		if (ended) {
			rl_callback_handler_remove();
			fed__job_end(at_prompt, &lines);
		}
		fwrite(fed_text_str(&lines), 1, lines.len, rl_outstream);
		fflush(rl_outstream);
		rl_on_new_line();
		if (ended)
			type_again(text, point);
		else
			rl_redisplay();
		free(text);
	}
	fed_text_release(&lines);
}

/* What members of the room do stands above the line that is being typed. */
static void attend_room(void)
{
	static struct fed_text said; /* until it can be shown */

	fed__serving_attend_to(at_prompt, &said);
	if (!said.len || is_busy())
		return;
	erase_hint();
	rl_clear_visible_line();
	fwrite(fed_text_str(&said), 1, said.len, rl_outstream);
	fflush(rl_outstream);
	fed_text_release(&said);
	rl_on_new_line();
	rl_redisplay();
}

/* Build and reload the watched plugin.  The line that is being typed leaves the screen for what is
 * printed, and comes back under it. */
static void run_between(void)
{
	char *text = rl_copy_text(0, rl_end);
	const int point = rl_point;

	erase_hint();
	rl_clear_visible_line();
	fflush(rl_outstream);
	rl_callback_handler_remove();
	sigjmp_buf *const way_out = fed__line_memory_exit(NULL); /* no jump out of a command */
	fed__plugin_watch_run(at_prompt);
	fed__line_memory_exit(way_out);
	fed__signals_interrupted();
	type_again(text, point);
	free(text);
}

/* Ctrl-Z. */
static void suspend(void)
{
	erase_hint();
	rl_clear_visible_line();
	rl_deprep_terminal();
	fflush(rl_outstream);
	fed__signals_suspend();
	rl_prep_terminal(1);
	rl_on_new_line();
	rl_forced_update_display();
}

static void clear_line(void)
{
	erase_hint();
	rl_callback_sigcleanup();
	rl_replace_line("", 0);
	fputs("\n", rl_outstream);
	fflush(rl_outstream);
	if (so_far.len || at_prompt->defining.name) { /* the lines before it, too */
		fed_text_release(&so_far);
		fed__group_drop(at_prompt);
		rl_callback_handler_remove();
		prompt();
		return;
	}
	rl_on_new_line();
	rl_redisplay();
}

static void set_up(struct fed_shell *shell)
{
	at_prompt = shell;
	done = false;
	rl_readline_name = "fedsh";
	rl_outstream = shell->out;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_attempted_completion_function = complete_line;
	rl_completer_word_break_characters = " \t\n;";
	rl_completer_quote_characters = "";
	rl_basic_quote_characters = "";
	rl_bind_key_in_map('?', ask, emacs_standard_keymap);
	rl_bind_key_in_map('?', ask, vi_insertion_keymap);
	hinted = false;
	asked = 0;
	rl_variable_bind("enable-bracketed-paste", "on");
	rl_variable_bind("completion-ignore-case", "off");
	fed__line_history_load();
}

static void read_key(void)
{
	erase_hint();
	fed__onlookers_leave(at_prompt); /* readline may wait for another key */
	rl_callback_read_char();
	asked -= asked > 0;
	if (!done)
		show_hint();
}

/* What happens between two keys; ready: what the job printed may be shown. */
static void attend(bool idle, bool ready)
{
	if (fed__job_runs(at_prompt)) { /* its thread has the session */
		if (ready)
			show_job();
		return;
	}
	if (fed__serving_is_due(at_prompt))
		attend_room();
	fed__autosave_check(at_prompt);
	if (idle && !is_busy() && fed__plugin_watch_due(at_prompt))
		run_between();
}

/* A job that runs still ends with the program. */
static void end_job(void)
{
	struct fed_text lines = {0};

	erase_hint();
	if (fed__job_runs(at_prompt))
		rl_clear_visible_line();
	fed__job_end(at_prompt, &lines);
	fwrite(fed_text_str(&lines), 1, lines.len, rl_outstream);
	fflush(rl_outstream);
	fed_text_release(&lines);
}

/* Read until the end. */
static void read_lines_typed(struct fed_shell *shell)
{
	double shown = 0; /* wall seconds, of what the job printed */

	set_up(shell);
	prompt();
	while (!done && !fed__signals_ending()) {
		const bool shows = !is_busy() && fed_wall_seconds() >= shown + SHOW_LEAST;
		int job[2] = {-1, -1};
		fed__job_descriptors(shell, job);
		if (!shows)
			job[0] = -1;
		/* while a job runs its thread takes what comes */
		const int room = fed__job_runs(shell) ? -1 : fed__serving_descriptor(shell);
		struct pollfd input[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		                         {.fd = job[0], .events = POLLIN},
		                         {.fd = job[1], .events = POLLIN},
		                         {.fd = fed__onlookers_descriptor(shell), .events = POLLIN},
		                         {.fd = room, .events = POLLIN}};
		const bool often = !shows || (job[1] >= 0 && input[3].fd >= 0);
		fed__signals_catch_stop(true);
		const int ready = poll(input, 5, often ? SHOW_MS : POLL_MS);
		const bool failed = ready < 0 && errno != EINTR;
		fed__signals_catch_stop(false);

		if (fed__signals_interrupted())
			clear_line();
		if (fed__signals_stop())
			suspend();
		fed__line_memory_refill();
		attend(ready <= 0, shows);
		fed__onlookers_attend(shell);
		if (input[1].revents || input[2].revents)
			shown = fed_wall_seconds();
		if (ready > 0 && (input[0].revents & (POLLIN | POLLHUP | POLLERR)))
			read_key();
		else if (failed)
			break;
	}
	end_job();
	erase_hint();
	rl_callback_handler_remove();
	fed__candidates_release(&found);
	fed_text_release(&so_far);
	clear_history();
}

/* Without memory readline is given up, as it is: what it holds may be half changed. */
static enum fed_exit read_plainly(struct fed_shell *shell)
{
	rl_deprep_terminal();
	tcflush(STDIN_FILENO, TCIFLUSH);
	end_job();
	shell->jobs.host = NULL;
	fed__print(shell, "\n");
	fed__print_warning(shell,
	                   "out of memory for the line, which is dropped; lines are read without "
	                   "editing from now on");
	return fed__plain_run(shell);
}

/* False: memory ran out within readline. */
static bool try_readline(struct fed_shell *shell)
{
	sigjmp_buf no_memory;

	if (sigsetjmp(no_memory, 1) != 0) {
		fed__line_memory_exit(NULL);
		return false;
	}
	fed__line_memory_exit(&no_memory);
	read_lines_typed(shell);
	fed__line_memory_exit(NULL);
	return true;
}

enum fed_exit fed__readline_run(struct fed_shell *shell)
{
	fed__line_memory_refill();
	const enum fed_exit result = try_readline(shell) ? FED_EXIT_OK : read_plainly(shell);
	fed__line_history_end(shell);
	fed__line_memory_release();
	return result;
}
