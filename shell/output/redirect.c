/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/redirect.c - output to the pager, to files and to other programs.
 */
#include "shell/output/redirect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/output/print.h"
#include "shell/output/written.h"

#define APPEND_MOST ((uint64_t)1 << 32) /* bytes of a file that is appended to */

/* Files --------------------------------------------------------------------- */

static ssize_t write_file(void *file, const char *bytes, size_t n)
{
	fed_file_write(file, bytes, n);
	return (ssize_t)n; /* the first failure is reported when it is closed */
}

/* The old content, behind which the new one goes. */
static int copy_old(struct fed_file_writer *w, const char *path, struct fed_error *err)
{
	struct fed_text old = {0};

	if (access(path, F_OK) != 0)
		return FED_OK;
	const int rc = fed_file_read(path, APPEND_MOST, &old, err);
	if (rc == FED_OK)
		fed_file_write(w, fed_text_str(&old), old.len);
	fed_text_release(&old);
	return rc;
}

static int open_file(struct fed_redirect *r, FILE **out, struct fed_error *err)
{
	const char *path = fed_text_str(&r->target);
	struct stat st;

	r->plain = stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
	if (r->plain)
		return fed_file_outlet(out, path, err);
	if (fed_file_open(&r->file, path, err))
		return FED_FAIL;
	int rc = r->outlet == FED_OUTLET_APPEND ? copy_old(&r->file, path, err) : FED_OK;
	*out = rc == FED_OK ? fopencookie(&r->file, "w", (cookie_io_functions_t){.write = write_file})
	                    : NULL;
	if (rc == FED_OK && !*out)
		rc = fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	if (rc)
		fed_file_abandon(&r->file);
	return rc;
}

static int close_file(struct fed_redirect *r, struct fed_shell *shell, FILE *out,
                      struct fed_error *err)
{
	const bool failed = fflush(out) || ferror(out);
	const int error = errno;

	if (fclose(out) || failed) {
		if (!r->plain)
			fed_file_abandon(&r->file);
		return fed_fail(err, "%s: %s", fed_show(fed_text_str(&r->target)).s, strerror(error));
	}
	if (r->plain)
		return FED_OK;
	if (fed_file_commit(&r->file, err))
		return FED_FAIL;
	fed__wrote(shell, fed_text_str(&r->target));
	return FED_OK;
}

/* Programs ------------------------------------------------------------------ */

static int open_program(struct fed_redirect *r, const struct fed_shell *shell, FILE **out,
                        struct fed_error *err)
{
	int screen = shell->watching.watch ? -1 : fileno(shell->out);

	if (screen < 0) {
		r->said = tmpfile();
		if (!r->said)
			return fed_fail(err, "no temporary file: %s", strerror(errno));
		screen = fileno(r->said);
	}
	fflush(shell->out);
	const int rc = fed__program_feed(&r->program, fed_text_str(&r->target), screen, err);
	if (rc && r->said)
		fclose(r->said);
	*out = rc ? NULL : r->program.input;
	return rc;
}

/* Print what is in a temporary file, and close it. */
static void print_said(struct fed_shell *shell, FILE *said)
{
	char line[4096];

	rewind(said);
	while (fgets(line, sizeof line, said))
		fed__print(shell, "%s", line);
	fclose(said);
}

/* The pager ----------------------------------------------------------------- */

static size_t count_lines(FILE *f)
{
	size_t n = 0;
	int c;

	rewind(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	rewind(f);
	return n;
}

static void copy(FILE *from, FILE *to)
{
	char bytes[8192];
	ssize_t n;

	lseek(fileno(from), 0, SEEK_SET);
	while ((n = read(fileno(from), bytes, sizeof bytes)) > 0)
		fwrite(bytes, 1, (size_t)n, to);
	fflush(to);
}

enum { NOT_FOUND = 126 }; /* and above: sh did not find it, or cannot run it */

/* $PAGER, where it is empty none. */
static const char *pager(void)
{
	const char *chosen = getenv("PAGER");

	return chosen ? chosen : "less -FRX";
}

/* Show what a command printed, by the pager if it is longer than the screen. */
static void page(struct fed_shell *shell, FILE *said)
{
	struct fed_error unused;
	int code = 0;

	fed__screen_measure(shell);
	bool shown = count_lines(said) >= (size_t)shell->screen.rows && *pager();
	if (shown) {
		fflush(shell->out);
		lseek(fileno(said), 0, SEEK_SET);
		shown = fed__program_show(shell, pager(), fileno(said), &code, &unused) == FED_OK ||
		        code < NOT_FOUND;
	}
	if (!shown)
		copy(said, shell->out);
	fclose(said);
}

/* Opening and closing ------------------------------------------------------- */

int fed__redirect_open(struct fed_redirect *r, struct fed_shell *shell, struct fed_error *err)
{
	FILE *out = shell->out;
	int rc = FED_OK;

	if (r->target.failed)
		return fed_fail(err, "out of memory (where the output goes)");
	fed__print_flush(shell);
	if (r->outlet == FED_OUTLET_FILE || r->outlet == FED_OUTLET_APPEND)
		rc = open_file(r, &out, err);
	else if (r->outlet == FED_OUTLET_COMMAND)
		rc = open_program(r, shell, &out, err);
	else if (r->outlet == FED_OUTLET_PAGER && (r->said = tmpfile()))
		out = r->said;
	if (rc)
		return FED_FAIL;
	r->out = shell->out;
	r->screen = shell->screen;
	r->form_before = shell->form;
	shell->out = out;
	shell->form = r->form;
	shell->tables = 0;
	if (r->outlet > FED_OUTLET_PAGER) {
		shell->screen.terminal = shell->screen.color = false;
		if (!shell->screen.fixed)
			shell->screen.width = 0;
	}
	if (r->wide) {
		shell->screen.fixed = true;
		shell->screen.width = 0;
	}
	return FED_OK;
}

int fed__redirect_close(struct fed_redirect *r, struct fed_shell *shell, struct fed_error *err)
{
	FILE *out = shell->out;
	int rc = FED_OK;

	fed__print_flush(shell);
	shell->out = r->out;
	shell->screen = r->screen;
	shell->form = r->form_before;
	if (r->outlet == FED_OUTLET_FILE || r->outlet == FED_OUTLET_APPEND)
		rc = close_file(r, shell, out, err);
	else if (r->outlet == FED_OUTLET_COMMAND)
		rc = fed__program_feed_end(shell, &r->program, fed_text_str(&r->target), err);
	if (r->outlet == FED_OUTLET_PAGER && r->said)
		page(shell, r->said);
	else if (r->said)
		print_said(shell, r->said);
	r->said = NULL;
	return rc;
}

void fed__redirect_release(struct fed_redirect *r)
{
	fed_text_release(&r->target);
	*r = (struct fed_redirect){0};
}
