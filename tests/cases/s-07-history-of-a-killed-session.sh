#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A session that is killed (out of memory, closed container) loses all that was typed in it.
F=$(realpath "${FEDSH:?FEDSH must name the binary}"); D=$(mktemp -d); trap 'rm -rf "$D"' EXIT; cd "$D" || exit 2
export HOME=$D XDG_STATE_HOME=$D/state
ok() { echo "right: $1"; exit 0; }
bad() { echo "wrong: $1"; exit 1; }
run() { timeout 60 "$F" --no-color -c "$1" 2>&1; }
cat > t.py <<'P'
import os, pty, select, sys, time
pid, fd = pty.fork()
if not pid: os.execve(sys.argv[1], [sys.argv[1]], dict(os.environ, TERM='xterm'))
def read(t):
    end = time.time() + t
    while time.time() < end:
        if select.select([fd], [], [], 0.05)[0]: os.read(fd, 65536)
read(1); os.write(fd, b'help round\n'); read(1); os.kill(pid, 9); os.waitpid(pid, 0)
P
timeout 30 python3 t.py "$F"
grep -qs 'help round' state/fedsh/history && ok 'the line is in the history'
bad 'nothing of the killed session is in the history'
