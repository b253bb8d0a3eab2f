#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# separator=tab exists, but a file named .tsv (or UCI's .data, or .csv.gz) is refused, and what to do is not told.
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
open('t.tsv', 'w').write('\n'.join(['a\tb\tc\td\tkind'] + [J(x, '\t') for x in R]) + '\n')
P

out=$(run 'dataset t.tsv separator=tab')
echo "$out" | grep -q '48 training and 12' && ok 'read'
echo "$out" | grep -Eqi 'rename|name it|must end|named' && ok 'what to do is told'
bad "$out"
