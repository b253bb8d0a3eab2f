/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/verify.c - verification of a recording.
 */
#include "shell/script/verify.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "history/metrics.h"
#include "shell/output/print.h"
#include "shell/language/origins.h"

static const char mark[] = "#= ";

struct fed_expected_version {
	uint64_t version, digest;
	double loss; /* of test, or of training where it was not evaluated; NaN: unknown */
};

static double loss_of(const struct fed_record *r)
{
	return isnan(r->test_loss) ? r->train_loss : r->test_loss;
}

/* Compare a version with the next one of the recording. */
static void compare(struct fed_shell *shell, uint64_t version, const struct fed_record *r)
{
	struct fed_verification *v = &shell->verifying;
	const struct fed_expected_version *e = &v->expected[v->checked];

	if (*v->differs || v->n == 0)
		return;
	if (v->checked == v->n) {
		snprintf(v->differs, sizeof v->differs,
		         "version %" PRIu64 " was made, of which the recording has no digest: a line was "
		         "changed or added",
		         version);
		fed_session_interrupt(shell->session);
		return;
	}
	if (e->version == version && e->digest == fed_record_digest(r)) {
		v->checked++;
		return;
	}
	if (e->version != version)
		snprintf(v->differs, sizeof v->differs,
		         "version %" PRIu64 " was made where the recording made version %" PRIu64, version,
		         e->version);
	else
		snprintf(v->differs, sizeof v->differs,
		         "version %" PRIu64 " differs from the recording's: loss %.6g, recorded %.6g",
		         version, loss_of(r), e->loss);
	fed_session_interrupt(shell->session);
}

static void add_origins(struct fed_shell *shell, uint64_t version)
{
	struct fed_text lines = {0};

	fed__origins_note(shell, version, &lines);
	for (const char *at = fed_text_str(&lines); *at; at += strcspn(at, "\n") + 1)
		fed__journal_add(shell, at, strcspn(at, "\n"));
	fed_text_release(&lines);
}

void fed__verify_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;
	char line[96];

	if (event->kind != FED_EVENT_ROUND)
		return;
	add_origins(shell, event->version);
	const int n =
		snprintf(line, sizeof line, "%s%" PRIu64 " %016" PRIx64 " %.6g", mark, event->version,
	             fed_record_digest(event->record), loss_of(event->record));
	fed__journal_add(shell, line, (size_t)n);
	if (shell->verifying.on)
		compare(shell, event->version, event->record);
}

bool fed__verify_take(struct fed_shell *shell, const char *line)
{
	struct fed_verification *v = &shell->verifying;
	struct fed_expected_version e;

	if (fed__origins_take(shell, line))
		return true;
	if (strncmp(line, mark, strlen(mark)) != 0)
		return false;
	if (!v->on || sscanf(line + strlen(mark), "%" SCNu64 " %" SCNx64 " %lf", &e.version, &e.digest,
	                     &e.loss) != 3)
		return true; /* a comment of no other use */
	if (v->n == v->capacity) {
		const size_t more = v->capacity ? 2 * v->capacity : 64;
		struct fed_expected_version *grown =
			fed_resize(v->expected, v->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown) {
			snprintf(v->differs, sizeof v->differs, "out of memory for its versions");
			return true;
		}
		v->expected = grown;
		v->capacity = more;
	}
	v->expected[v->n++] = e;
	return true;
}

void fed__verify_begin(struct fed_shell *shell)
{
	struct fed_verification *v = &shell->verifying;

	v->on = true;
	v->n = v->checked = 0;
	v->differs[0] = '\0';
	fed_text_clear(&shell->origins.recorded);
}

static void print_result(struct fed_shell *shell, size_t versions)
{
	const struct fed_history *h = fed_session_history(shell->session);
	struct fed_text text = {0};

	fed_text_add(&text, "%s all %zu version%s: the same bits as recorded",
	             shell->screen.utf8 ? "\u2713" : "[ok]", versions, versions == 1 ? "" : "s");
	if (h->n && !isnan(h->record[h->n - 1].test_accuracy))
		fed_text_add(&text, "; accuracy %.2f %%", 100 * h->record[h->n - 1].test_accuracy);
	if (h->n)
		fed_text_add(&text, ", loss %.4g", loss_of(&h->record[h->n - 1]));
	fed__print_styled(shell, FED_EMPHASIS_GOOD, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

/* The difference, and what the run was recorded with that it is not made with now. */
static int fail_different(const struct fed_shell *shell, struct fed_error *err)
{
	const struct fed_verification *v = &shell->verifying;
	struct fed_text origins = {0};

	if (v->checked == v->n)
		return fed_fail(err, "%s; the %zu before are the same bits", v->differs, v->checked);
	fed__origins_put_differences(shell, &origins);
	fed_fail(err, "%s%s%.0zu%s%s%s", v->differs, v->checked ? "; the " : "", v->checked,
	         v->checked ? " before are the same bits" : "", fed_text_str(&origins),
	         origins.len ? ""
	                     : " (processors with other vectors round otherwise: a small difference "
	                       "may be that alone)");
	fed_text_release(&origins);
	return FED_FAIL;
}

int fed__verify_end(struct fed_shell *shell, struct fed_error *err)
{
	struct fed_verification *v = &shell->verifying;

	v->on = false;
	if (*v->differs)
		return fail_different(shell, err);
	if (v->n == 0)
		return fed_fail(err, "the file has no versions to compare with; `record` writes them");
	if (v->checked < v->n)
		return fed_fail(err, "%zu of %zu versions were made, all of them the same bits", v->checked,
		                v->n);
	print_result(shell, v->n);
	return FED_OK;
}
