#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# told.sh - what a lecturer is told of a room: that a member's sums round otherwise, and, before
# anything runs, that copies of the session cannot have the members.
. "$(dirname "$0")/class.bash"

for command in "sweep lr 0.1,0.2" "study s { lr = 0.1,0.2 }" "baseline central"; do
	serve "dataset blobs train=400; model softmax" "" "wait-room 1 within=20; $command"
	FEDSH_ISA=plain member ada --data "blobs:0-99 train=400"
	wait "$server" && fail "$command was taken"
	server=
	shows server "error: ${command%% *}: the clients are on other machines, and copies of the session"
	[ "$(grep -c "on other machines" "$work/server.out")" = 1 ] || fail "$command says it more than once"
	! grep -q failed "$work/server.out" || fail "$command ran"
	if grep -q avx2 /proc/cpuinfo; then
		shows server "ada computes with plain and this program with avx.*FEDSH_ISA=plain"
	fi
	gone ada 0
done
exit 0
