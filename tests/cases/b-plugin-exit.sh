#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# exit(0) in a plugin's call must cost the call; it ends the session silently and the script looks successful (rc 0).
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
"$FEDSH" -c 'new-plugin aggregator mine' >/dev/null 2>&1 </dev/null
printf '#include <stdlib.h>\n__attribute__((constructor)) static void c(void) { exit(0); }\n' >>mine/mine.c
"$FEDSH" -c 'build mine' >o 2>&1 </dev/null || { echo "build failed: $(tail -n1 o)"; exit 1; }
timeout 20 "$FEDSH" -c 'load mine/mine.so; dataset blobs; add-client 3 samples=10; round 1; save s.fed' >o 2>&1 </dev/null; rc=$?
[ "$rc" != 0 ] || [ -e s.fed ] || { echo "exit(0) in a plugin: nothing after load was run, no message, rc=0"; exit 1; }
[ "$rc" = 7 ] || [ "$rc" = 0 ] || { echo "rc=$rc, expected 7"; exit 1; }
