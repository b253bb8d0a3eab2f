/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/resume.c - saves of a script's session, and the way back to them.
 */
#include "shell/script/resume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "shell/language/line.h"
#include "shell/output/print.h"
#include "travel/travel.h"

enum { SCRIPT_MOST = 1 << 26, PLACE_MOST = 4096 };

/* What NAME.resume has. */
struct resume_place {
	unsigned line, file;
	uint32_t crc; /* of the script */
	unsigned long long version;
};
static const char place_format[] = "fedsh resume 1\nscript %08x\nline %u\nfile %u\nversion %llu\n";

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

static int write_place(const struct fed_resume *r, const struct resume_place *p,
                       struct fed_error *err)
{
	struct fed_text path = {0}, text = {0};
	struct fed_file_writer w;

	put_path(r, ".resume", &path);
	fed_text_add(&text, place_format, p->crc, p->line, p->file, p->version);
	int rc = fed_file_open(&w, fed_text_str(&path), err);
	if (rc == FED_OK) {
		fed_file_write(&w, text.s, text.len);
		rc = fed_file_commit(&w, err);
	}
	fed_text_release(&path);
	fed_text_release(&text);
	return rc;
}

static int save(struct fed_shell *shell, struct fed_error *err)
{
	struct fed_resume *r = &shell->resume;
	const struct resume_place place = {.line = r->line,
	                                   .file = !r->file,
	                                   .crc = r->crc,
	                                   .version = fed_session_version(shell->session)};
	struct fed_text path = {0};

	put_saved(r, place.file, &path);
	int rc = fed_travel_save(shell->travel, fed_text_str(&path), err);
	fed_text_release(&path);
	if (rc == FED_OK)
		rc = write_place(r, &place, err);
	if (rc == FED_OK)
		r->file = place.file;
	return rc;
}

static void save_version(struct fed_shell *shell)
{
	struct fed_resume *r = &shell->resume;
	const uint64_t version = fed_session_version(shell->session);
	struct fed_error err;

	if (!r->every || !r->line || shell->failing.expanded || version % r->every)
		return;
	if (save(shell, &err) == FED_OK) {
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

bool fed__resume_line(struct fed_shell *shell, const struct fed_script_place *place,
                      const char *command)
{
	struct fed_resume *r = &shell->resume;

	if (place->depth != 1) {
		r->line = 0;
		return false;
	}
	r->line = place->line;
	/* what belongs to the shell is no part of a saved session */
	return place->line <= r->skip && !shell->defining.name && !begins_with(command, "alias") &&
	       !begins_with(command, "define");
}

static int read_place(const struct fed_resume *r, struct resume_place *p, bool *there,
                      struct fed_error *err)
{
	struct fed_text path = {0}, text = {0};

	put_path(r, ".resume", &path);
	*there = access(fed_text_str(&path), F_OK) == 0;
	int rc = *there ? fed_file_read(fed_text_str(&path), PLACE_MOST, &text, err) : FED_OK;
	if (*there && rc == FED_OK &&
	    sscanf(fed_text_str(&text), place_format, &p->crc, &p->line, &p->file, &p->version) != 4)
		rc = fed_fail(err, "%s is damaged; without it the script begins anew", fed_text_str(&path));
	else if (*there && rc == FED_OK && p->crc != r->crc)
		rc = fed_fail(err,
		              "%s has changed since %s was written; without that the script begins anew",
		              r->script, fed_text_str(&path));
	fed_text_release(&path);
	fed_text_release(&text);
	return rc;
}

/* Restore the session, and make the rest of the run that the script was in. */
static int go_on(struct fed_shell *shell, const struct resume_place *p, struct fed_error *err)
{
	struct fed_resume *r = &shell->resume;
	struct fed_text path = {0};

	put_saved(r, p->file & 1, &path);
	r->file = p->file & 1;
	r->skip = r->line = p->line;
	int rc = fed_travel_restore(shell->travel, fed_text_str(&path), err);
	fed_text_release(&path);
	if (rc)
		return FED_FAIL;
	fed__journal_restart(shell);
	fed__print(shell, "%s: goes on at line %u, version %llu\n", r->script, p->line, p->version);
	if (!fed_session_left(shell->session))
		return FED_OK;
	return fed__shell_execute(shell, "continue", strlen("continue"), NULL)
	           ? fed_fail(err, "the run that was saved has failed")
	           : FED_OK;
}

int fed__resume_begin(struct fed_shell *shell, const char *script, uint64_t every, bool resume,
                      struct fed_error *err)
{
	struct fed_resume *r = &shell->resume;
	struct resume_place place;
	struct fed_text text = {0};
	bool there;

	*r = (struct fed_resume){.every = every, .script = script, .made = save_version};
	if (fed_file_read(script, SCRIPT_MOST, &text, err))
		return FED_FAIL;
	r->crc = fed_crc32(0, text.s, text.len);
	fed_text_release(&text);
	if (!resume)
		return FED_OK;
	if (read_place(r, &place, &there, err))
		return FED_FAIL;
	return there ? go_on(shell, &place, err) : FED_OK;
}

void fed__resume_end(struct fed_shell *shell, bool clean)
{
	struct fed_resume *r = &shell->resume;
	struct fed_text path = {0};

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
