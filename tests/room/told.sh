#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# told.sh - what a lecturer is told of a room: that a member's sums round otherwise, and, before
# anything runs, that copies of the session cannot have the members; how many clients to wait for,
# which command gives an attack, that a file lacks the head, that a client of split learning is late.
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

port=$(free_port)
cat >"$work/split.fedsh" <<END
dataset blobs train=400
model mlp hidden=16
set fraction=1
serve 127.0.0.1:$port patience=2
start-members 1 samples=50
wait-room 1 within=20
start-members 1 samples=50
start-members 1 samples=50
wait-room 3 within=20
scheme split cut=1 relay=peer deadline=0.5
round 1
save $work/split.fed
export $work/split.npz
export $work/split.csv
signal-member m2 pause
round 1
inject sign-flip 1
END
"$FEDSH" <"$work/split.fedsh" >"$work/server.out" 2>&1
shows server "m1 started on this machine; .wait-room 1. waits for it"
shows server "m2 started on this machine; .wait-room 2. waits for it"
shows server "m3 started on this machine; .wait-room 3. waits for it"
[ "$(grep -c "note: the clients keep the head" "$work/server.out")" = 2 ] || fail "not said of two files"
shows server "it is missing in .*split.fed:"
shows server "it is missing in .*split.npz:"
shows server "(m2) is late: the server has waited 0.5 s"
shows server "say .role byzantine WHO attack=sign-flip"
exit 0
