/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/terms.c - the terms as text, and a session composed by them.
 */
#include "room/terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "report/composition_text.h"
#include "room/messages.h"
#include "session/composition.h"
#include "session/plugin_digests.h"

/* Writing -------------------------------------------------------------------------- */

void fed__terms_put(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *c = fed_session_parts(s);

	fed__terms_put_data(c->data, out);
	fed_composition_put_training(s, out);
	fed_text_add(out, "model.dim=%zu\naggregator-at-clients=%s\n", c->net.dim,
	             fed_acts_at_clients(&c->aggregator) ? "yes" : "no");
	fed_text_add(out, "plugins=");
	struct fed_text digests = {0};
	fed_plugin_digests_put(s, &digests);
	for (const char *at = fed_text_str(&digests); *at; at++)
		fed_text_put(out, *at == '\n' ? ";" : at, 1);
	fed_text_release(&digests);
	fed_text_add(out, "\n");
}

/* Composing ------------------------------------------------------------------------ */

/* The lines "PART.key=value", as assignments that point into a copy of the terms. */
struct part_lines {
	char *text;
	struct fed_assign *assign; /* [n] */
	size_t n;
};

static bool is_of_part(const char *line, const char *part)
{
	const size_t n = strlen(part);

	return *part ? strncmp(line, part, n) == 0 && line[n] == '.'
	             : strcspn(line, ".") > strcspn(line, "=");
}

/* part "": lines without a dot in their key. */
static int part_lines_init(struct part_lines *p, const char *terms, size_t n, const char *part,
                           struct fed_error *err)
{
	size_t lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += terms[i] == '\n';
	*p = (struct part_lines){.text = fed_alloc(n + 1),
	                         .assign = fed_alloc_array(lines, sizeof *p->assign)};
	if (!p->text || !p->assign)
		return fed_fail_memory(err, n, "the terms");
	memcpy(p->text, terms, n);
	char *rest = p->text, *line;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *value = strchr(line, '=');

		if (!value || !is_of_part(line, part))
			continue;
		*value = '\0';
		p->assign[p->n++] = (struct fed_assign){*part ? line + strlen(part) + 1 : line, value + 1};
	}
	return FED_OK;
}

static void part_lines_release(struct part_lines *p)
{
	fed_free(p->text);
	fed_free(p->assign);
}

/* Keys of the terms that are no settings of that part. */
static bool is_described(const char *key)
{
	static const char *const described[] = {"dim", "base"};

	for (size_t i = 0; i < sizeof described / sizeof *described; i++)
		if (strcmp(key, described[i]) == 0)
			return true;
	return false;
}

/* Whether the session has the part as the terms say: what a client keeps is of it. */
static bool has_part(const struct fed_session *s, const char *terms, size_t n, const char *part)
{
	const size_t length = strlen(part);
	struct fed_text mine = {0};
	const char *rest = terms;
	struct fed_composition_line line, own;
	bool same = true;

	fed_composition_put_training(s, &mine);
	while (same && rest < terms + n && fed_composition_next(&rest, &line)) {
		const bool of_part = line.key_bytes >= length && memcmp(line.key, part, length) == 0 &&
		                     (line.key[length] == '=' || line.key[length] == '.');

		if (!of_part || (line.key_bytes > length && line.key_bytes - length - 1 == 3 &&
		                 memcmp(line.key + length + 1, "dim", 3) == 0))
			continue;
		same = fed_composition_find(fed_text_str(&mine), &line, &own) &&
		       own.value_bytes == line.value_bytes &&
		       memcmp(own.value, line.value, line.value_bytes) == 0;
	}
	fed_text_release(&mine);
	return same;
}

typedef int choose(struct fed_session *, const char *name, const struct fed_assign *, size_t n,
                   struct fed_error *);

static int choose_part(const char *terms, size_t n, const char *part, choose *make,
                       struct fed_session *s, struct fed_error *err)
{
	struct part_lines lines;
	char name[64];
	size_t kept = 0;

	if (!fed__room_value(terms, n, part, name, sizeof name) || has_part(s, terms, n, part))
		return FED_OK;
	int rc = part_lines_init(&lines, terms, n, part, err);
	for (size_t i = 0; rc == FED_OK && i < lines.n; i++)
		if (!is_described(lines.assign[i].key))
			lines.assign[kept++] = lines.assign[i];
	if (rc == FED_OK)
		rc = make(s, name, lines.assign, kept, err);
	part_lines_release(&lines);
	return rc;
}

/* Whether a line without a dot is a setting of the session that is to be changed. */
static bool is_to_be_set(const struct fed_session *s, const struct fed_assign *line)
{
	const struct fed_field *row = fed_fields_find(fed_settings_fields, line->key);
	struct fed_text now = {0};

	if (!row)
		return false;
	fed_field_print(row, &fed_session_parts(s)->settings, &now);
	const bool differs = strcmp(fed_text_str(&now), line->value) != 0;
	fed_text_release(&now);
	return differs;
}

static int set_settings(const char *terms, size_t n, struct fed_session *s, struct fed_error *err)
{
	struct part_lines lines;
	size_t kept = 0;
	int rc = part_lines_init(&lines, terms, n, "", err);

	for (size_t i = 0; rc == FED_OK && i < lines.n; i++)
		if (is_to_be_set(s, &lines.assign[i]))
			lines.assign[kept++] = lines.assign[i];
	if (rc == FED_OK && kept)
		rc = fed_session_set_all(s, lines.assign, kept, err);
	part_lines_release(&lines);
	return rc;
}

int fed__terms_set_seed(const char *terms, size_t n, struct fed_session *s, struct fed_error *err)
{
	char seed[40];
	const struct fed_assign assign = {"seed", seed};

	return fed__room_value(terms, n, "seed", seed, sizeof seed)
	           ? fed_session_set_all(s, &assign, 1, err)
	           : FED_OK;
}

/* Whether the plugins that act at a client are those of the server. */
static int check_plugins(const char *terms, size_t n, const struct fed_session *s,
                         struct fed_error *err)
{
	char *wanted = fed_alloc(n + 1), *rest = wanted, *one;
	struct fed_text here = {0};
	int rc = FED_OK;

	if (!wanted)
		return fed_fail_memory(err, n, "the terms");
	fed__room_value(terms, n, "plugins", wanted, n + 1);
	fed_plugin_digests_put(s, &here);
	while (rc == FED_OK && (one = strsep(&rest, ";")) != NULL) {
		const bool acts = strncmp(one, "model ", 6) == 0 || strncmp(one, "aggregator ", 11) == 0 ||
		                  strncmp(one, "codec ", 6) == 0;

		if (acts && !strstr(fed_text_str(&here), one))
			rc =
				fed_reject(err,
			               "the server has %s (bytes, CRC-32), and here is another build of it; "
			               "have the same version of fedsh, and `--load` the same file of a plugin",
			               fed_show(one).s);
	}
	fed_text_release(&here);
	fed_free(wanted);
	return rc;
}

int fed__terms_apply(const char *terms, size_t n, struct fed_session *s, struct fed_error *err)
{
	const uint64_t dim = fed__room_number(terms, n, "model.dim", UINT32_MAX, 0);

	if (set_settings(terms, n, s, err) ||
	    choose_part(terms, n, "model", fed_session_model, s, err) ||
	    choose_part(terms, n, "scheme", fed_session_scheme, s, err) ||
	    choose_part(terms, n, "aggregator", fed_session_aggregator, s, err))
		return FED_REJECT;
	const struct fed_net *net = &fed_session_parts(s)->net;
	if (!fed_session_parts(s)->net_built || net->dim != dim)
		return fed_reject(err, "the model has %zu parameters here, and %llu at the server",
		                  net->dim, (unsigned long long)dim);
	return check_plugins(terms, n, s, err);
}
