#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An archive as numpy.savez and numpy.savez_compressed write it: ZIP64 entries, stored or deflated.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state XDG_CACHE_HOME=$D/cache
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
cat > mk.py <<'P'
import random, struct, zipfile
random.seed(1)
def npy(descr, shape, data, fortran=False):
    head = repr({'descr': descr, 'fortran_order': fortran, 'shape': shape}).replace('}', ', }').encode()
    head += b' ' * (63 - (10 + len(head)) % 64) + b'\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head + data
def savez(path, packing, **arrays):
    with zipfile.ZipFile(path, 'w', packing, allowZip64=True) as z:
        for name, array in arrays.items():
            with z.open(name + '.npy', 'w', force_zip64=True) as f:
                f.write(array)
pixels = bytes(random.randrange(256) for _ in range(60 * 64))
labels = bytes(random.randrange(10) for _ in range(60))
for path, packing in (('stored.npz', zipfile.ZIP_STORED), ('deflated.npz', zipfile.ZIP_DEFLATED)):
    savez(path, packing, x_train=npy('|u1', (40, 8, 8), pixels[:2560]), y_train=npy('|u1', (40,), labels[:40]),
          x_test=npy('|u1', (20, 8, 8), pixels[2560:]), y_test=npy('|u1', (20,), labels[40:]),
          client=npy('<U2', (40,), b''.join(('u%d' % (i % 4)).encode('utf-32-le') for i in range(40))))
savez('objects.npz', zipfile.ZIP_STORED, x=npy('|O', (2,), b'\x80\x04.'), y=npy('|u1', (2,), b'\0\1'))
P
python3 mk.py

for file in stored deflated; do
	run "dataset $file.npz; add-client 4 natural; model softmax; round 1; clients" > "$file" || bad "$(cat "$file")"
	grep -q '40 training and 20 test examples, 8x8 pixels, 10 classes, 4 users' "$file" || bad "$(head -n 2 "$file")"
done
diff <(grep '^round' stored | sed 's/ in .*//') <(grep '^round' deflated | sed 's/ in .*//') || bad 'packing changes the data'
run 'dataset objects.npz' | grep -q 'Python objects .* a pickle, which is never read; save x.astype' || bad 'objects'
run 'dataset stored.npz test-inputs=none client=none' | grep -q '32 training and 8 test' || bad 'no share for the test'
echo 'right: archives are read'
