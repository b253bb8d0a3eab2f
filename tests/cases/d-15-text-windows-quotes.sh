#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# English as Windows-1252: the apostrophe, quotes and dashes (bytes 0x91 to 0x97) vanish in silence, so
# that "didn't" becomes "didnt". The same text as UTF-8 keeps them.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 - <<'P'
import random
r = random.Random(2)
t = 'the sea was \u201ccalm\u201d \u2014 and nobody could have said why it didn\u2019t move that day'.split()
s = '\n'.join(' '.join(r.choice(t) for _ in range(9)) for _ in range(120))
open('u8.txt', 'w', encoding='utf-8').write(s); open('w.txt', 'w', encoding='cp1252').write(s)
P
classes() { run "dataset text $1" | sed -n 's/.* \([0-9]*\) classes.*/\1/p'; }
run 'dataset text w.txt' | grep -Eqi 'error|warning|note' && ok 'told'
a=$(classes u8.txt); b=$(classes w.txt)
[ "$a" = "$b" ] && ok "$a characters in both"
bad "$a characters as UTF-8, $b as Windows-1252, nothing said"
