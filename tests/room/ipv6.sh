#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ipv6.sh - an IPv6 address as host: of serve, join, --probe and --forget, in brackets wherever a port
# follows; and a room at all addresses is joined by both kinds.
. "$(dirname "$0")/class.bash"
if ! python3 -c 'import socket; socket.create_server(("::1", 0), family=socket.AF_INET6)' 2>/dev/null; then
	echo "skipped: this machine has no IPv6 loopback"
	exit 77
fi

host=[::1]
serve "dataset blobs; model softmax" "" "wait-room 1 within=20; round 1; room; serve stop"
"$FEDSH" join --probe "$target" "$code" >"$work/probe.out" 2>&1 || fail "the probe fails"
grep -Fq "a room is open at $target, key" "$work/probe.out" || fail "the probe shows no address in brackets"
grep -Fq "fedsh join $target CODE" "$work/probe.out" || fail "the probe shows no line that joins"
"$FEDSH" join --probe "$target" AAAA-BBBB-CCCC >"$work/wrong.out" 2>&1
grep -Fq "the server at $target" "$work/wrong.out" || fail "the wrong code names no address"
member Ada --data blobs:0-99
gone Ada 0
finish
shows Ada "trained from version 0"
shows server "^round 1 .*clients 1"
grep -q "Ada .* ::1 " "$work/server.out" || fail "room shows no address of the member"
grep -Fq "$target " "$XDG_STATE_HOME/fedsh/known-servers" || fail "the server is not known"
"$FEDSH" join --forget "$target" >"$work/forget.out" || fail "it is not forgotten"
grep -Fq "the key of $target is forgotten" "$work/forget.out" || fail "forget shows no address in brackets"

# Without a port it is the usual one, in brackets and without; one with half of them is told.
for typed in "[::1]" ::1; do
	"$FEDSH" -c "dataset blobs; serve $typed; serve stop" >"$work/usual.out" 2>&1 ||
		grep -q "another program listens" "$work/usual.out" || fail "serve $typed opens no room"
	grep -Fq "[::1]:5555" "$work/usual.out" || fail "serve $typed is at another port"
done
"$FEDSH" -c "dataset blobs; serve [::1:5555" >"$work/half.out" 2>&1 && fail "half of the brackets are taken"
shows half "an IPv6 address in brackets"

# At all addresses.
port=$(free_port)
"$FEDSH" -c "dataset blobs; model softmax; serve $port; wait-room 2 within=20; round 1; serve stop" >"$work/server.out" 2>&1 &
server=$!
wait_for server "^where port"
code=$(grep -m 1 "  fedsh join " "$work/server.out")
code=${code##* }
target="[::1]:$port"
member Ada --data blobs:0-99
target="127.0.0.1:$port"
member Bob --data blobs:100-199
gone Ada 0
gone Bob 0
finish
shows server "^round 1 .*clients 2"
