#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# back.sh - members come back while no round runs: one that left, and one that was silent for longer
# than the room's patience and does not know it.  Each has its number, and takes part in each round.
. "$(dirname "$0")/class.bash"

serve "dataset blobs train=400; model softmax" "patience=1" "wait-room 3 within=20; round 2; \
wait-room 4 within=20; round 2; serve stop"
for i in 0 1 2; do
	member "m$i" --data "blobs:0-99 train=400"
	wait_for "m$i" "client $i, with 100 examples"
done
wait_for server "^round 2"
kill -TERM "${pid_of[m0]}"
gone m0 0
wait_for server "m0 has left"
member m0 --data "blobs:0-99 train=400"
wait_for m0 "client 0, with 100 examples"
kill -STOP "${pid_of[m1]}"
wait_for server "m1: nothing was heard"
kill -CONT "${pid_of[m1]}"
for _ in $(seq 200); do
	[ "$(grep -c "m1 is client 1" "$work/server.out")" = 2 ] && break
	sleep 0.05
done
member m3 --data "blobs:0-99 train=400"
for i in 0 1 2 3; do
	gone "m$i" 0
	shows "m$i" "trained from version 3"
done
finish
[ "$(grep -c "^round .*clients 4 " "$work/server.out")" = 2 ] || fail "not all four took part in each round"
exit 0
