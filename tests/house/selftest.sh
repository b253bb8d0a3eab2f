#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds a house that keeps all rules, then breaks each rule once and expects house.sh to say where.
# Called with the path of house.sh and the compiler.
set -eu
house=$1
compiler=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failed=0

# file PATH LINE...: a source file with its licence and these lines.
file() {
	path=$root/$1
	licence=GPL-3.0-or-later
	case $1 in core/fedsh/*) licence=0BSD ;; esac
	mkdir -p "$(dirname "$path")"
	shift
	{
		printf '/* SPDX-License-Identifier: %s */\n' "$licence"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$path"
}

fresh() {
	rm -rf "$root"
	file core/fedsh/plugin.h '#include <stddef.h>'
	file core/fedsh/model.h '#include "plugin.h"'
	file core/base/text.c '#include "base/text.h"' 'static const char s[] = "exit(1)"; /* printf( */'
	file core/base/text.h '#include "fedsh/plugin.h"'
	file core/base/blas.c '#include <cblas.h>'
	file core/train/server.c '#include "net/messenger.h"'
	file core/checkpoint/save.c '#include "session/internal.h"'
	file shell/commands/plot.c '#include "tui/widgets/chart.h"'
	file shell/lines.c '#include <readline/readline.h>' '#include <readline/history.h>'
	file plugins/attacks/noise.c '#include <math.h>' '#include <fedsh/plugin.h>' '#include "near.h"'
	file plugins/attacks/near.h
	for folder in core core/base core/checkpoint core/train shell plugins plugins/attacks; do
		echo "# $folder" >"$root/$folder/README.md"
	done
	echo 'SortIncludes: false' >"$root/.clang-format"
}

# breach RULE TEXT: the rule is broken, and the report begins with TEXT.
breach() {
	rc=0
	report=$("$house" "$1" "$root") || rc=$?
	[ "$rc" -ne 77 ] || return 0
	case $rc:$report in
	"1:$2"*) ;;
	*)
		echo "$1: expected \"$2...\", got exit $rc and \"$report\""
		failed=1
		;;
	esac
	fresh
}

# object PATH LINE...: a source file, and its object file in the build folder of this house.
object() {
	file "$@"
	mkdir -p "$root/build/CMakeFiles/some.dir/$(dirname "$1")"
	"$compiler" -c -o "$root/build/CMakeFiles/some.dir/$1.o" "$root/$1"
}

# Two files, one above the other, and one in a folder below.
built() {
	object core/base/low.c 'int low(void) { return 1; }' 'static int place(void) { return 2; }' \
		'int (*low_place)(void) = place;'
	object core/base/high.c 'int low(void);' 'int high(void) { return low(); }'
	object core/base/deep/floor.c 'int floor_of(int x) { return x; }'
}

# wrong RULE TEXT: the rule is broken by what was built, and the report is TEXT.
wrong() {
	rc=0
	report=$("$house" "$1" "$root" "$root/build") || rc=$?
	[ "$rc:$report" = "1:$2" ] || [ "$rc" -eq 77 ] || {
		echo "$1: expected \"$2\", got exit $rc and \"$report\""
		failed=1
	}
	fresh
	built
}

fresh
for rule in layers doors plugins spdx readme format quiet length; do
	"$house" "$rule" "$root" || [ $? -eq 77 ] || {
		echo "$rule: complains about a house in order"
		failed=1
	}
done

file core/base/up.c '' '#include "nn/net.h"'
breach layers 'core/base/up.c:3: includes "nn/net.h"'
file core/nn/side.c '#include "data/dataset.h"'
breach layers 'core/nn/side.c:2:'
file core/train/round/gate.c '#include "train/faults/faults.h"' '#include "train/federation.h"'
breach layers 'core/train/round/gate.c:3: includes "train/federation.h"'
file core/train/loop.c '#include "train/round/gate.h"' '#include "train/schemes/sync.h"'
breach layers 'core/train/loop.c:3: includes "train/schemes/sync.h"'
file core/session/view.c '#  include "tui/widgets/canvas.h"'
breach layers 'core/session/view.c:2:'
file tui/views/other.c '#include "shell/line.h"'
breach layers 'tui/views/other.c:2:'
file core/base/all.c '#include "base/text.c"'
breach layers 'core/base/all.c:2: includes a source file'
file core/report/table.c '#include "session/internal.h"'
breach layers 'core/report/table.c:2: includes "session/internal.h"'
file tui/views/other.c '#include "session/internal.h"'
breach layers 'tui/views/other.c:2: includes "session/internal.h"'
file core/nn/fast.c '#include <openblas/cblas.h>'
breach doors 'core/base/blas.c:2: one of 2 files that include cblas'
file shell/keys.c '#include <readline/keymaps.h>'
breach doors 'shell/keys.c:2: one of 2 files that include readline'
file core/base/a.c '#include "formats/zip.h"'
file core/base/b.c '#include <zip.h>'
breach doors 'core/base/a.c:2: one of 2 files that include zip'
file plugins/attacks/core.c '#include "base/text.h"'
breach plugins 'plugins/attacks/core.c:2:'
file plugins/attacks/blas.c '#include <cblas.h>'
breach plugins 'plugins/attacks/blas.c:2:'
file plugins/attacks/far.c '#include "far.h"'
breach plugins 'plugins/attacks/far.c:2:'
echo 'int x;' >"$root/core/base/bare.c"
breach spdx 'core/base/bare.c:1:'
echo '/* SPDX-License-Identifier: GPL-3.0-or-later */' >"$root/core/fedsh/model.h"
breach spdx 'core/fedsh/model.h:1:'
rm "$root/core/train/README.md"
breach readme 'core/train:'
file core/base/ugly.c 'int  x ;'
breach format 'core/base/ugly.c: '
file core/base/loud.c '/* one' ' * two */ int x; /* three */' 'printf("x");'
breach quiet 'core/base/loud.c:4:'
file core/base/end.c 'if (x) exit (1);'
breach quiet 'core/base/end.c:2:'
file core/base/err.c 'fprintf(stderr, "x");'
breach quiet 'core/base/err.c:2:'
awk 'BEGIN { for (i = 0; i < 701; i++) print "int x;" }' >"$root/core/base/long.c"
breach length 'core/base/long.c:701: 701 lines'

rc=0
"$house" circles "$root" "$root/build" >/dev/null 2>&1 || rc=$?
[ "$rc" -eq 2 ] || [ "$rc" -eq 77 ] || {
	echo "circles: exit $rc without a build folder, not 2"
	failed=1
}
built
"$house" circles "$root" "$root/build" || [ $? -eq 77 ] || {
	echo "circles: complains about a house in order"
	failed=1
}
object core/base/low.c 'int high(void);' 'int low(void) { return high(); }'
wrong circles 'core/base/high.c: in a circle of 2 files with core/base/low.c
core/base/high.c: uses core/base/low.c, low
core/base/low.c: uses core/base/high.c, high'
# By way of a table, and through a third file; one who only looks on is not of the circle.
object core/base/low.c 'int two(void);' 'int (*table[])(void) = {two};' 'int low(void) { return 1; }'
object core/base/third.c 'int high(void);' 'int two(void) { return high(); }'
object core/base/looks_on.c 'int two(void);' 'int looks_on(void) { return two(); }'
wrong circles 'core/base/high.c: in a circle of 3 files with core/base/low.c core/base/third.c
core/base/high.c: uses core/base/low.c, low
core/base/low.c: uses core/base/third.c, two
core/base/third.c: uses core/base/high.c, high'
# Folders: no two files call each other, but the folders do.
object core/base/high.c 'int low(void);' 'int floor_of(int);' 'int high(void) { return floor_of(low()); }'
object core/base/deep/floor.c 'int floor_of(int x) { return x; }'
object core/base/deep/climbs.c 'int low(void);' 'int climbs(void) { return low(); }'
wrong circles 'core/base: in a circle of 2 folders with core/base/deep
core/base: uses core/base/deep, floor_of (core/base/high.c)
core/base/deep: uses core/base, low (core/base/deep/climbs.c)'
# What is left of a source that is gone counts for nothing.
object core/base/low.c 'int high(void);' 'int low(void) { return high(); }'
rm "$root/core/base/low.c"
"$house" circles "$root" "$root/build" || [ $? -eq 77 ] || {
	echo "circles: counts an object without a source"
	failed=1
}
fresh
built
"$house" names "$root" "$root/build" || [ $? -eq 77 ] || {
	echo "names: complains about a house in order"
	failed=1
}
object core/train/other.c 'int low(void) { return 3; }'
wrong names 'core/train/other.c: defines low, as core/base/low.c does'
object core/base/own.c 'int fed_own(void) { return 1; }' 'int fed__used(void) { return 2; }'
object core/train/uses.c 'int fed__used(void);' 'int other(void) { return fed__used(); }'
wrong names 'core/base/own.c: defines fed_own, which core/base alone uses; such names begin with fed__
core/train/uses.c: uses fed__used, which is private to core/base'
object core/base/own.c 'int fed_own(void) { return 1; }'
object core/train/uses.c 'int fed_own(void);' 'int other(void) { return fed_own(); }'
"$house" names "$root" "$root/build" || [ $? -eq 77 ] || {
	echo "names: complains about a symbol that another library uses"
	failed=1
}
object core/base/one.c 'struct tag {' '	int x;' '};' 'struct tag one;'
object core/base/two.c 'static struct tag {' '	int y;' '} two;'  'int *second = &two.y;'
wrong names 'core/base/two.c:2: defines the tag tag, as core/base/one.c:2 does'
exit "$failed"
