#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# max-staleness=0: the log says "its model is older than max-staleness allows", the screen "late, or twice".
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
out=$(run 'dataset blobs train=600 test=200; model softmax; add-client 6 iid samples=50 device=phone:1 link=4g:1; scheme async concurrency=3 max-staleness=0; aggregator fedasync; round 3')
echo "$out" | grep -q refused || ok 'nothing is called refused'
echo "$out" | grep refused | grep -Eqi 'stale|older|max-staleness' && ok 'the reason is told'
bad "$(echo "$out" | grep refused | head -1)"
