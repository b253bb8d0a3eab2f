/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/run.h - conformance runs of plugin files, with their results kept.
 */
#ifndef FED_TEST_CONFORMANCE_RUN_H
#define FED_TEST_CONFORMANCE_RUN_H

#include "conformance/conformance.h"
#include "support/suite.h"

struct kept_result {
	char check[40], given[400], got[600], expected[400];
	enum fed_conformance_outcome outcome;
};

struct run {
	struct kept_result result[40];
	size_t n, failed;
};

/* The entry of a file, in a registry that lives as long as the process: what plugins of the tests
 * lose on purpose stays reachable. */
const struct fed_entry *entry_of(const char *folder, const char *file);
/* settings: "how=sign units=3", or NULL.  only: the one check to make, or NULL for all. */
void run_plugin(struct run *, const char *folder, const char *file, const char *settings,
                const char *only);
const struct kept_result *result_of(const struct run *, const char *check);

#endif
