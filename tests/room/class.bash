# SPDX-License-Identifier: GPL-3.0-or-later
# class.bash - for tests of a room with processes: a server and members over loopback.
# FEDSH names the program.  `serve COMMANDS` starts a server whose room is open at $target with the
# code $code; `member NAME [OPTION]...` starts a member; `finish` waits for the server.
set -u
work=$(mktemp -d)
export XDG_STATE_HOME=$work/state XDG_DATA_HOME=$work/data XDG_CACHE_HOME=$work/cache PAGER=
export OPENBLAS_NUM_THREADS=1 NO_COLOR=1
declare -A pid_of
server=

fail() {
	echo "$1" >&2
	for file in "$work"/*.out; do
		echo "--- $(basename "$file")" >&2
		tail -n 20 "$file" >&2
	done
	exit 1
}

clean_up() {
	local status=$?
	for pid in $server "${pid_of[@]}"; do
		kill -CONT "$pid" 2>/dev/null
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	[ -n "${KEEP:-}" ] || rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT

# wait_for FILE TEXT: until the file has it.
wait_for() {
	for _ in $(seq 200); do
		grep -qs -e "$2" "$work/$1.out" && return
		sleep 0.05
	done
	fail "$1 never printed: $2"
}

# A port that is free, with the next one, when it is looked at.
free_port() {
	local port
	for _ in $(seq 50); do
		port=$((20000 + (RANDOM % 12000) / 2 * 2)) # below those of connections
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		(exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null && continue
		echo "$port"
		return
	done
}

# serve BEFORE SERVE-ARGUMENTS AFTER: three parts of its commands; at $host.
host=127.0.0.1
serve() {
	for _ in 1 2 3; do
		port=$(free_port)
		"$FEDSH" -c "$1; serve $host:$port $2; $3" >"$work/server.out" 2>&1 &
		server=$!
		for _ in $(seq 200); do
			code=$(grep -sF -m 1 "  fedsh join $host:$port " "$work/server.out")
			code=${code##* }
			[ -z "$code" ] || break 2
			kill -0 "$server" 2>/dev/null || break
			sleep 0.05
		done
	done
	[ -n "$code" ] || fail "no room was opened"
	target=$host:$port
}

member() {
	local name=$1
	shift
	"$FEDSH" join "$target" "$code" --name "$name" "$@" >"$work/$name.out" 2>&1 </dev/null &
	pid_of[$name]=$!
}

# gone NAME CODE: the member ends with that exit code.
gone() {
	wait "${pid_of[$1]}"
	local status=$?
	[ "$status" = "$2" ] || fail "$1 ended with $status instead of $2"
	unset "pid_of[$1]"
}

# finish [CODE]: the server ends.
finish() {
	wait "$server"
	local status=$?
	[ "$status" = "${1:-0}" ] || fail "the server ended with $status"
	server=
}

shows() { # FILE TEXT
	grep -q -e "$2" "$work/$1.out" || fail "$1 does not show: $2"
}
