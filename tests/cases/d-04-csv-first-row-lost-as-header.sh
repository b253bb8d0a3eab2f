#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 61 rows without a header; the first feature of the first row is nan (or ?). The row is taken for a
# header and lost; the same cell in any other row is an error.
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
for f, m in (('n.csv', 'nan'), ('q.csv', '?')):
    open(f, 'w').write('\n'.join(['%s,1.0,2.0,3.0,1' % m] + [J(x) for x in R]) + '\n')
P

for f in n.csv q.csv; do
	out=$(run "dataset $f")
	echo "$out" | grep -Eqi 'error|warning|note' || bad "$f: row 1 of 61 is gone without a word: $out"
done
ok 'the first row is kept, refused or told'
