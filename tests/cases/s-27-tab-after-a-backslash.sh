#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TAB behind `dataset my\ data/ir`: the blank was escaped by a backslash, the completion ends in a lone quote.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
mkdir "my data"; printf 'a,b,c\n1,2,0\n2,3,1\n1,1,0\n2,2,1\n' > "my data/iris set.csv"
cat > t.py <<'P'
import os, pty, select, sys, time
pid, fd = pty.fork()
if not pid: os.execve(sys.argv[1], [sys.argv[1], '--no-color'], dict(os.environ, TERM='xterm'))
out = b''
def read(t):
    global out
    end = time.time() + t
    while time.time() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try: out += os.read(fd, 65536)
            except OSError: return
read(1)
for s in (b'dataset my\\ data/ir', b'\t'): os.write(fd, s); read(0.7)
out = b''; os.write(fd, b'\n'); read(1.5); sys.stdout.write(out.decode(errors='replace')); os.write(fd, b'quit\n')
P
out=$(timeout 30 python3 t.py "$F" | tr -d '\r')

echo "$out" | grep -q 'training and' && ok 'the completed line runs'
bad "$(echo "$out" | grep -i error | head -1)"
