#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two sessions at once: what was typed in the one that ends first must still be in the history.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
cat > t.py <<'P'
import os, pty, select, sys, time
def start():
    pid, fd = pty.fork()
    if not pid: os.execve(sys.argv[1], [sys.argv[1]], dict(os.environ, TERM='xterm'))
    return pid, fd
def read(fd, t):
    end = time.time() + t
    while time.time() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try: os.read(fd, 65536)
            except OSError: return
def send(fd, s): os.write(fd, s); read(fd, 0.7)
a, b = start(), start(); read(a[1], 1); read(b[1], 1)
send(a[1], b'help round\n'); send(b[1], b'help bill\n')
send(b[1], b'quit\n'); os.waitpid(b[0], 0); send(a[1], b'quit\n'); os.waitpid(a[0], 0)
P
timeout 30 python3 t.py "$F"; h=state/fedsh/history
grep -q 'help round' $h && grep -q 'help bill' $h && ok 'the lines of both sessions are in the history'
bad "the history holds only: $(tr '\n' ';' < $h)"
