#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fedsh -c A -c B: both must run, or the second must be refused.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
out=$(timeout 20 "$F" --no-color -c 'dataset blobs' -c status 2>&1); rc=$?
[ $rc = 2 ] && ok 'a second -c is refused'
echo "$out" | grep -q 'dataset *blobs' && ok 'both ran'
bad "exit $rc, and the first -c did not run: $(echo "$out" | head -1)"
