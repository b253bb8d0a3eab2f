/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/resume.c - saves of a script's session, and the way back to them.
 */
#include "shell/script/resume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "shell/language/line.h"
#include "shell/output/print.h"
#include "travel/travel.h"

enum { SCRIPT_MOST = 1 << 26, PLACES_MOST = 1 << 17 };

/* What NAME.resume has before its places: a line each, the script's first. */
struct resume_head {
	unsigned file;
	unsigned long long version;
};
static const char head_format[] = "fedsh resume 2\nfile %u\nversion %llu\n";

static void put_path(const struct fed_resume *r, const char *end, struct fed_text *out)
{
	const char *slash = strrchr(r->script, '/');

	fed_text_clear(out);
	fed_text_add(out, "%s%s", slash ? slash + 1 : r->script, end);
}

static void put_saved(const struct fed_resume *r, unsigned file, struct fed_text *out)
{
	char end[16];

	snprintf(end, sizeof end, ".%u.fed", file);
	put_path(r, end, out);
}

/* Saving --------------------------------------------------------------------- */

static int write_places(const struct fed_resume *r, const struct resume_head *h, unsigned depth,
                        struct fed_error *err)
{
	struct fed_text path = {0}, text = {0};
	struct fed_file_writer w;

	put_path(r, ".resume", &path);
	fed_text_add(&text, head_format, h->file, h->version);
	for (unsigned i = 0; i < depth; i++)
		fed_text_add(&text, "at %08x %u %zu %s\n", r->at[i].crc, r->at[i].line, r->at[i].offset,
		             fed_text_str(&r->at[i].file));
	int rc = fed_file_open(&w, fed_text_str(&path), err);
	if (rc == FED_OK) {
		fed_file_write(&w, text.s, text.len);
		rc = fed_file_commit(&w, err);
	}
	fed_text_release(&path);
	fed_text_release(&text);
	return rc;
}

static int save(struct fed_shell *shell, unsigned depth, struct fed_error *err)
{
	struct fed_resume *r = &shell->resume;
	const struct resume_head head = {.file = !r->file,
	                                 .version = fed_session_version(shell->session)};
	struct fed_text path = {0};

	put_saved(r, head.file, &path);
	int rc = fed_travel_save(shell->travel, fed_text_str(&path), err);
	fed_text_release(&path);
	if (rc == FED_OK)
		rc = write_places(r, &head, depth, err);
	if (rc == FED_OK)
		r->file = head.file;
	return rc;
}

/* Put where the present command begins in a line, or ends; it may be another text's. */
static void put_offset(const struct fed_shell *shell, struct fed_resume_at *at, bool end)
{
	const struct fed_failing *f = &shell->failing;
	const uintptr_t line = (uintptr_t)at->form, command = (uintptr_t)f->source;
	struct fed_words words = {0};
	struct fed_error unused;
	size_t used = 0;

	at->lost = f->expanded || !at->form || command < line || command > line + at->len;
	if (at->lost)
		return;
	if (end && fed__words_split(&words, f->source, f->len, &used, &unused))
		at->lost = true;
	fed__words_release(&words);
	at->offset = command - line + used;
}

/* How deep in scripts the present command is; 0: nothing can go on behind it. */
static unsigned present_depth(struct fed_shell *shell)
{
	struct fed_resume *r = &shell->resume;
	const unsigned depth = r->finishing ? r->depth : shell->place ? shell->place->depth : 0;

	if (r->seeking && !r->finishing)
		return 0;
	if (depth && !r->finishing)
		put_offset(shell, &r->at[depth - 1], true);
	for (unsigned i = 0; i < depth; i++)
		if (r->at[i].lost || !r->at[i].file.len || r->at[i].file.failed)
			return 0;
	return depth;
}

static void save_version(struct fed_shell *shell)
{
	struct fed_resume *r = &shell->resume;
	const uint64_t version = fed_session_version(shell->session);
	struct fed_error err;

	const unsigned depth = r->every && version % r->every == 0 ? present_depth(shell) : 0;
	if (!depth)
		return;
	if (save(shell, depth, &err) == FED_OK) {
		r->failing = false;
		return;
	}
	if (!r->failing) {
		struct fed_text line = {0};

		fed_text_add(&line, "--autosave: %s", err.text);
		fed__print_warning(shell, fed_text_str(&line));
		fed_text_release(&line);
	}
	r->failing = true;
}

/* Going on ------------------------------------------------------------------- */

static bool begins_with(const char *command, const char *word)
{
	const char *at = command + strspn(command, " \t");
	const size_t n = strlen(word);

	return strncmp(at, word, n) == 0 && strchr(" \t\n", at[n]);
}

static int put_crc(const char *file, uint32_t *crc, struct fed_error *err)
{
	struct fed_text path = {0}, text = {0};
	struct stat st;

	fed_path_expand(file, &path);
	/* what a pipe has could not be read again */
	int rc = stat(fed_text_str(&path), &st) == 0 && !S_ISREG(st.st_mode)
	             ? fed_fail(err, "%s is no regular file", fed_show(file).s)
	             : fed_file_read(fed_text_str(&path), SCRIPT_MOST, &text, err);
	if (rc == FED_OK)
		*crc = fed_crc32(0, text.s, text.len);
	fed_text_release(&path);
	fed_text_release(&text);
	return rc;
}

/* The first line of a file is read. */
static void begin_file(struct fed_resume_at *at, const char *file)
{
	struct fed_error unused;

	fed_text_clear(&at->file);
	if (file && !strchr(file, '\n') && put_crc(file, &at->crc, &unused) == FED_OK)
		fed_text_add(&at->file, "%s", file);
}

size_t fed__resume_line(struct fed_shell *shell, const struct fed_script_place *place,
                        const char *line, size_t len)
{
	struct fed_resume *r = &shell->resume;
	struct fed_resume_at *at = &r->at[place->depth - 1];
	size_t before = 0;

	if (r->seeking && (place->depth > r->depth || place->line < at->line)) {
		/* what belongs to the shell is no part of a saved session */
		return shell->defining.name || begins_with(line, "alias") || begins_with(line, "define")
		           ? 0
		           : len;
	}
	if (r->seeking && place->line == at->line) {
		before = at->offset < len ? at->offset : len;
		r->seeking = place->depth < r->depth;
	} else if (place->line == 1 && r->every) {
		begin_file(at, place->file);
	}
	r->seeking &= place->line == at->line; /* else it was read another way, and runs from here */
	at->line = place->line;
	at->form = line;
	at->len = len;
	if (place->depth > 1)
		put_offset(shell, at - 1, false);
	return before;
}

static int read_at(struct fed_resume *r, const char *line, size_t len, const char *from,
                   struct fed_error *err)
{
	struct fed_resume_at *at = r->depth < FED_SOURCE_DEPTH ? &r->at[r->depth] : NULL;
	uint32_t crc;
	int n = 0;

	if (!at || sscanf(line, "at %8x %u %zu %n", &at->crc, &at->line, &at->offset, &n) != 3 ||
	    (size_t)n >= len)
		return fed_fail(err, "%s is damaged; without it the script begins anew", from);
	if (r->depth)
		fed_text_put(&at->file, line + n, len - (size_t)n);
	else
		fed_text_add(&at->file, "%s", r->script); /* its path may be another one now */
	r->depth++;
	if (put_crc(fed_text_str(&at->file), &crc, err))
		return FED_FAIL;
	return crc == at->crc
	           ? FED_OK
	           : fed_fail(
					 err,
					 "%s has changed since %s was written; without that the script begins anew",
					 fed_text_str(&at->file), from);
}

static int read_places(struct fed_resume *r, struct resume_head *h, struct fed_error *err)
{
	struct fed_text path = {0}, text = {0};
	int n = 0;

	put_path(r, ".resume", &path);
	const bool there = access(fed_text_str(&path), F_OK) == 0;
	int rc = there ? fed_file_read(fed_text_str(&path), PLACES_MOST, &text, err) : FED_OK;
	if (there && rc == FED_OK &&
	    (sscanf(fed_text_str(&text), "fedsh resume 2\nfile %u\nversion %llu\n%n", &h->file,
	            &h->version, &n) != 2 ||
	     !n || !text.s[n]))
		rc = fed_fail(err, "%s is damaged; without it the script begins anew", fed_text_str(&path));
	for (const char *at = fed_text_str(&text) + n; there && rc == FED_OK && *at;) {
		const size_t len = strcspn(at, "\n");

		rc = read_at(r, at, len, fed_text_str(&path), err);
		at += len + (at[len] != 0);
	}
	fed_text_release(&path);
	fed_text_release(&text);
	return rc;
}

static void print_start(struct fed_shell *shell, unsigned long long version)
{
	const struct fed_resume *r = &shell->resume;

	fed__print(shell, "%s: goes on at line %u", r->script, r->at[0].line);
	for (unsigned i = 1; i < r->depth; i++)
		fed__print(shell, ", %s line %u", fed_text_str(&r->at[i].file), r->at[i].line);
	fed__print(shell, ", version %llu\n", version);
}

/* Restore the session, and make the rest of the run that the script was in. */
static int go_on(struct fed_shell *shell, const struct resume_head *h, struct fed_error *err)
{
	struct fed_resume *r = &shell->resume;
	struct fed_text path = {0};

	put_saved(r, h->file & 1, &path);
	r->file = h->file & 1;
	r->seeking = true;
	int rc = fed_travel_restore(shell->travel, fed_text_str(&path), err);
	fed_text_release(&path);
	if (rc)
		return FED_FAIL;
	fed__journal_restart(shell);
	print_start(shell, h->version);
	if (!fed_session_left(shell->session))
		return FED_OK;
	r->finishing = true;
	rc = fed__shell_execute(shell, "continue", strlen("continue"), NULL)
	         ? fed_fail(err, "the run that was saved has failed")
	         : FED_OK;
	r->finishing = false;
	return rc;
}

int fed__resume_begin(struct fed_shell *shell, const char *script, uint64_t every, bool resume,
                      struct fed_error *err)
{
	struct fed_resume *r = &shell->resume;
	struct resume_head head;
	uint32_t unused;

	*r = (struct fed_resume){.every = every, .script = script, .made = save_version};
	if (put_crc(script, &unused, err))
		return FED_FAIL;
	if (resume && read_places(r, &head, err))
		return FED_FAIL;
	return r->depth ? go_on(shell, &head, err) : FED_OK;
}

void fed__resume_end(struct fed_shell *shell, bool clean)
{
	struct fed_resume *r = &shell->resume;
	struct fed_text path = {0};

	for (unsigned i = 0; i < FED_SOURCE_DEPTH; i++)
		fed_text_release(&r->at[i].file);
	if (!r->script || !clean)
		return;
	put_path(r, ".resume", &path);
	unlink(fed_text_str(&path));
	for (unsigned i = 0; i < 2; i++) {
		put_saved(r, i, &path);
		unlink(fed_text_str(&path));
	}
	fed_text_release(&path);
}
