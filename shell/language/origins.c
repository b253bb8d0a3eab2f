/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/origins.c - program, seed, data and plugins of a recorded run.
 */
#include "shell/language/origins.h"

#include <inttypes.h>
#include <string.h>

#include "report/composition_text.h"
#include "session/composition.h"
#include "session/plugin_digests.h"

static const char mark[] = "#: ";

/* Whether the text has this line. */
static bool has_line(const struct fed_text *text, const char *line, size_t n)
{
	for (const char *at = fed_text_str(text); *at; at += strcspn(at, "\n") + 1)
		if (strcspn(at, "\n") == n && strncmp(at, line, n) == 0)
			return true;
	return false;
}

static void put_origins(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text name = {0};

	fed_text_add(out, "fedsh %s\nseed %lld\n", FED_VERSION, (long long)parts->settings.seed);
	if (parts->data) {
		fed_text_put_clean(&name, parts->data->name, strlen(parts->data->name), true);
		fed_text_add(out, "data %s %016" PRIx64 "\n", fed_text_str(&name),
		             parts->data->fingerprint);
	}
	fed_plugin_digests_put(s, out);
	fed_text_release(&name);
}

void fed__origins_put(const struct fed_shell *shell, struct fed_text *out)
{
	struct fed_text composition = {0}, plugins = {0};

	fed_composition_put(shell->session, NULL, &composition);
	fed_plugin_digests_put(shell->session, &plugins);
	fed_composition_join(FED_VERSION, fed_text_str(&composition), fed_text_str(&plugins), out);
	out->failed = out->failed || composition.failed || plugins.failed;
	fed_text_release(&composition);
	fed_text_release(&plugins);
}

static void note_composition(struct fed_shell *shell, uint64_t version)
{
	struct fed_text text = {0};
	struct fed_error unused;

	fed__origins_put(shell, &text);
	if (text.failed ||
	    fed_composition_log_note(&shell->compositions, version, fed_text_str(&text), &unused))
		fed_composition_log_release(&shell->compositions); /* rather none than a wrong one */
	fed_session_made_with(shell->session, text.failed ? NULL : fed_text_str(&text));
	fed_text_release(&text);
}

void fed__origins_compose(struct fed_shell *shell)
{
	const char *known = fed_session_composition(shell->session);
	struct fed_error unused;

	if (shell->compositions.n)
		return;
	if (known) /* restored with the run */
		fed_composition_log_note(&shell->compositions, fed_session_version(shell->session), known,
		                         &unused);
	else
		note_composition(shell, fed_session_version(shell->session));
}

void fed__origins_note(struct fed_shell *shell, uint64_t version, struct fed_text *lines)
{
	struct fed_origins *o = &shell->origins;
	struct fed_text now = {0};

	if (o->known)
		return;
	note_composition(shell, version);
	put_origins(shell->session, &now);
	for (const char *at = fed_text_str(&now); *at; at += strcspn(at, "\n") + 1) {
		const size_t n = strcspn(at, "\n");

		if (!has_line(&o->noted, at, n))
			fed_text_add(lines, "%s%.*s\n", mark, (int)n, at);
		if (!has_line(&o->used, at, n))
			fed_text_add(&o->used, "%.*s\n", (int)n, at);
	}
	fed_text_clear(&o->noted);
	fed_text_put(&o->noted, fed_text_str(&now), now.len);
	o->known = !now.failed && !o->noted.failed;
	fed_text_release(&now);
}

void fed__origins_command(struct fed_shell *shell, const char *text, size_t len)
{
	static const char *const same[] = {"#", "round", "run", "step", "continue", "keep"};

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (len >= strlen(same[i]) && strncmp(text, same[i], strlen(same[i])) == 0)
			return;
	shell->origins.known = false;
}

void fed__origins_forget(struct fed_shell *shell)
{
	fed_text_clear(&shell->origins.noted);
	fed_text_clear(&shell->origins.used);
	fed_composition_log_release(&shell->compositions);
	shell->origins.known = false;
}

/* Replays ------------------------------------------------------------------------------ */

/* Bytes of what a line is about: "seed", "data", "aggregator vote". */
static size_t subject(const char *line)
{
	const size_t kind = strcspn(line, " \n");
	const bool named =
		strncmp(line, "seed ", 5) && strncmp(line, "data ", 5) && strncmp(line, "fedsh ", 6);

	return named && line[kind] == ' ' ? kind + 1 + strcspn(line + kind + 1, " \n") : kind;
}

bool fed__origins_take(struct fed_shell *shell, const char *line)
{
	struct fed_text *recorded = &shell->origins.recorded;
	const size_t n = strcspn(line, "\r\n");

	if (n <= strlen(mark) || strncmp(line, mark, strlen(mark)) != 0)
		return false;
	if (shell->verifying.on && recorded->len < 1 << 16) {
		fed_text_put(recorded, line + strlen(mark), n - strlen(mark));
		fed_text_put(recorded, "\n", 1);
	}
	return true;
}

/* The last line about the same as this one. */
static bool is_last(const char *line, size_t about)
{
	for (const char *at = line + strcspn(line, "\n") + 1; *at; at += strcspn(at, "\n") + 1)
		if (subject(at) == about && strncmp(at, line, about) == 0)
			return false;
	return true;
}

void fed__origins_put_differences(const struct fed_shell *shell, struct fed_text *out)
{
	const struct fed_origins *o = &shell->origins;

	for (const char *at = fed_text_str(&o->recorded); *at; at += strcspn(at, "\n") + 1) {
		const size_t n = strcspn(at, "\n"), about = subject(at);
		const char *here = NULL;

		if (has_line(&o->used, at, n) || !is_last(at, about))
			continue;
		for (const char *is = fed_text_str(&o->used); *is; is += strcspn(is, "\n") + 1)
			if (subject(is) == about && strncmp(is, at, about) == 0)
				here = is + about + (is[about] == ' ');
		fed_text_add(out, "; recorded with %.*s", (int)n, at);
		if (here)
			fed_text_add(out, ", here %.*s", (int)strcspn(here, "\n"), here);
		else
			fed_text_add(out, ", which is not used here");
	}
}

void fed__origins_release(struct fed_origins *o)
{
	fed_text_release(&o->noted);
	fed_text_release(&o->used);
	fed_text_release(&o->recorded);
	*o = (struct fed_origins){.known = false};
}
