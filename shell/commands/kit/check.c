/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/check.c - output of the command `check-plugin`: a line for each check, and
 * three more for one that fails.
 */
#include "shell/commands/kit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "conformance/conformance.h"
#include "plug/guard/guard.h"
#include "shell/commands/kit/build.h"
#include "shell/language/plugin_files.h"
#include "shell/output/print.h"

#define SLOWER 6 /* times: a plugin under the sanitizers */

struct check_tally {
	struct fed_shell *shell;
	const struct fed_entry *entry;
	size_t n[FED_CONFORMANCE_SKIPPED + 1];
};

static void print_result(void *ctx, const struct fed_conformance_result *r)
{
	struct check_tally *tally = ctx;
	struct fed_shell *shell = tally->shell;

	if (tally->n[0] + tally->n[1] + tally->n[2] == 0) {
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s %s",
		                  fed_kind_name((enum fed_kind)tally->entry->head->kind),
		                  tally->entry->head->name);
		fed__print(shell, ": %s\n", tally->entry->head->help);
	}
	tally->n[r->outcome]++;
	switch (r->outcome) {
	case FED_CONFORMANCE_PASSED:
		fed__print_styled(shell, FED_EMPHASIS_GOOD, "  passed");
		fed__print(shell, "   %s%s%s\n", r->check, *r->got ? ": " : "", r->got);
		break;
	case FED_CONFORMANCE_FAILED:
		fed__print_styled(shell, FED_EMPHASIS_BAD, "  FAILED");
		fed__print(shell, "   %s\n", r->check);
		fed__print(shell, "           given     %s\n", r->given);
		fed__print(shell, "           got       %s\n", r->got);
		fed__print(shell, "           expected  %s\n", r->expected);
		break;
	case FED_CONFORMANCE_SKIPPED:
		fed__print_styled(shell, FED_EMPHASIS_DIM, "  skipped");
		fed__print(shell, "  %s: %s\n", r->check, r->got);
		break;
	}
}

/* Under the sanitizers --------------------------------------------------------- */

/* The plugin once more, from its source, in a registry of its own. */
struct checked {
	char folder[64]; /* of the object; "" : none */
	struct fed_registry *registry;
	const struct fed_entry *entry;
};

static void release_checked(struct checked *x, const char *object)
{
	fed_registry_free(x->registry);
	if (object)
		unlink(object);
	if (*x->folder)
		rmdir(x->folder);
}

/* Build the source and load it into a process with the sanitizers' runtimes. */
static int load_checked(struct checked *x, struct fed_shell *shell, const char *source,
                        const char *program, const char *object, struct fed_error *err)
{
	if (fed__build_checked(shell, source, object, err) || fed_registry_init(&x->registry, err) ||
	    fed_registry_guard(x->registry, program, err))
		return FED_FAIL;
	struct fed_guard *guard = fed_registry_guard_of(x->registry);
	guard->sanitized = true;
	guard->limits.memory = 0; /* the sanitizer maps far more than it uses */
	guard->limits.deadline *= SLOWER;
	return fed_registry_load(x->registry, object, &x->entry, err);
}

/* Why the plugin is checked as it was built, without sanitizers; "": it is not. */
static void find_source(struct fed_shell *shell, const struct fed_entry *entry,
                        struct fed_text *source, struct fed_text *program, struct fed_text *why)
{
	const struct fed_guard *guard = fed_registry_guard_of(fed_session_plugins(shell->session));

	fed_text_add(program, "%s-checked", guard->program ? guard->program : "fedsh-worker");
	if (!guard->program || access(fed_text_str(program), X_OK) != 0)
		fed_text_add(why, "%s is not there", fed_text_str(program));
	else if (!fed__plugin_source_beside(entry, source))
		fed_text_add(why, "its source does not lie beside it");
}

/* Try to get a checked form of a plugin that a user loaded; prints why it is checked without. */
static bool get_checked(struct checked *x, struct fed_shell *shell, const struct fed_entry *entry,
                        struct fed_text *object)
{
	struct fed_text source = {0}, program = {0}, why = {0};
	struct fed_error err = {{0}};
	const char *folder = getenv("TMPDIR");
	bool done = false;

	*x = (struct checked){{0}};
	find_source(shell, entry, &source, &program, &why);
	snprintf(x->folder, sizeof x->folder, "%.40s/fedsh-check-XXXXXX",
	         folder && *folder ? folder : "/tmp");
	if (why.len == 0 && !mkdtemp(x->folder))
		fed_text_add(&why, "%s: %s", x->folder, strerror(errno));
	if (why.len) {
		x->folder[0] = '\0';
	} else {
		fed_text_add(object, "%s/%s.so", x->folder, entry->head->name);
		done = !object->failed && load_checked(x, shell, fed_text_str(&source),
		                                       fed_text_str(&program), object->s, &err) == FED_OK;
		if (!done)
			fed_text_add(&why, "%s", err.text);
	}
	if (!done)
		fed__print(shell, "without sanitizers: %s\n", fed_text_str(&why));
	fed_text_release(&source);
	fed_text_release(&program);
	fed_text_release(&why);
	return done;
}

/* The run ---------------------------------------------------------------------- */

static int check(struct fed_shell *shell, const struct fed_entry *entry, bool checked,
                 const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	const struct fed_conformance_options options = {.seed = 1, .assign = assign, .n_assign = n};
	const char *kind = fed_kind_name((enum fed_kind)entry->head->kind), *name = entry->head->name;
	const double begun = fed_wall_seconds();
	struct check_tally tally = {.shell = shell, .entry = entry};
	const int rc = fed_conformance_run(entry, &options, print_result, &tally, err);

	if (rc)
		return rc;
	fed__print(shell, "%zu passed, %zu failed, %zu skipped in %.1f s%s\n",
	           tally.n[FED_CONFORMANCE_PASSED], tally.n[FED_CONFORMANCE_FAILED],
	           tally.n[FED_CONFORMANCE_SKIPPED], fed_wall_seconds() - begun,
	           checked ? ", under the address and undefined-behaviour sanitizers" : "");
	if (tally.n[FED_CONFORMANCE_FAILED] == 0)
		return FED_OK;
	return fed_fail(err, "%s %s fails %zu of %zu checks", kind, name,
	                tally.n[FED_CONFORMANCE_FAILED],
	                tally.n[FED_CONFORMANCE_FAILED] + tally.n[FED_CONFORMANCE_PASSED]);
}

int fed__check_plugin(struct fed_shell *shell, const struct fed_entry *entry,
                      const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	struct fed_text object = {0};
	struct checked x = {{0}};
	const bool checked = !entry->builtin && get_checked(&x, shell, entry, &object);
	const int rc = check(shell, checked ? x.entry : entry, checked, assign, n, err);

	release_checked(&x, object.s);
	fed_text_release(&object);
	return rc;
}
