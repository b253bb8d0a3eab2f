#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A column of seconds since 1970 tells the classes apart. The same column counted from 0 learns well;
# with the offset all its values become one float before they are centred, and the column is lost.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 - <<'P'
import random
for name, base in (('near.csv', 0), ('far.csv', 1700000000)):
    r = random.Random(5)
    with open(name, 'w') as f:
        f.write('time,noise,late\n')
        for i in range(120):
            f.write('%d,%.2f,%s\n' % (base + i // 2, r.random(), 'yes' if i >= 60 else 'no'))
P
acc() { run "dataset $1 label=late; model softmax; add-client 2 iid; set lr 0.5; set epochs 20; round 3" > out; grep -Eqi 'warning|precision|error' out && { echo told; return; }; sed -n 's/^round 3 .*accuracy *\([0-9]*\)\..*/\1/p' out; }
a=$(acc near.csv); b=$(acc far.csv)
[ "$b" = told ] && ok 'the loss of precision is told'
[ "${a:-0}" -ge 85 ] || bad "even without the offset the accuracy is $a %"
[ "${b:-0}" -ge 85 ] && ok "accuracy $b % with the offset, $a % without"
bad "accuracy $b % with seconds since 1970, $a % with the same seconds counted from 0"
