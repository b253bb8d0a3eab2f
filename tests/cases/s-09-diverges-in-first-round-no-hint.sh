#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All clients diverge in the first round, the usual way in: prices of houses, the default rate.
# The other ways of diverging come with a hint for the learning rate; this one does not.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 - <<'P'
import random
r = random.Random(7)
open('h.csv', 'w').write('rooms,area,price\n' + ''.join('%d,%.1f,%.1f\n' % (r.randint(2, 8), a, 50000 + 2500 * a + r.random()) for a in [r.uniform(40, 260) for _ in range(300)]))
P
out=$(run 'dataset h.csv label=price; model mlp; add-client 4 iid; round 3')
echo "$out" | grep -qi 'refused' || ok 'nothing diverged'
echo "$out" | grep -Eqi 'learning rate|set lr' && ok 'the learning rate is named'
bad "no hint: $(echo "$out" | tail -1)"
