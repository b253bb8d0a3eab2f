/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/saved_by.c - saver and loader of the program and the builds of plugins that a file was
 * saved by, and what is told of those that differ here.
 *
 * In files alone: a snapshot in memory is restored by the program that took it.
 */
#include <string.h>

#include "checkpoint/parts.h"
#include "session/plugin_digests.h"

#define PROGRAM "fedsh " FED_VERSION

void fed__save_saved_by(struct fed_saver *f, const struct fed_session *s)
{
	struct fed_text plugins = {0};

	fed_plugin_digests_put(s, &plugins);
	fed_saver_begin(f, "saved by");
	fed__put_string(f, PROGRAM);
	fed__put_string(f, fed_text_str(&plugins));
	fed_saver_end(f);
	f->failed = f->failed || plugins.failed;
	fed_text_release(&plugins);
}

void fed__load_saved_by(struct fed_loader *f, struct fed_saved_by *by)
{
	if (!fed_loader_begin_optional(f, "saved by"))
		return;
	fed__get_string(f, &by->program);
	fed__get_string(f, &by->plugins);
	fed_loader_end(f);
}

/* Bytes of "aggregator vote" in "aggregator vote 20480 1a2b3c4d". */
static size_t plugin_bytes(const char *line)
{
	const size_t kind = strcspn(line, " \n");

	return line[kind] == ' ' ? kind + 1 + strcspn(line + kind + 1, " \n") : kind;
}

static bool is_unknown(const char *line, size_t n)
{
	static const char unknown[] = " unknown";
	const size_t end = sizeof unknown - 1;

	return n >= end && memcmp(line + n - end, unknown, end) == 0;
}

/* Append what differs of a plugin that was saved, if it is in use here in another build. */
static void put_difference(const char *line, size_t n, const char *here, struct fed_text *out)
{
	const size_t about = plugin_bytes(line);

	for (size_t k; *here; here += k + (here[k] == '\n')) {
		k = strcspn(here, "\n");
		if (plugin_bytes(here) != about || strncmp(here, line, about) != 0)
			continue;
		if ((k != n || memcmp(here, line, n) != 0) && !is_unknown(line, n) && !is_unknown(here, k))
			fed_text_add(out, "%s%.*s (saved:%.*s, here:%.*s)", out->len ? ", " : "", (int)about,
			             line, (int)(n - about), line + about, (int)(k - about), here + about);
		return;
	}
}

void fed__tell_saved_by(struct fed_session *s, const struct fed_saved_by *by)
{
	struct fed_text here = {0}, differ = {0}, clean = {0};
	const char *program = fed_text_str(&by->program), *at = fed_text_str(&by->plugins);

	fed_plugin_digests_put(s, &here);
	for (size_t n; *at; at += n + (at[n] == '\n')) {
		n = strcspn(at, "\n");
		put_difference(at, n, fed_text_str(&here), &differ);
	}
	if (differ.len) {
		fed_text_put_clean(&clean, differ.s, differ.len, true);
		fed_session_tell(s, FED_EVENT_WARNING,
		                 "the session goes on with other builds of its plugins than it was saved "
		                 "with, by bytes and CRC-32: %s",
		                 fed_text_str(&clean));
	}
	if (*program && strcmp(program, PROGRAM) != 0)
		fed_session_tell(s, FED_EVENT_NOTICE, "the file was saved by %s; this is %s",
		                 fed_show(program).s, PROGRAM);
	fed_text_release(&here);
	fed_text_release(&differ);
	fed_text_release(&clean);
}

void fed__saved_by_release(struct fed_saved_by *by)
{
	fed_text_release(&by->program);
	fed_text_release(&by->plugins);
}
