#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Columns named by years or by 0,1,2,... and a label column named in words: the first row is plainly a
# header, as "grade" is no number and all other labels are.
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
for f, h in (('years.csv', '2019,2020,2021,2022,grade'), ('places.csv', '0,1,2,3,label')):
    open(f, 'w').write('\n'.join([h] + [J(x) for x in R]) + '\n')
P

for f in years.csv places.csv; do
	out=$(run "dataset $f")
	echo "$out" | grep -Eqi 'error|warning|note' && continue
	echo "$out" | grep -q '48 training and 12 test examples of 4, 3 classes' || bad "$f: 60 examples of 3 classes became: $out"
done
ok 'the header is a header, or doubt is told'
