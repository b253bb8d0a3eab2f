#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A no-break space, as pasted from a web page or slides: "no command  add-client; did you mean add-client?"
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
out=$(printf 'dataset blobs;\302\240add-client 2 iid\n' | timeout 20 "$F" --no-color 2>&1)
echo "$out" | grep -q '2 clients' && ok 'taken as a blank'
echo "$out" | grep -Eqi 'no-break|nbsp|U\+00A0|invisible|blank' && ok 'the blank is named'
bad "$(echo "$out" | tail -1)"
