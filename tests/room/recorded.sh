#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# recorded.sh - the rounds of a room as a script: simulated clients with the members' names and sizes
# make as many, and a thousand of their kind, too.
. "$(dirname "$0")/class.bash"

serve "dataset blobs train=800 test=200; model softmax; set fraction=1" "" "wait-room 2 within=20; \
round 3; record-room $work/lesson.fedsh; record-room $work/many.fedsh clients=1000; serve stop"
member ada --data "blobs:0-99 train=800 test=200"
member bo --data "blobs:100-399 train=800 test=200"
gone ada 0
gone bo 0
finish
shows server "^2 clients, 3 rounds: a round took .* and takes simulated clients .*medians"
grep -q "samples=100 reuse .*name=ada" "$work/lesson.fedsh" || fail "no client is like ada"
grep -q "samples=300 reuse .*name=bo" "$work/lesson.fedsh" || fail "no client is like bo"
"$FEDSH" "$work/lesson.fedsh" >"$work/lesson.out" 2>&1 || fail "the lesson failed"
shows lesson "^round 3 .* clients 2 "
"$FEDSH" "$work/many.fedsh" >"$work/many.out" 2>&1 || fail "the lesson of many failed"
shows many "^round 3 .* clients 1000 "

serve "dataset blobs train=800 test=200; model mlp; scheme split; set fraction=1" "" "wait-room 1 within=20; \
round 1; record-room $work/split.fedsh"
member cy --data "blobs:0-99 train=800 test=200"
wait "$server"
server=
shows server "record-room: the scheme is split, in which a training is many messages"
[ ! -e "$work/split.fedsh" ] || fail "a script was written all the same"
gone cy 0
exit 0
