/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_check.c - one check of the plugin's conformance run.
 */
#include "conformance/conformance.h"
#include "worker/serve.h"

enum { SETTINGS_MOST = 64 };

static void count(void *ctx, const char *name)
{
	(void)name;
	++*(uint64_t *)ctx;
}

static void put_name(void *ctx, const char *name)
{
	fed_put_text(ctx, name);
}

static void put_result(void *ctx, const struct fed_conformance_result *r)
{
	struct fed_packet *reply = ctx;

	fed_put_number(reply, r->outcome);
	fed_put_text(reply, r->given);
	fed_put_text(reply, r->got);
	fed_put_text(reply, r->expected);
}

int fed__serve_check(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_assign assign[SETTINGS_MOST];
	struct fed_conformance_options options = {.assign = assign};
	uint64_t n = 0;

	options.only = fed_get_number(r);
	options.seed = fed_get_number(r);
	options.large = fed_get_number(r);
	options.n_assign = fed_get_number(r);
	if (options.n_assign > SETTINGS_MOST)
		return fed_reject(err, "more than %d settings", SETTINGS_MOST);
	for (size_t i = 0; i < options.n_assign; i++) {
		assign[i].key = fed_get_text(r);
		assign[i].value = fed_get_text(r);
		if (!assign[i].key)
			return fed_fail(err, "a setting did not arrive");
	}
	if (options.only)
		return fed_conformance_run(s->entry[0], &options, put_result, &s->reply, err);
	fed_conformance_list(s->entry[0], count, &n);
	fed_put_number(&s->reply, n);
	fed_conformance_list(s->entry[0], put_name, &s->reply);
	return FED_OK;
}
