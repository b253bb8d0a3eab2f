#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# JSON in LEAF's form, as Python's json writes it: users become clients, train, are saved and restored.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state XDG_CACHE_HOME=$D/cache
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
cat > mk.py <<'P'
import json, os, random
random.seed(1)
def part(path, users, n):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    data = {u: {'x': [[random.randrange(256) / 255 for _ in range(784)] for _ in range(n)],
                'y': [random.randrange(62) for _ in range(n)]} for u in users}
    json.dump({'users': users, 'num_samples': [n] * len(users), 'user_data': data}, open(path, 'w'))
part('femnist/data/train/a.json', ['f%d' % i for i in range(6)], 20)
part('femnist/data/test/a.json', ['f%d' % i for i in range(4, 8)], 5)
P
python3 mk.py

run 'dataset femnist; add-client 6 natural; model mlp hidden=20; round 2; save a.fedsh' > said || bad "$(tail -n 1 said)"
grep -q '120 training and 20 test examples, 28x28 pixels, .* classes, 6 users' said || bad "$(head -n 2 said)"
run 'restore a.fedsh; round 1; clients 5' > again || bad "$(tail -n 1 again)"
grep -q natural again || bad "$(cat again)"
sed -i 's/"num_samples": \[20/"num_samples": [21/' femnist/data/train/a.json
run 'dataset femnist' > damaged && bad 'num_samples that contradict are taken'
grep -q 'a.json: num_samples says 21 of user f0, who has 20' damaged || bad "$(cat damaged)"
run 'dataset femnist unchecked' | grep -q '120 training' || bad 'unchecked does not help'
echo 'right: users are clients'
