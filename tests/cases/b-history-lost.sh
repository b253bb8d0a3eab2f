#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Lines typed before a kill -9 or a plugin's crash must be in the history file; it is written at the end only.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1
python3 - "$FEDSH" "$d" <<'P'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(HOME=sys.argv[2], TERM='xterm'); os.environ.pop('XDG_STATE_HOME', None)
    os.execv(sys.argv[1], ['fedsh'])
time.sleep(1); os.write(fd, b'dataset blobs\n'); time.sleep(1); os.write(fd, b'status\n'); time.sleep(1)
os.kill(pid, 9); os.waitpid(pid, 0)
P
grep -qs 'dataset blobs' "$d/.local/state/fedsh/history" || { echo "the history of a session that was killed is lost"; exit 1; }
