/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/report.c - the page of a run, or of a study.
 */
#include "shell/commands/study/report.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "experiments/study_page.h"
#include "report/composition_text.h"
#include "report/page/page.h"
#include "shell/commands/study/study.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "shell/script/share.h"

#define PROGRAM "fedsh " FED_VERSION

const struct fed_field fed__report_rows[] = {
	FED_ARG_TEXT(struct fed_report_args, file, FED_ARG_NEEDED, "path", "a file, FILE.html"),
	FED_ARG_TEXT(struct fed_report_args, title, 0, "", "the page's title"),
	FED_ARG_TEXT(struct fed_report_args, study, 0, "study", "a study, whose page it is then"),
	FED_ARG_TEXT(struct fed_report_args, metrics, 0, "metrics",
                 "of a study, joined by commas; without it accuracy and loss"),
	FED_ARG_TEXT(struct fed_report_args, by, 0, "",
                 "factors of a study, joined by commas; without it all but the seed"),
	FED_END,
};

static int check_name(const char *path, struct fed_error *err)
{
	const char *dot = strrchr(path, '.');

	if (dot && (strcasecmp(dot, ".html") == 0 || strcasecmp(dot, ".htm") == 0))
		return FED_OK;
	return fed_fail(err, "%s: a report is an HTML page; say `report FILE.html`", fed_show(path).s);
}

static int write_file(const char *path, const struct fed_text *bytes, struct fed_error *err)
{
	struct fed_file_writer file;
	struct fed_text expanded = {0};

	fed_path_expand(path, &expanded);
	int rc = expanded.failed ? fed_fail(err, "out of memory (a path)")
	                         : fed_file_open(&file, fed_text_str(&expanded), err);
	if (rc == FED_OK) {
		fed_file_write(&file, fed_text_str(bytes), bytes->len);
		rc = fed_file_commit(&file, err);
	}
	fed_text_release(&expanded);
	return rc;
}

static int write_run(const struct fed_shell *shell, const struct fed_report_args *a,
                     struct fed_text *html, struct fed_error *err)
{
	struct fed_text commands = {0}, composition = {0};

	fed__share_commands(shell, "\n", &commands);
	fed_composition_put(shell->session, NULL, &composition);
	const struct fed_page page = {.title = a->title,
	                              .program = PROGRAM,
	                              .commands = fed_text_str(&commands),
	                              .composition = fed_text_str(&composition)};
	const int rc = commands.failed || composition.failed
	                   ? fed_fail(err, "out of memory (the commands)")
	                   : fed_page_write(&page, shell->session, html, err);
	fed_text_release(&commands);
	fed_text_release(&composition);
	return rc;
}

static int write_study(const struct fed_report_args *a, struct fed_text *html,
                       struct fed_error *err)
{
	const struct fed_study_page page = {
		.title = a->title, .program = PROGRAM, .metrics = a->metrics, .by = a->by};
	struct fed_stored_study study;
	struct fed_store *store;

	if (fed__open_study(&store, FED_STORE_LOOK, a->study, &study, err))
		return FED_FAIL;
	const int rc = fed_study_page_write(&page, store, &study, html, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

int fed__run_report(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_report_args *a = call->args;
	struct fed_text html = {0};

	if (check_name(a->file, err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	if (!*a->study && (*a->metrics || *a->by))
		return fed_fail(err, "metrics= and by= are for the page of a study; say study=NAME, too");
	int rc = *a->study ? write_study(a, &html, err) : write_run(shell, a, &html, err);
	if (rc == FED_OK && (rc = write_file(a->file, &html, err)) != FED_OK)
		shell->fault = FED_EXIT_IO;
	if (rc == FED_OK) {
		fed__wrote(shell, a->file);
		fed__print(shell, "wrote %s\n", a->file);
	}
	fed_text_release(&html);
	return rc ? FED_FAIL : FED_OK;
}
