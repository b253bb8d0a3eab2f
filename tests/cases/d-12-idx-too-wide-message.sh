#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Rows of 70,000 numbers: above the limit of 65,535, but the error speaks of "at least 1".
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
cat > mk.py <<'P'
import os, struct
def idx(path, dims, data):
    open(path, 'wb').write(struct.pack('>I', 0x800 | len(dims)) + b''.join(struct.pack('>I', d) for d in dims) + bytes(data))
def four(folder, names, n=(40, 20), shape=(4, 4), k=2):
    os.makedirs(folder, exist_ok=True)
    for p in (0, 1):
        idx(folder + '/' + names[2 * p], (n[p],) + shape, [(i * 7) % 256 for i in range(n[p] * shape[0] * shape[1])])
        idx(folder + '/' + names[2 * p + 1], (n[p],), [i % k for i in range(n[p])])
dash = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']
dots = [d.replace('-idx', '.idx') for d in dash]
four('wide', dash, n=(3, 2), shape=(1, 70000))
P
python3 mk.py

out=$(run 'dataset wide')
echo "$out" | grep -q '3 training' && ok 'read'
echo "$out" | grep -q 65535 && ok 'the limit is named'
bad "$out"
