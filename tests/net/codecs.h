/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/codecs.h - codecs by their text, for the suites of messages.
 */
#ifndef TESTS_NET_CODECS_H
#define TESTS_NET_CODECS_H

#include "net/codec.h"
#include "support/suite.h"

/* All built-in codecs. */
static inline struct fed_registry *codec_registry(void)
{
	static const char *const names[] = {"fp16", "int8", "top-k", "sign", "qsgd", "powersgd"};
	struct fed_registry *plugins;
	struct fed_error err = {""};
	const struct fed_entry *entry;
	char path[512];

	fed_assert_ok(fed_registry_init(&plugins, &err), &err);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s.so", FED_PLUGIN_DIR, names[i]);
		fed_assert_ok(fed_registry_load(plugins, path, &entry, &err), &err);
	}
	return plugins;
}

static inline struct fed_shared_codec *codec_named(const struct fed_registry *plugins,
                                                   const char *text)
{
	struct fed_shared_codec *codec;
	struct fed_error err = {""};

	fed_assert_ok(fed_codec_make(plugins, text, &codec, &err), &err);
	return codec;
}

#endif
