#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kit.sh BUILD-FOLDER: in an installed tree with nothing of the sources in sight, a plugin of each
# kind is written, built, checked, loaded and used in a round; from new-plugin to the first round in
# less than five seconds.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() {
	echo "$*" >&2
	exit 1
}

cmake --install "$1" --prefix "$root/first" >"$root/log" 2>&1 || {
	cat "$root/log"
	exit 1
}
mv "$root/first" "$root/tree"
mkdir "$root/work"
cd "$root/work"
pc=$(cd "$(dirname "$(find ../tree -name fedsh.pc)")" && pwd)
fedsh() { # COMMANDS [OPTION]
	env -i PATH="$PATH" HOME="$root" TERM=dumb ../tree/bin/fedsh ${2:-} -c "$1" >said 2>&1 ||
		fail "$1: $(cat said)"
}

# KIND NAME LINE: what new-plugin is told, and how a session uses the plugin.
try() {
	name=${1#* }
	name=${name%% *}
	began=$(date +%s%N)
	fedsh "new-plugin $1; build $name; load $name; dataset blobs; add-client 8 samples=20; $2; round"
	took=$((($(date +%s%N) - began) / 1000000))
	grep -q '^round 1 .*accuracy' said || fail "$1: no round: $(cat said)"
	[ "${1%% *}" = selection ] || grep -q '(guarded)$' said || fail "$1: not guarded: $(cat said)"
	[ "$took" -lt 5000 ] || fail "$1: $took ms from new-plugin to the first round"
	echo "$1: $took ms from new-plugin to the first round"
	fedsh "load $name; check-plugin $name"
	grep -q ' passed, 0 failed' said || fail "$1: $(cat said)"
	# What its Makefile makes is the same plugin.
	rm "$name/$name.so"
	PKG_CONFIG_PATH=$pc make -C "$name" >made 2>&1 || fail "$1: make: $(cat made)"
	fedsh "load $name; info $name"
	[ "$(wc -l <"$name/Makefile")" -eq 3 ] || fail "$name/Makefile has not three lines"
	grep -q "PKG_CONFIG_PATH=$root/tree/" "$name/README.md" || fail "$name/README.md names another tree"
}

try 'aggregator mean' 'aggregator mean scale=0.5'
try 'transport slow' 'transport slow'
try 'model narrow' 'model narrow units=8'
try 'model own layer=own' 'model own units=8'
try 'attack back' 'inject byzantine 20% attack=back'
try 'selection worst' 'set participants 4; select worst'
try 'codec steps' 'set codec steps'

# Lessons lie beside the program, wherever the tree was moved, and play from there.
fedsh lesson
grep -q 'learning where the data is' said || fail "the lessons are not listed: $(cat said)"
fedsh 'lesson 7' --short
