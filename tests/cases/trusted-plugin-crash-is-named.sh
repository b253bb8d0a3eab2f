#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A plugin that was loaded to run inside and crashes must be named, with its function, before the program dies by the same signal.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
ulimit -c 0
"$FEDSH" -c 'new-plugin aggregator bad' >/dev/null 2>&1 </dev/null; cp bad/bad.c whole.c
fail() { echo "$1"; exit 1; }
# crashes SIGNAL STATEMENT WORDS: the statement begins finish(); the words are said
crashes() {
	sed "/^static int finish(/,/^{/s/^{/{ $2/" whole.c >bad/bad.c
	"$FEDSH" -c 'build bad' >o 2>&1 </dev/null || fail "build failed: $(tail -n1 o)"
	timeout 60 "$FEDSH" -c 'load bad/bad.so trusted; dataset blobs; add-client 3 samples=10; aggregator bad; round 1' >o 2>&1 </dev/null
	rc=$?
	[ "$rc" = $((128 + $1)) ] || grep -q Sanitizer o || fail "rc=$rc, expected the signal $1: $(tail -n1 o)"
	grep -qF "$3" o || fail "not said: $3: $(tail -n1 o)"
	grep -qF 'without `trusted`' o || fail "no remedy: $(tail -n1 o)"
}
crashes 11 'int *volatile p = 0; *p = 1;' 'aggregator bad crashed in finish() (SIGSEGV'
crashes 11 'void (*volatile f)(void) = (void (*)(void))1; f(); f();' 'aggregator bad crashed (SIGSEGV'
crashes 8 'volatile int z = 0; z = 7 \/ z;' 'aggregator bad crashed in finish() (SIGFPE'
exit 0
