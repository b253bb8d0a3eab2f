#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# numpy.sh FEDSH: NumPy reads the .npz that the program exports, and the program reads the compressed
# one of doubles that NumPy writes.  Exits with 77 where python3 lacks numpy.
set -eu
fedsh=$(realpath "$1")
python3 -c 'import numpy' 2>/dev/null || {
	echo 'skipped: python3 has no numpy (Debian: python3-numpy)'
	exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export HOME=$dir
composed='dataset blobs; model mlp hidden=4; add-client 4 samples=20'

"$fedsh" -c "$composed; round 1; export m.npz" >said 2>&1 || { cat said; exit 1; }
python3 -c '
import numpy
d = dict(numpy.load("m.npz"))
assert d["dense1.weight"].shape == (4, 2), d["dense1.weight"].shape
assert all(v.dtype == numpy.float32 for v in d.values())
assert any(v.any() for v in d.values())
numpy.savez_compressed("n.npz", **{k: v.astype("f8") for k, v in d.items()})
'
# The other session did not train: its parameters are those of the file or differ.
"$fedsh" -c "$composed; import n.npz; export o.npz" >said 2>&1 || { cat said; exit 1; }
python3 -c '
import numpy
a, b = dict(numpy.load("m.npz")), dict(numpy.load("o.npz"))
assert a.keys() == b.keys(), (a.keys(), b.keys())
for k in a:
    assert a[k].tobytes() == b[k].tobytes(), k
'
