#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Chinese: 2,500 characters, 96 of which have a token, the rest is one class. "Accuracy" is then the
# share of that class, and nothing says so.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 - <<'P'
import random
r = random.Random(1)
open('zh.txt', 'w', encoding='utf-8').write(''.join(chr(0x4e00 + r.randrange(2500)) for _ in range(6000)))
P
run 'dataset text zh.txt' | grep -Eqi 'note|warning|error' && ok 'told'
bad "96 % of the characters are one class, nothing said; random characters are predicted with $(run 'dataset text zh.txt; add-client 1 natural; round 1' | sed -n 's/.*\(accuracy *[0-9.]* %\).*/\1/p')"
