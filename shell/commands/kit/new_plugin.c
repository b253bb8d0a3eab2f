/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/new_plugin.c - the command `new-plugin`: the folder of a new plugin.
 */
#include "shell/commands/kit/new_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/commands/kit/templates.h"
#include "shell/output/print.h"
#include "shell/output/written.h"

const char *const fed__kind_names[] = {"aggregator", "transport", "model", "attack",
                                       "selection",  "codec",     NULL};
/* Holds NAME/NAME.c and the like. */
enum { PATH_BYTES = 2 * sizeof((struct fed_new_args *)0)->name + 16 };

static const char *const layers[] = {"none", "own", NULL};

const struct fed_field fed__new_rows[] = {
	FED_ARG_CHOICE(struct fed_new_args, kind, FED_ARG_NEEDED, 0, fed__kind_names,
                   "the kind of plugin"),
	FED_ARG_TEXT(struct fed_new_args, name, FED_ARG_NEEDED, NULL,
                 "its name; the folder of that name is written"),
	FED_ARG_CHOICE(struct fed_new_args, layer, 0, 0, layers,
                   "own: a model with a layer of its own, forward and backward"),
	FED_FLAG(struct fed_new_args, replace, "overwrite what an earlier one wrote"),
	FED_END,
};

static const char makefile[] =
	"CFLAGS += -std=gnu17 -O3 -g -Wall -Wextra -fPIC $(shell pkg-config --cflags fedsh)\n"
	"NAME.so: NAME.c\n"
	"\t$(CC) $(CFLAGS) -shared -o $@ $< -lm\n";

/* What a session does with a plugin of each kind, to try it. */
static const char *const tries[] = {[FED_KIND_AGGREGATOR] = "aggregator NAME",
                                    [FED_KIND_TRANSPORT] = "transport NAME",
                                    [FED_KIND_MODEL] = "model NAME",
                                    [FED_KIND_ATTACK] = "inject byzantine 20% attack=NAME",
                                    [FED_KIND_SELECTION] = "select NAME",
                                    [FED_KIND_CODEC] = "set codec NAME"};

static const char readme[] =
	"# NAME: KIND plugin of fedsh\n"
	"\n"
	"    fedsh> build NAME\n"
	"    fedsh> load NAME\n"
	"    fedsh> check-plugin NAME\n"
	"    fedsh> TRY\n"
	"    fedsh> round\n"
	"\n"
	"in the folder above this one. `edit NAME` opens the source, `reload NAME` takes a new build "
	"into\n"
	"the session as it is, `watch-plugin NAME` does both whenever the file is saved. "
	"`debug-plugin\n"
	"NAME` starts gdb. `make` does what `build` does; where pkg-config does not find fedsh:\n"
	"\n"
	"    PKG_CONFIG_PATH=PKGCONFIG make\n"
	"\n"
	"`man fedsh-plugin` says when each function is called, and on which thread.\n";

static int check_name(const char *name, struct fed_error *err)
{
	const size_t n = strlen(name);

	if (n == 0 || n > 31 || name[0] < 'a' || name[0] > 'z' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
		return fed_reject(err,
		                  "%s cannot be a plugin's name: it begins with a letter a to z and has "
		                  "such letters, digits and -, at most 31",
		                  fed_show(name).s);
	return FED_OK;
}

/* A word of a template and what stands for it. */
struct blank {
	const char *word, *text;
};

/* Write a template with its blanks filled; a text may have blanks of the rows behind its own. */
static void fill(struct fed_file_writer *file, const char *template, const struct blank *blank)
{
	const char *at = NULL;
	const struct blank *first = NULL;

	for (const struct blank *b = blank; b->word; b++) {
		const char *found = strstr(template, b->word);

		if (found && (!at || found < at)) {
			at = found;
			first = b;
		}
	}
	if (!at) {
		fed_file_write(file, template, strlen(template));
		return;
	}
	fed_file_write(file, template, (size_t)(at - template));
	fill(file, first->text, first + 1);
	fill(file, at + strlen(first->word), blank);
}

static int write_file(const char *name, const char *file_name, const char *template,
                      const struct blank *blank, struct fed_error *err)
{
	struct fed_file_writer file;
	char path[PATH_BYTES];

	snprintf(path, sizeof path, "%s/%s", name, file_name);
	if (fed_file_open(&file, path, err))
		return FED_FAIL;
	fill(&file, template, blank);
	return fed_file_commit(&file, err);
}

/* Where pkg-config finds this fedsh: beside its plugins, in a build tree and installed. */
static void put_pkgconfig(const struct fed_shell *shell, struct fed_text *out)
{
	static const char *const from_plugins[] = {"/../fedsh.pc", "/../../pkgconfig/fedsh.pc"};
	const struct fed_entry *e =
		fed_registry_at(fed_session_plugins(shell->session), FED_KIND_AGGREGATOR, 0);
	const char *slash = e && e->builtin ? strrchr(e->path, '/') : NULL;
	char path[4096], *folder = NULL;

	for (size_t i = 0; slash && !folder && i < 2; i++) {
		snprintf(path, sizeof path, "%.*s%s", (int)(slash - e->path), e->path, from_plugins[i]);
		folder = realpath(path, NULL); /* by malloc, not base/mem.h */
	}
	if (folder && strrchr(folder, '/'))
		*strrchr(folder, '/') = 0;
	fed_text_add(out, "%s", folder ? folder : "FOLDER-OF-fedsh.pc");
	free(folder);
}

static int write_files(const struct fed_shell *shell, enum fed_kind kind,
                       const struct fed_new_args *a, struct fed_error *err)
{
	struct fed_text pkgconfig = {0};
	char source[PATH_BYTES / 2];

	put_pkgconfig(shell, &pkgconfig);
	const struct blank name[] = {{"NAME", a->name}, {NULL, NULL}};
	const struct blank all[] = {{"KIND", fed_kind_name(kind)},
	                            {"TRY", tries[kind]},
	                            {"NAME", a->name},
	                            {"PKGCONFIG", fed_text_str(&pkgconfig)},
	                            {NULL, NULL}};
	snprintf(source, sizeof source, "%s.c", a->name);
	int rc = write_file(a->name, source, fed__template(kind, a->layer == 1), name, err);
	if (rc == FED_OK)
		rc = write_file(a->name, "Makefile", makefile, name, err);
	if (rc == FED_OK)
		rc = write_file(a->name, "README.md", readme, all, err);
	fed_text_release(&pkgconfig);
	return rc;
}

/* After a failure: what was written into a folder that was made for it. */
static void remove_files(const char *name)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof path, "%s/%s.c", name, name);
	unlink(path);
	snprintf(path, sizeof path, "%s/Makefile", name);
	unlink(path);
	rmdir(name);
}

int fed__run_new(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_new_args *a = call->args;
	const enum fed_kind kind = (enum fed_kind)(a->kind + 1);
	char path[PATH_BYTES];

	const struct fed_entry *same;
	struct fed_error unused;

	if (check_name(a->name, err))
		return FED_REJECT;
	if (fed_registry_find(fed_session_plugins(shell->session), kind, a->name, &same, &unused) ==
	        FED_OK &&
	    same->builtin)
		return fed_reject(err, "%s is the name of %s %s of fedsh; choose another, as in my-%s",
		                  a->name, strchr("aeiou", *fed_kind_name(kind)) ? "an" : "a",
		                  fed_kind_name(kind), a->name);
	if (a->layer == 1 && kind != FED_KIND_MODEL)
		return fed_reject(err, "layer=own is for models; a %s has no layers", fed_kind_name(kind));
	snprintf(path, sizeof path, "%s.c", a->name);
	if (access(path, F_OK) == 0)
		return fed_fail(err, "%s exists already; choose another name", path);
	snprintf(path, sizeof path, "%s/%s.c", a->name, a->name);
	if (!a->replace && access(path, F_OK) == 0)
		return fed_fail(
			err, "%s exists already; choose another name, or say replace to write it anew", path);
	const bool made = mkdir(a->name, 0777) == 0;
	if (!made && errno != EEXIST)
		return fed_fail(err, "%s: %s", a->name, strerror(errno));
	if (write_files(shell, kind, a, err)) {
		if (made)
			remove_files(a->name);
		return FED_FAIL;
	}
	fed__wrote(shell, path);
	fed__print(shell, "wrote %s; `edit %s`, then `build %s`\n", path, a->name, a->name);
	return FED_OK;
}
