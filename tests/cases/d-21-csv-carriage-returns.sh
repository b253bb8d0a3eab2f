#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Lines that end in a carriage return alone (Excel: "CSV (Macintosh)"). The whole file is one row; the error
# speaks of missing rows.
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
open('m.csv', 'w', newline='').write('\r'.join(['a,b,c,d,kind'] + [J(x) for x in R]) + '\r')
P

out=$(run 'dataset m.csv')
echo "$out" | grep -q '48 training and 12' && ok 'read'
echo "$out" | grep -Eqi 'carriage|line end|CR\b' && ok 'the line ends are named'
bad "$out"
