#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A segfault, abort or stack overflow in a loaded aggregator must cost the call, not the session (faults.md, design 3: guard).
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d; bad=
for what in 'raise(SIGSEGV)' 'abort()' '_exit(3)' 'return deep(0)'; do
	cat >mine.c <<C
#include <fedsh/aggregator.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
struct state { double eta; };
static const struct fed_field fields[] = { FED_REAL(struct state, eta, 1, 0, 10, "eta"), FED_END };
int deep(int n);
int deep(int n) { volatile char b[4096]; b[0] = (char)n; return deep(n + 1) + b[0]; }
static int columns(const void *s, const struct fed_round *r, const struct fed_update *const u[], size_t n, size_t j0, size_t j1, float *out, struct fed_error *err)
{ (void)s, (void)r, (void)u, (void)n, (void)j0, (void)j1, (void)out, (void)err; $what; return FED_OK; }
FED_PLUGIN struct fed_aggregator fed_plugin = { .head = FED_AGGREGATOR(struct state, "mine", "h", "h", fields), .columns = columns };
C
	CC="cc -w" "$FEDSH" -c 'build mine' >o 2>&1 </dev/null || cc -w -O1 -shared -fPIC $(pkg-config --cflags fedsh 2>/dev/null) -o mine.so mine.c 2>>o || { echo "build failed: $(tail -n1 o)"; exit 1; }
	(ulimit -c 0; exec timeout -k 1 20 "$FEDSH" -c 'load ./mine.so; dataset blobs; add-client 3 samples=10; aggregator mine; round 1') >o 2>&1 </dev/null; rc=$?
	[ "$rc" = 4 ] || [ "$rc" = 7 ] || bad="$bad $what:rc=$rc"
done
[ -z "$bad" ] || { echo "a plugin's fault ends the session:$bad"; exit 1; }
