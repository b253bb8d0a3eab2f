#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A shared object whose program headers are zeroed must be refused before dlopen; the session dies of SIGSEGV in the loader.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
"$FEDSH" -c 'new-plugin aggregator mine; build mine' >o 2>&1 </dev/null || { echo "build failed: $(tail -n1 o)"; exit 1; }
head -c 168 /dev/zero | dd of=mine/mine.so bs=1 seek=64 conv=notrunc status=none
(ulimit -c 0; exec timeout 20 "$FEDSH" -c 'load mine') >o 2>&1 </dev/null; rc=$?
[ "$rc" = 7 ] || { echo "load of a file with zeroed program headers: rc=$rc, expected 7"; exit 1; }
