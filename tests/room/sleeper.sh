#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# sleeper.sh - a round with a deadline waits no longer for the figures of a member that sleeps than it
# waited for its update: patience is a minute here, and the whole test takes some seconds.  The update
# of the member behind it has arrived meanwhile, and waits for its turn, which is told.
. "$(dirname "$0")/class.bash"

port=$(free_port)
timeout 30 "$FEDSH" -c "dataset blobs train=400; model softmax; \
set fraction 1; set holdout 0.2; scheme sync deadline=1; serve 127.0.0.1:$port patience=60; \
start-members 1 samples=60; wait-room 1 within=20; start-members 1 samples=60; \
wait-room 2 within=20; round; signal-member m1 pause; round; client 1; signal-member m1 wake; \
serve stop" >"$work/server.out" 2>&1 || fail "it waited, or failed"
[ "$(grep -c "^round [12] " "$work/server.out")" = 2 ] || fail "not both rounds were made"
shows server "used for version 2 with weight 1; the update waited"
exit 0
