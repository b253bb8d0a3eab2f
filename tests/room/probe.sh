#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# probe.sh - `fedsh join --probe` says why a room cannot be reached: each kind once; keys of servers
# are remembered, and a changed one is refused.
. "$(dirname "$0")/class.bash"

# probe NAME CODE TEXT [ARGUMENT]...: exit code and what is said.
probe() {
	local name=$1 expected=$2 text=$3
	shift 3
	${within-} "$FEDSH" join --probe "$@" >"$work/$name.out" 2>&1
	local status=$?
	[ "$status" = "$expected" ] || fail "$name: ended with $status instead of $expected"
	shows "$name" "$text"
}

# Ports at which nothing answers: one takes connections and says nothing, the queue of the other is
# full, so that the kernel drops those who come.
python3 - "$work/mute" <<'P' &
import socket, sys, time
servers, filling = [], []
for backlog in (8, 0):
    s = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    servers.append(s)
for _ in range(4):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(servers[1].getsockname())
    filling.append(c)
open(sys.argv[1], "w").write(" ".join(str(s.getsockname()[1] - 1) for s in servers))
time.sleep(30)
P
pid_of[mute]=$!

serve "dataset blobs" "most=1" "wait-room 1 within=20; wait-room 1; round 1; wait-room 1 within=3; \
kick all; wait-room 1 within=2"
probe name 5 "the name has no address" no-such-host.invalid:5555
for _ in $(seq 100); do
	[ ! -s "$work/mute" ] || break
	sleep 0.05
done
read -r mute choked <"$work/mute"
probe mute 5 "a connection is taken there, and nothing comes" "127.0.0.1:$mute" &
slow=($!)
probe choked 5 "nothing answers there" "127.0.0.1:$choked" &
slow+=($!)
probe group 5 "there is no way there" 224.0.0.1:5555 # no connection leads to a group of machines
shows group "another network than the server"
if unshare -rn true 2>/dev/null; then # no interface is up
	within="unshare -rn" probe cut 5 "there is no way there" 192.0.2.1:5555
fi
probe shut 5 "nothing listens" "127.0.0.1:$(free_port)"
probe well 0 "all well: a room is open" "$target"
probe code 0 "with this code" "$target" "$code"
probe wrong-code 5 "is not that of the server" "$target" AAAA-BBBB-CCCC
probe wrong-key 5 "has another key" "$target" --key 'c}^wuwwlNj=Mh7m]af.7&Ra0rmh5#O.bx<DYK&)o'
probe usage 2 "is neither a key" "$target" --key nonsense

# Something else answers at port and next port.
python3 - "$work/other" <<'P' &
import socket, sys, time
servers = []
for port in range(23001, 29000, 2):
    try:
        for p in (port, port + 1):
            s = socket.socket()
            s.bind(("127.0.0.1", p))
            s.listen()
            servers.append(s)
        break
    except OSError:
        servers.clear()
open(sys.argv[1], "w").write(str(port))
end = time.time() + 20
for s in servers:
    s.settimeout(0.1)
while time.time() < end:
    for s in servers:
        try:
            c, _ = s.accept()
            c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            c.close()
        except OSError:
            pass
P
pid_of[other]=$!
for _ in $(seq 100); do
	[ ! -s "$work/other" ] || break
	sleep 0.05
done
probe other 5 "fedsh" "127.0.0.1:$(cat "$work/other")"

# One member, and the room is full.
member Ada --data "blobs:0-99"
wait_for Ada "client 0, with 100 examples"
probe full 5 "the room is full" "$target" "$code"
[ "$(stat -c %a "$XDG_STATE_HOME"/fedsh/keys/*.key | sort -u)" = 600 ] || fail "keys can be read by others"
[ "$(stat -c %a "$XDG_STATE_HOME/fedsh/keys")" = 700 ] || fail "the folder of keys is open to others"
secret=$(sed -n 's/^secret *//p' "$XDG_STATE_HOME/fedsh/keys/server.key")
[ "${#secret}" = 40 ] || fail "the file of the server's key has no secret"
! grep -Fq -e "$secret" "$work"/*.out || fail "a secret key was printed"
gone Ada 1
finish 1

# The server is installed anew: its key changes, and those who know the old one say so.
rm -f "$XDG_STATE_HOME/fedsh/keys/server.key"
"$FEDSH" -c "dataset blobs; serve $target; wait-room 1 within=10; serve stop" >"$work/server.out" 2>&1 &
server=$!
wait_for server "fedsh join $target"
code=$(sed -n "s/^ *fedsh join $target //p" "$work/server.out" | head -n 1)
member Ada --data "blobs:0-99"
gone Ada 1
shows Ada "fedsh join --forget $target"
"$FEDSH" join --forget "$target" >"$work/forget.out" || fail "forget failed"
shows forget "is forgotten"
member Ada --data "blobs:0-99"
gone Ada 0
finish
for pid in "${slow[@]}"; do
	wait "$pid" || exit 1
done
shows choked "a firewall drops it"
