/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/plug/plugins.h - fixtures, loaded; for suites that need plugins.
 */
#ifndef TESTS_PLUG_PLUGINS_H
#define TESTS_PLUG_PLUGINS_H

#include <check.h>
#include <string.h>

#include "base/mem.h"
#include "plug/registry.h"
#include "support/suite.h"

#define FIXTURE(name) FED_BUILD_DIR "/fixtures/" name ".so"
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Fails the test with the error's words unless rc is FED_OK. */
#define ck_ok(rc) ck_assert_msg((rc) == FED_OK, "%s", err.text)
#define ck_says(text_, part) \
	ck_assert_msg(strstr((text_), (part)), "\"%s\" does not say \"%s\"", (text_), (part))

/* Load a fixture and make an instance with at most two settings. */
static inline void make_instance(struct fed_registry *registry, const char *path,
                                 struct fed_instance *instance, const char *key1,
                                 const char *value1, const char *key2, const char *value2)
{
	const struct fed_assign assign[] = {{key1, value1}, {key2, value2}};
	const struct fed_entry *entry;
	struct fed_error err;

	ck_ok(fed_registry_load(registry, path, &entry, &err));
	ck_ok(fed_instance_init(instance, entry, assign, key2 ? 2 : key1 ? 1 : 0, &err));
}

static inline struct fed_registry *make_registry(void)
{
	struct fed_registry *registry;
	struct fed_error err;

	ck_ok(fed_registry_init(&registry, &err));
	return registry;
}

#endif
