#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds a house that keeps all rules, then breaks each rule once and expects house.sh to say where.
# Called with the path of house.sh.
set -eu
house=$1
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
	file shell/main.c '#include "tui/widgets/chart.h"'
	file shell/lines.c '#include <readline/readline.h>' '#include <readline/history.h>'
	file plugins/attacks/noise.c '#include <math.h>' '#include <fedsh/plugin.h>' '#include "near.h"'
	file plugins/attacks/near.h
	for folder in core core/base core/train shell plugins plugins/attacks; do
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
file core/session/view.c '#  include "tui/widgets/canvas.h"'
breach layers 'core/session/view.c:2:'
file shell/commands.c '#include "tui/widgets/canvas.h"'
breach layers 'shell/commands.c:2:'
file tui/views/other.c '#include "shell/line.h"'
breach layers 'tui/views/other.c:2:'
file core/base/all.c '#include "base/text.c"'
breach layers 'core/base/all.c:2: includes a source file'
file core/nn/fast.c '#include <openblas/cblas.h>'
breach doors 'core/base/blas.c:2: one of 2 files that include cblas'
file shell/keys.c '#include <readline/keymaps.h>'
breach doors 'shell/keys.c:2: one of 2 files that include readline'
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
exit "$failed"
