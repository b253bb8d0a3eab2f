#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The layout of a widespread MNIST archive: train-images.idx3-ubyte, and beside it a folder
# train-images-idx3-ubyte with the same file in it. Which of the two is taken is the order of the directory.
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
for f, first in (('a', 0), ('b', 1)):
    for step in (0, 1):
        if step == first: four(f, dots)
        else: [os.makedirs('%s/%s' % (f, d)) for d in dash]
    for d in dash: open('%s/%s/%s' % (f, d, d), 'wb').write(open('%s/%s' % (f, d.replace('-idx', '.idx')), 'rb').read())
P
python3 mk.py

for f in a b; do
	out=$(run "dataset $f")
	echo "$out" | grep -q '40 training and 20 test' || bad "$(echo "$out" | sed 's,/[^ ]*/,.../,')"
done
ok 'the files are read, the folders are not'
