#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# simulated.sh - a server and four members, each with a range of the examples, make bit for bit the
# model that the simulation of clients with the same examples makes.
. "$(dirname "$0")/class.bash"

compose="dataset blobs train=800 test=200; model mlp hidden=8; set fraction=1 epochs=2"
serve "$compose" "" "wait-room 1 within=20; wait-room 2 within=20; wait-room 3 within=20; \
wait-room 4 within=20; round 3; export $work/room.npz; room; tell well done; serve stop"
for i in 0 1 2 3; do # one after the other: the number of a client is the order of joining
	member "m$i" --data "blobs:$((i * 200))-$((i * 200 + 199)) train=800 test=200"
	wait_for "m$i" "client $i, with 200 examples"
done
for i in 0 1 2 3; do
	gone "m$i" 0
	shows "m$i" "trained from version 2"
	shows "m$i" "told: well done"
done
finish
shows server "^4 here"

"$FEDSH" -c "$compose; add-client 4 in-order samples=200 device=ideal; round 3; \
export $work/simulated.npz" >"$work/simulation.out" 2>&1 || fail "the simulation failed"
cmp "$work/room.npz" "$work/simulated.npz" || fail "the models differ"
