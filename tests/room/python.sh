#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# python.sh - the client that tests/outside has in Python trains beside three of fedsh: it reports in
# every round, evaluates and answers queries, leaves, and has its number again when it comes back.
. "$(dirname "$0")/class.bash"
. "$(dirname "$0")/python.bash"

"$python" - "$work" <<'END'
import sys
import numpy as np
rng = np.random.default_rng(1)
centre = rng.normal(size=(4, 6, 5)) * 25 + 128  # bytes of pictures of four classes
def some(n):
    y = rng.integers(4, size=n)
    return (centre[y] + rng.normal(size=(n, 6, 5)) * 30).clip(0, 255).astype(np.uint8), y.astype(np.uint8)
(x, y), (test, told), (own, label) = some(300), some(300), some(120)
np.savez(sys.argv[1] + "/room.npz", x_train=x, y_train=y, x_test=test, y_test=told)
np.savez(sys.argv[1] + "/own.npz", x=own, y=label)
END

serve "dataset $work/room.npz; model softmax; set holdout=0.2 evaluate-over=network epochs=3 momentum=0.5; \
select power-of-choice" "" "wait-room 4 within=20; round 1; expect accuracy<0.8; round 4; expect accuracy>0.9; \
wait-room 5 within=20; round 2; expect clients_measured==5; expect accuracy>0.9; room; serve stop"
for i in 0 1 2; do # one after the other: the number of a client is the order of joining
	member "m$i" --data "$work/room.npz:$((i * 100))-$((i * 100 + 99))"
	wait_for "m$i" "client $i, with 100 examples"
done
python_member "$work/own.npz"
for version in 0 1 2 3 4; do
	wait_for python "trained from version $version"
done
wait_for server "^round 5"
kill -TERM "${pid_of[python]}"
gone python 0
shows python "client 3$"
wait_for server "python has left"
python_member "$work/own.npz"
wait_for python "client 3$"
member m4 --data "$work/room.npz:0-99"
for i in 0 1 2 4; do
	gone "m$i" 0
	shows "m$i" "trained from version 6"
done
gone python 0
shows python "trained from version 6"
finish
[ "$(grep -c "^round .*clients 4" "$work/server.out")" = 5 ] || fail "not all four reported in each round"
[ "$(grep -c "4 of 4 answered" "$work/server.out")" = 5 ] || fail "not all four evaluated in each round"
[ "$(grep -c "^round .*clients 5" "$work/server.out")" = 2 ] || fail "not all five reported in each round"
[ "$(stat -c %a "$work/python.key_secret")" = 600 ] || fail "others may read the key pair"

# A rule that acts at clients is not known there; and with another code the server is not believed.
serve "dataset $work/room.npz; model softmax; aggregator fedprox" "" "wait-room 2"
python_member "$work/own.npz"
wait_for server "python cannot take part: aggregator-at-clients=yes"
kill -TERM "${pid_of[python]}"
gone python 0
python_member "$work/own.npz" "0000-${code#*-}"
gone python 1
shows python "the class code is not of this server"
exit 0
