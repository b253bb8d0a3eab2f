#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# examples.sh README BUILD: each C block of plugins/README.md is a plugin that `build` compiles, that
# passes check-plugin, and that makes a round.
set -eu
readme=$(readlink -f -- "$1")
fedsh=$(readlink -f -- "$2")/fedsh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
awk '/^```c$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > ("example" n ".c") }' "$readme"

use() { # KIND NAME
	case $1 in
	AGGREGATOR) echo "aggregator $2" ;;
	ATTACK) echo "inject byzantine 20% attack=$2" ;;
	MODEL) echo "model $2" ;;
	TRANSPORT) echo "transport $2" ;;
	SELECTION) echo "set participants 4; select $2" ;;
	CODEC) echo "set codec $2" ;;
	esac
}

kinds=
for file in example*.c; do
	kind=$(sed -n 's/.*\.head = FED_\([A-Z]*\)(.*/\1/p' "$file")
	name=$(sed -n 's/.*\.head = FED_[A-Z]*([^"]*"\([a-z-]*\)".*/\1/p' "$file")
	mkdir "$name"
	mv "$file" "$name/$name.c"
	"$fedsh" -c "build $name; load $name; check-plugin $name; dataset blobs; add-client 8 samples=20
		$(use "$kind" "$name"); round; info $name" >said 2>&1 || {
		echo "$name: $(cat said)" >&2
		exit 1
	}
	grep -q ' passed, 0 failed' said && grep -q '^round 1 .*accuracy' said || {
		echo "$name is not checked, or makes no round: $(cat said)" >&2
		exit 1
	}
	kinds="$kinds $kind"
done
for kind in AGGREGATOR ATTACK MODEL TRANSPORT SELECTION CODEC; do
	case $kinds in
	*"$kind"*) ;;
	*)
		echo "no example of the kind $kind" >&2
		exit 1
		;;
	esac
done
