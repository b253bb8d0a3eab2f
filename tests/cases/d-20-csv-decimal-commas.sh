#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A table as Excel saves it in most of Europe: semicolons between cells, decimal commas. separator=semicolon
# exists, the comma inside cannot be read, and the error does not say why.
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
open('e.csv', 'w').write('\n'.join(['a;b;c;d;kind'] + [J(x, ';').replace('.', ',') for x in R]) + '\n')
P

for o in '' ' decimal=comma' ' decimal=,'; do run "dataset e.csv separator=semicolon$o" | grep -q '48 training and 12' && ok 'read'; done
out=$(run 'dataset e.csv separator=semicolon')
echo "$out" | grep -qi 'decimal' && ok 'the decimal comma is named'
bad "$out"
