#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What pandas writes for a table without names: ",0,1,2,3,4". The first cell is empty, the others are
# numbers; the error speaks of an empty feature, not of a header.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 - <<'P'
import random
r = random.Random(3)
R = [[round(r.gauss(2 * (i % 3), 1), 3) for _ in range(4)] + [i % 3] for i in range(60)]
J = lambda row, s=',': s.join(map(str, row))
open('p.csv', 'w').write('\n'.join([',0,1,2,3,4'] + [J([i] + x) for i, x in enumerate(R)]) + '\n')
P

out=$(run 'dataset p.csv')
echo "$out" | grep -q '48 training and 12' && ok 'read'
echo "$out" | grep -qi 'header' && ok 'header= is named'
bad "$out"
