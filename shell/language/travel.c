/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/travel.c - commands as revisions of the session, and the journal of a move.
 */
#include "shell/language/travel.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "history/kept_runs.h"
#include "shell/language/autosave.h"
#include "shell/language/origins.h"
#include "shell/language/state_folder.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "travel/travel.h"

/* Where nothing is set: a share of the free memory, and this many times as much on disk. */
#define MEMORY_SHARE 0.25
#define DISK_TIMES 4
#define REMAKE_SECONDS 0.2
/* Bytes that can be set. */
#define LEAST_MEMORY 1e6
#define MOST_MEMORY 1e15

enum { NOTE_COMPOSITION, NOTE_PLUGINS };

static bool put_folder(void *ctx, struct fed_text *out)
{
	(void)ctx;
	return fed__state_path(out, "");
}

/* Files may be forged: what they have played are commands as a recording has them. */
static bool allows(void *ctx, const char *line)
{
	struct fed_shell *shell = ctx;
	const struct fed_command *command;
	struct fed_words words = {0};
	struct fed_error unused;
	size_t used;

	bool may = fed__words_split(&words, line, strlen(line), &used, &unused) == FED_OK;
	if (may && words.n)
		may = fed__command_find(shell, fed__words_at(&words, 0), false, &command, &unused) ==
		          FED_OK &&
		      command->flags & FED_COMMAND_CHANGES;
	fed__words_release(&words);
	return may;
}

static void save_version(struct fed_shell *shell)
{
	fed__autosave_version(shell);
	if (shell->resume.made)
		shell->resume.made(shell);
}

/* On the way to a place the notes of its revisions say what each version was made with. */
static void version_made(void *ctx)
{
	struct fed_shell *shell = ctx;
	struct fed_travel *t = shell->travel;

	if (fed_travel_is_moving(t))
		fed_session_made_with(
			shell->session,
			fed_travel_tree(t)->revision[fed_travel_playing(t)].notes[NOTE_COMPOSITION]);
	else
		save_version(shell);
	fed_travel_version(t);
}

int fed__travel_init(struct fed_shell *shell,
                     int (*play)(void *shell, const char *line, struct fed_error *),
                     struct fed_error *err)
{
	const struct fed_travel_host host = {shell, play, put_folder, allows};

	snprintf(shell->own.history_memory, sizeof shell->own.history_memory, "auto");
	if (fed_travel_new(&shell->travel, shell->session, &host, err))
		return FED_FAIL;
	fed_session_set_version_hook(shell->session, (struct fed_version_hook){version_made, shell});
	fed__travel_apply(shell);
	return FED_OK;
}

/* Bytes of "500M", "2G", "1.5 GB"; 0: it is something else. */
static double parse_bytes(const char *typed)
{
	static const char units[] = "kmgt";
	char *end;
	double bytes = strtod(typed, &end);

	if (end == typed || !isfinite(bytes) || bytes < 0)
		return 0;
	end += strspn(end, " ");
	const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (unit) {
		bytes *= pow(1000, (double)(unit - units + 1));
		end++;
	}
	return strcmp(end + (*end == 'B'), "") == 0 ? bytes : 0;
}

int fed__travel_check_memory(const char *typed, struct fed_error *err)
{
	const double bytes = parse_bytes(typed);

	if (strcmp(typed, "auto") == 0 || (bytes >= LEAST_MEMORY && bytes <= MOST_MEMORY))
		return FED_OK;
	return fed_fail(err,
	                "history-memory: %s is neither auto nor an amount of memory from 1M to 1000T, "
	                "such as 500M or 2G",
	                fed_show(typed).s);
}

void fed__travel_apply(struct fed_shell *shell)
{
	const struct fed_shell_settings *own = &shell->own;
	const double share = MEMORY_SHARE * fmin(fed_mem_available(), MOST_MEMORY);
	const double typed = parse_bytes(own->history_memory), memory = typed > 0 ? typed : share;

	fed_travel_limit(shell->travel, (size_t)fmax(memory, LEAST_MEMORY),
	                 (uint64_t)(DISK_TIMES * memory));
	fed_travel_set_spacing(shell->travel, (uint64_t)own->snapshot_every);
}

/* Commands as revisions ------------------------------------------------------------------- */

/* Whether the command is one whose commands belong together. */
static bool is_group(const struct fed_command *command)
{
	return (command->flags & FED_COMMAND_RUNS) && (command->flags & FED_COMMAND_DISCARDS);
}

/* Lines of the journal that are no comments. */
static unsigned count_lines(const char *lines)
{
	unsigned n = 0;

	for (; *lines; lines += strcspn(lines, "\n") + 1)
		n += *lines != '#';
	return n;
}

/* "the history of the file is on branches `main-2` *, `krum`" where others were here before. */
static void tell_arrived(struct fed_shell *shell, uint32_t first)
{
	const struct fed_tree *tree = fed_travel_tree(shell->travel);
	struct fed_text text = {0};

	for (uint32_t k = first; k < tree->n_branches; k++)
		if (*tree->branch[k].name)
			fed_text_add(&text, "%s `%s`%s", text.len ? "," : "", tree->branch[k].name,
			             k == fed_travel_branch(shell->travel) ? " (here)" : "");
	if (first && text.len)
		fed__print(shell, "the history of the file is on%s\n", fed_text_str(&text));
	else if (first)
		fed__print(shell, "its history is known here; this is a place on branch `%s`\n",
		           tree->branch[fed_travel_branch(shell->travel)].name);
	fed_text_release(&text);
}

/* Note the compositions of the present run's versions again, from the revisions that made them. */
static void note_compositions(struct fed_shell *shell)
{
	const struct fed_tree *tree = fed_travel_tree(shell->travel);
	const struct fed_place p = fed_travel_place(shell->travel);
	const uint32_t run = tree->revision[p.revision].run;
	struct fed_error unused;
	uint32_t n;
	struct fed_place *path = fed_tree_path(tree, p, &n);

	for (uint32_t i = 1; i < n; i++) {
		const struct fed_revision *r = &tree->revision[path[i].revision];

		if (r->run != run || fed_place_version(tree, path[i]) <= r->version_before ||
		    !r->notes[NOTE_COMPOSITION])
			continue;
		if (fed_composition_log_note(&shell->compositions, r->version_before + 1,
		                             r->notes[NOTE_COMPOSITION], &unused)) {
			fed_composition_log_release(&shell->compositions);
			break;
		}
	}
	fed_free(path);
}

static void end_revision(struct fed_shell *shell, struct fed_travel_entry *entry)
{
	struct fed_text plugins = {0};
	struct fed_error err;
	uint32_t forked;

	fed__journal_plugins(shell, &plugins);
	entry->notes[NOTE_COMPOSITION] = fed_session_composition(shell->session);
	entry->notes[NOTE_PLUGINS] = fed_text_str(&plugins);
	entry->group = shell->travel_group;
	if (fed_travel_end(shell->travel, entry, &forked, &err)) {
		struct fed_text text = {0};

		fed_text_add(&text, "the history of the session begins here: %s", err.text);
		fed__print_warning(shell, fed_text_str(&text));
		fed_text_release(&text);
	} else if (fed_travel_arrived(shell->travel) != UINT32_MAX) {
		tell_arrived(shell, fed_travel_arrived(shell->travel));
		note_compositions(shell);
	} else if (forked != UINT32_MAX) {
		const struct fed_tree *tree = fed_travel_tree(shell->travel);
		const struct fed_branch *b = &tree->branch[forked];

		fed__print(shell, "this is branch `%s` now; `switch %s` goes back to what came after\n",
		           b->name, tree->branch[b->of].name);
	}
	fed_text_release(&plugins);
}

/* Breakpoints that came along to an earlier place become a revision there with the command, if that
 * changes the session. */
static void gather_carried(struct fed_shell *shell, struct fed_travel_call *c)
{
	fed_text_clear(&shell->carried);
	if (fed_travel_carried(shell->travel, &c->carried))
		fed_text_put(&shell->carried, c->carried.s, c->carried.len);
}

void fed__travel_before(struct fed_shell *shell, const struct fed_command *command, bool looks,
                        struct fed_travel_call *c)
{
	const struct fed_session *const s = shell->session;
	const struct fed_history *const h = fed_session_history(s);

	*c = (struct fed_travel_call){.journal = shell->journal.len,
	                              .restarts = shell->journal_restarts,
	                              .revision = fed_travel_place(shell->travel).revision,
	                              .run = fed_session_status(s).runs,
	                              .versions = fed_session_version(s),
	                              .records = h->n};
	if (h->n)
		c->last = h->record[h->n - 1];
	c->counts = command->flags & FED_COMMAND_CHANGES;
	c->groups = is_group(command) && !shell->travel_group;
	if (c->groups)
		shell->travel_group = fed_travel_new_group(shell->travel);
	if (c->counts && !looks && !fed_travel_is_moving(shell->travel) &&
	    !fed_travel_is_recording(shell->travel))
		gather_carried(shell, c);
	if (c->counts)
		fed_travel_begin(shell->travel, command->flags & FED_COMMAND_DISCARDS);
	else if (is_group(command))
		fed_travel_leave(shell->travel);
}

/* Name under which the session has the history of a run that was discarded, or NULL. */
static const char *kept_as(const struct fed_session *s, const struct fed_travel_call *c)
{
	const struct fed_runs *runs = fed_session_kept_runs(s);

	for (size_t i = runs->n; i-- > 0;) {
		const struct fed_history *h = &runs->run[i].history;

		if (h->n && h->n == c->records &&
		    memcmp(&h->record[h->n - 1], &c->last, sizeof c->last) == 0)
			return runs->run[i].name;
	}
	return NULL;
}

/* "the run of 5 versions is kept as `last`; `undo` goes back to it" */
static void tell_discarded(struct fed_shell *shell, const struct fed_travel_call *c)
{
	const char *name = kept_as(shell->session, c);

	if (fed_session_status(shell->session).runs == c->run || c->versions == 0 ||
	    fed_travel_place(shell->travel).revision == c->revision) /* restored where it was */
		return;
	fed__print(shell, "the run of %s version%s is kept%s%s%s; `undo` goes back to it\n",
	           fed_count((double)c->versions).s, c->versions == 1 ? "" : "s", name ? " as `" : "",
	           name ? name : "", name ? "`" : "");
}

/* Once in a session: rounds go on all the same. */
static void tell_failure(struct fed_shell *shell)
{
	const char *why = fed_travel_file_failure(shell->travel);
	struct fed_text text = {0};

	if (shell->travel_warned || !*why)
		return;
	fed_text_add(&text,
	             "the history keeps fewer snapshots, and `rewind` takes longer: %s; `set "
	             "history-memory 2G` keeps more in memory",
	             why);
	fed__print_warning(shell, fed_text_str(&text));
	fed_text_release(&text);
	shell->travel_warned = true;
}

static void record(struct fed_shell *shell, const struct fed_command *command,
                   const struct fed_travel_call *c, enum fed_exit result)
{
	const bool restarts = shell->journal_restarts != c->restarts;
	const bool carried = c->carried.len && shell->carried.len == 0; /* a line followed them */
	const size_t before = restarts ? 0 : c->journal + (carried ? c->carried.len : 0);
	struct fed_travel_entry entry = {
		.lines = fed_text_str(&shell->journal) + before,
		.carried = c->carried.len ? c->carried.s : NULL,
		.carried_group = c->groups ? 0 : shell->travel_group,
		.restarts = restarts,
		.single = result == FED_EXIT_OK && !restarts &&
	              count_lines(fed_text_str(&shell->journal) + before) == 1,
		.outside =
			command->flags & (FED_COMMAND_OUTSIDE | FED_COMMAND_LOADS | FED_COMMAND_DISCARDS),
	};

	end_revision(shell, &entry);
	fed__written_settle(shell);
}

void fed__travel_after(struct fed_shell *shell, const struct fed_command *command,
                       struct fed_travel_call *c, enum fed_exit result)
{
	if (!fed_travel_is_moving(shell->travel)) {
		if (c->counts)
			record(shell, command, c, result);
		if (command->flags & FED_COMMAND_DISCARDS)
			tell_discarded(shell, c);
		if (c->groups)
			shell->travel_group = 0;
		tell_failure(shell);
	}
	if (c->carried.len)
		fed_text_clear(&shell->carried);
	fed_text_release(&c->carried);
}

void fed__travel_restarted(struct fed_shell *shell)
{
	struct fed_travel_entry entry = {.restarts = true, .outside = true};

	if (fed_travel_is_moving(shell->travel))
		return;
	entry.lines = shell->journal.len ? fed_text_str(&shell->journal) : "\n";
	fed_travel_begin(shell->travel, false);
	end_revision(shell, &entry);
}

/* Moves --------------------------------------------------------------------------------------- */

/* The journal, a recording and what is known of the versions, as they were at the present place. */
void fed__travel_follow(struct fed_shell *shell)
{
	const struct fed_place p = fed_travel_place(shell->travel);
	const char *plugins = fed_travel_tree(shell->travel)->revision[p.revision].notes[NOTE_PLUGINS];
	struct fed_text journal = {0}, then = {0};

	fed_travel_journal(shell->travel, p, &journal);
	fed_text_add(&then, "%s", plugins ? plugins : "");
	fed__journal_replace(shell, &journal, &then);
	fed_text_release(&journal);
	fed_text_release(&then);
	note_compositions(shell);
	shell->watching.resume[0] = 0;       /* a run that the move interrupted is over */
	shell->autosave.recorded = SIZE_MAX; /* whatever the length of the journal is */
}

/* The last version is made again, for its updates and verdicts, where a view may show them, or it
 * takes no time. */
static void prepare(struct fed_shell *shell)
{
	fed_travel_set_remake(shell->travel, shell->watching.watch ? INFINITY : REMAKE_SECONDS);
}

int fed__travel_check(const struct fed_shell *shell, struct fed_error *err)
{
	if (!shell->room)
		return FED_OK;
	return fed_reject(err, "a room is open, and what its members have done stays done, so there is "
	                       "no way to another version; `serve stop` closes it");
}

int fed__travel_to(struct fed_shell *shell, struct fed_place p, struct fed_error *err)
{
	if (fed__travel_check(shell, err))
		return FED_REJECT;
	prepare(shell);
	const int rc = fed_travel_go(shell->travel, p, err);

	if (rc == FED_OK)
		fed__travel_follow(shell);
	return rc;
}

int fed__travel_undo(struct fed_shell *shell, uint64_t n, struct fed_error *err)
{
	if (fed__travel_check(shell, err))
		return FED_REJECT;
	prepare(shell);
	const int rc = fed_travel_undo(shell->travel, n, shell->travel_group, err);

	if (rc == FED_OK)
		fed__travel_follow(shell);
	return rc;
}

int fed__travel_redo(struct fed_shell *shell, struct fed_error *err)
{
	if (fed__travel_check(shell, err))
		return FED_REJECT;
	prepare(shell);
	const int rc = fed_travel_redo(shell->travel, err);

	if (rc == FED_OK)
		fed__travel_follow(shell);
	return rc;
}

int fed__travel_switch(struct fed_shell *shell, const char *branch, struct fed_error *err)
{
	if (fed__travel_check(shell, err))
		return FED_REJECT;
	prepare(shell);
	const int rc = fed_travel_switch(shell->travel, branch, err);

	if (rc == FED_OK)
		fed__travel_follow(shell);
	return rc;
}
