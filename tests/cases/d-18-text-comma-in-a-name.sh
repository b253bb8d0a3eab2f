#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A file whose name has a comma cannot be named: quotes and backslashes do not help.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
python3 -c "
import random
r = random.Random(1)
open('Lear, act 1.txt', 'w').write(' '.join(r.choice('king fool storm heath crown'.split()) for _ in range(600)))"
for c in 'dataset text "Lear, act 1.txt"' 'dataset text Lear\,\ act\ 1.txt' 'dataset text "Lear\\, act 1.txt"'; do
	run "$c" | grep -q 'training and' && ok "$c"
done
bad "$(run 'dataset text "Lear, act 1.txt"')"
