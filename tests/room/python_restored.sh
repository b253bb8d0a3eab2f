#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# python_restored.sh - the client in Python and a model of more than a megabyte, in chunks with
# credit both ways: the server is killed and started again, and the client comes back by itself.
. "$(dirname "$0")/class.bash"
. "$(dirname "$0")/python.bash"

"$python" - "$work" <<'END'
import sys
import numpy as np
rng = np.random.default_rng(1)
y = np.arange(200, dtype=np.uint8) % 50
x = (rng.normal(size=(50, 80, 80)) * 60 + 128).clip(0, 255).astype(np.uint8)[y]
np.savez(sys.argv[1] + "/room.npz", x_train=x, y_train=y, x_test=x, y_test=y)
np.savez(sys.argv[1] + "/own.npz", x=x, y=y)
END

# 80 * 80 * 50 + 50 parameters, 1.28 MB
serve "dataset $work/room.npz; model softmax; set lr=0.001" "" "wait-room 1 within=20; round 2; \
save $work/saved.fed; wait-room 2"
python_member "$work/own.npz"
wait_for server "^round 2"
wait_for server "saved"
kill -KILL "$server"
wait "$server" 2>/dev/null
cp "$work/server.out" "$work/first.out"
"$FEDSH" -c "restore $work/saved.fed; serve $target code=$code; wait-room 1 within=20; round 2; room; serve stop" \
	>"$work/server.out" 2>&1 &
server=$!
gone python 0
finish
shows first "320,050 parameters"
[ "$(grep -c "^client 0$" "$work/python.out")" = 2 ] || fail "it did not come back as the client that it was"
for version in 0 1 2 3; do
	shows python "trained from version $version"
done
shows server "^round 4 .*clients 1"
exit 0
