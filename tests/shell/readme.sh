#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# readme.sh README BUILD: what README.md shows is true.  Every `fedsh> ` line and every line of a sh
# block that begins with fedsh runs without error in the built program, and what a transcript shows
# beneath them is printed, figures and pictures aside.
set -eu
readme=$(readlink -f -- "$1")
build=$(readlink -f -- "$2")
work=$(mktemp -d)
# $(pkg-config ...) in a command cannot have a path with blanks: by way of a link there is none.
ln -s "$build" "$work/build"
export LC_ALL=C.UTF-8 PATH="$build:$PATH" PKG_CONFIG_PATH="$work/build" NO_COLOR=1
trap 'rm -rf "$work"' EXIT
cd "$work"

# The blocks, in files 1.sh 2.fedsh ... in their order.
awk '
/^```./ { name = ++n "." substr($0, 4); next }
/^```$/ { other = name == "" && !other; name = ""; next }
name != "" { print > name }' "$readme"

failed=0
fail() {
	echo "README.md: $1" >&2
	failed=1
}

# The transcripts are one session for each `add-client 10 noniid` that begins one.
figures() {
	sed 's/[0-9][0-9.,]*/#/g; s/  */ /g; s/^ //; s/ $//; s/# [kMGm]\{0,1\}\(s\|B\|FLOP\)\>/# \1/g' "$1"
}
transcript() {
	sed -n 's/^fedsh> //p' "$1" >commands
	fedsh commands >printed 2>&1 || fail "a transcript stops: $(tail -n 1 printed)"
	figures printed >found
	grep -v -e '^fedsh> ' -e '^\.\.\.$' -e '[┤│└]' "$1" >shown || :
	figures shown >wanted
	while IFS= read -r line; do
		grep -qxF -e "$line" found || fail "shows what is not printed: $line"
	done <wanted
}

for block in $(ls | grep -E '^[0-9]+\.(fedsh|sh)$' | sort -n) end; do
	case $block in
	*.fedsh)
		if [ -s session ] && head -n 1 "$block" | grep -q '^fedsh> add-client 10 noniid$'; then
			transcript session
			: >session
		fi
		cat "$block" >>session
		continue
		;;
	esac
	[ ! -s session ] || transcript session
	: >session
	[ "$block" != end ] || break
	grep '^fedsh ' "$block" >lines || continue
	sh -eu lines >printed 2>&1 || fail "a command fails: $(tail -n 1 printed)"
done
[ -f mine/mine.so ] || fail "no plugin was built"
exit "$failed"
