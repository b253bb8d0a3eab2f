#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# EMNIST as IDX is transposed. It is named as a data set that is read, but nothing turns it or tells.
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
four('e', ['emnist-letters-' + d.replace('t10k', 'test') for d in dash], k=26)
P
python3 mk.py

(run 'explain idx'; run 'dataset e') | grep -Eqi 'transpos|turned|rows and columns' && ok 'told, or an option'
bad 'neither an option nor a word about the orientation'
