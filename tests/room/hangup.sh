#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hangup.sh - a member whose terminal is closed leaves the room and ends.
. "$(dirname "$0")/class.bash"

serve "dataset blobs" "" "wait-room 1 within=20; wait-room 2 within=2"
timeout 20 python3 - "$FEDSH" "$target" "$code" <<'P' || fail "a member outlives its terminal"
import os, pty, signal, sys, time
for hears in (True, False):  # whether it is told by a signal, too
    pid, terminal = pty.fork()
    if pid == 0:
        if not hears:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.environ["TERM"] = "xterm"
        os.execv(sys.argv[1], [sys.argv[1], "join", *sys.argv[2:], "--name", "Ada", "--data", "blobs:0-99"])
    seen = b""
    while b"waits for work" not in seen and b"is ready" not in seen and b"prepares" not in seen:
        seen += os.read(terminal, 4096)
    time.sleep(0.3)
    os.close(terminal)
    for _ in range(50):
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        time.sleep(0.1)
    else:
        os.kill(pid, signal.SIGKILL)
        sys.exit(1)
P
finish 1
shows server "Ada has left"
