#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# faults.sh - what goes wrong in a class: members who wait for approval, a wrong code, data that do
# not fit, a member that is killed while it trains and comes back as the client that it was, one
# that is sent out and let in again, one that sleeps.
. "$(dirname "$0")/class.bash"

# A server that takes commands as the test goes on.
serving() { # SERVE-ARGUMENTS
	port=$(free_port)
	target=127.0.0.1:$port
	rm -f "$work/commands"
	mkfifo "$work/commands"
	"$FEDSH" <"$work/commands" >"$work/server.out" 2>&1 &
	server=$!
	exec 3>"$work/commands"
	say "dataset blobs train=800 test=100; model mlp hidden=256; set fraction=1 epochs=300 batch=10"
	say "serve $target ${1:-}"
	wait_for server "fedsh join $target"
	code=$(sed -n "s/^ *fedsh join $target //p" "$work/server.out" | head -n 1)
}
say() {
	echo "$1" >&3
}
# A server without a terminal takes what came when it runs a command.
busy() { # gone NAME CODE | wait_for FILE TEXT, meanwhile
	(while sleep 0.1; do say "room"; done) &
	local poker=$!
	"$@"
	kill "$poker"
	wait "$poker" 2>/dev/null
}
blobs() { # FIRST-LAST
	echo "blobs:$1 train=800 test=100"
}

# Nobody is a client before the lecturer says so.
serving strict
member Ada --data "$(blobs 0-199)"
say "wait-room 1 within=1 # stops the script"
wait_for server "has not 1 client: 0 here, 1 waits for approval"
shows Ada "waits for approval"
finish 3
gone Ada 0

serving strict
member Ada --data "$(blobs 0-199)"
for _ in $(seq 50); do # until its hello has come
	say "approve all"
	sleep 0.1
	! grep -q "1 member approved" "$work/server.out" || break
done
say "wait-room 1 within=10"
wait_for server "^1 here"
say "quit"
finish
gone Ada 0

serving
member Ada --data "$(blobs 0-199)"
member Bo --data "$(blobs 200-399)"
say "wait-room 2 within=20"
wait_for server "^2 here"

# Wrong codes and data are refused in a sentence, and the room goes on.
good=$code
code=AAAA-BBBB-CCCC
member Eve --data "$(blobs 0-9)"
gone Eve 1
shows Eve "the class code AAAA-BBBB-CCCC is not that of the server"
code=$good
member Eve --data "glyphs train=100 test=10"
busy gone Eve 1
shows Eve "does not fit"

# Killed while it trains: the round goes on without it; it is the same client again.
id=$(sed -n 's/^client \([0-9]\),.*/\1/p' "$work/Bo.out")
say "round 1; room"
sleep 0.3
kill -KILL "${pid_of[Bo]}"
wait "${pid_of[Bo]}" 2>/dev/null
wait_for Ada "trained from version 0"
member Bo --data "$(blobs 200-399)"
busy wait_for Bo "client $id, with 200 examples"
wait_for server "^round 1 "
say "wait-room 2 within=20; round 1; room"
wait_for server "^round 2 .*clients 2 "

# Sent out: what it computes has no credit, and it may not come back before it is let in.
say "kick Bo why=enough"
gone Bo 1
shows Bo "the lecturer sent you out: enough"
member Bo --data "$(blobs 200-399)"
busy gone Bo 1
say "readmit Bo; room"
wait_for server "may join again"
member Bo --data "$(blobs 200-399)"
say "wait-room 2 within=20; tell back again"
wait_for Bo "told: back again"
shows Bo "client $id, with 200 examples"

# Asleep for a moment in the middle of a round, which waits for it.
say "round 1; tell awake"
sleep 0.2
kill -STOP "${pid_of[Ada]}"
sleep 1
kill -CONT "${pid_of[Ada]}"
wait_for server "^round 3 .*clients 2 "
# A straggler among real clients has its real time made longer: nothing says that it has no effect.
say "inject straggler 0 factor=2; heal all"
say "serve stop"
gone Ada 0
gone Bo 0
say "quit"
finish
shows server "straggler factor=2"
! grep -q "changes nothing" "$work/server.out" || fail "a fault of real clients is said to change nothing"
