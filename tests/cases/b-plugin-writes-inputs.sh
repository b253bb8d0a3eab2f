#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An aggregator that writes into its inputs must be named (faults.md); it passes unseen.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
cat >mine.c <<'C'
#include <fedsh/aggregator.h>
struct state { double eta; };
static const struct fed_field fields[] = { FED_REAL(struct state, eta, 1, 0, 10, "eta"), FED_END };
static int columns(const void *s, const struct fed_round *r, const struct fed_update *const u[], size_t n, size_t j0, size_t j1, float *out, struct fed_error *err)
{ (void)s, (void)r, (void)n, (void)err; for (size_t j = j0; j < j1; j++) { out[j] = u[0]->delta[j]; ((float *)u[0]->delta)[j] = 1e9f; } return FED_OK; }
FED_PLUGIN struct fed_aggregator fed_plugin = { .head = FED_AGGREGATOR(struct state, "mine", "h", "h", fields), .columns = columns };
C
CC="cc -w" "$FEDSH" -c 'build mine' >o 2>&1 </dev/null || { echo "build failed: $(tail -n1 o)"; exit 1; }
(ulimit -c 0; exec timeout 20 "$FEDSH" -c 'load ./mine.so; dataset blobs; add-client 3 samples=10; aggregator mine; round 1') >o 2>&1 </dev/null; rc=$?
[ "$rc" = 4 ] || [ "$rc" = 7 ] || { echo "an aggregator overwrote a client's update: rc=$rc, no message"; exit 1; }
