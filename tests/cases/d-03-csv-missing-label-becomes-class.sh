#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 60 rows with labels 0, 1, 2 and one row whose label is a usual mark for "missing".
# An empty cell and nan are refused; NA, ?, null, None, - and N/A silently make a class.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
for mark in NA '?' null None - N/A; do
	python3 - "$mark" <<'P'
import random, sys
r = random.Random(3)
rows = ['%.3f,%.3f,%d' % (r.gauss(i % 3, 1), r.gauss(0, 1), i % 3) for i in range(60)]
rows.insert(7, '0.5,0.5,' + sys.argv[1])
open('t.csv', 'w').write('a,b,kind\n' + '\n'.join(rows) + '\n')
P
	out=$(run 'dataset t.csv')
	echo "$out" | grep -Eqi 'error|warning|note' || bad "label $mark among numbers, nothing said: $out"
done
ok 'a missing label is told'
