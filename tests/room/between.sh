#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# between.sh - a server that reads commands from a pipe has members served between two lines, and
# while another program reads what a command printed, as a pager does.
. "$(dirname "$0")/class.bash"

mkfifo "$work/lines"
port=$(free_port)
"$FEDSH" <"$work/lines" >"$work/server.out" 2>&1 &
server=$!
exec 5>"$work/lines"
echo "dataset blobs train=400; model softmax; serve 127.0.0.1:$port" >&5
wait_for server "fedsh join 127.0.0.1:$port "
code=$(sed -n "s/^ *fedsh join 127.0.0.1:$port //p" "$work/server.out" | head -n 1)
target=127.0.0.1:$port
member ada --data "blobs:0-99 train=400" 5>&-
wait_for ada "client 0, with 100 examples"
wait_for server "ada is client 0"

cat >"$work/read" <<END
cat >/dev/null
touch "$work/reads"
for i in \$(seq 200); do
	grep -q "client 1," "$work/bo.out" && exit 0
	sleep 0.05
done
exit 1
END
echo "show | sh $work/read" >&5
for _ in $(seq 200); do
	[ -e "$work/reads" ] && break
	sleep 0.05
done
member bo --data "blobs:100-199 train=400" 5>&-
wait_for server "bo is client 1"
echo "round 1; serve stop" >&5
exec 5>&-
gone ada 0
gone bo 0
finish
shows server "^round 1 .*clients 2 "
