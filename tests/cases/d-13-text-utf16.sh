#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Russian text as UTF-16 (what Windows calls Unicode): read as Latin-1 without a word. The same text
# as UTF-8 has 22 characters.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 - <<'P'
import random
r = random.Random(2)
t = 'спокойное море и никто на причале не мог сказать почему оно не двигалось в тот день'.split()
s = '\n'.join(' '.join(r.choice(t) for _ in range(9)) for _ in range(120))
open('u8.txt', 'w', encoding='utf-8').write(s); open('u16.txt', 'w', encoding='utf-16').write(s)
P
classes() { run "dataset text $1" | sed -n 's/.* \([0-9]*\) classes.*/\1/p'; }
run 'dataset text u16.txt' | grep -Eqi 'error|warning|note' && ok 'refused or told'
a=$(classes u8.txt); b=$(classes u16.txt)
[ "$a" = "$b" ] && ok "$a characters in both"
bad "$a characters as UTF-8, $b as UTF-16, nothing said"
