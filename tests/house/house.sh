#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The rules of the house, one a call: house.sh RULE [ROOT [BUILD]].  Prints each breach as FILE:LINE:
# WHY and exits with 1 if there was one, 77 if the rule cannot be checked here, 2 for a wrong call.
# BUILD, a folder with the object files of ROOT, is for the rules `circles` and `names`.
set -eu
LC_ALL=C
export LC_ALL
rule=${1:-}
build=$(cd "${3:-.}" && pwd)
cd "${2:-.}"

# The source files of some folders; none for a folder that does not exist.
sources() {
	for folder in "$@"; do
		[ ! -d "$folder" ] || find "$folder" -name '*.[ch]'
	done | sort
}

# FILE:LINE:HEADER of every #include in the files named on standard input; "..." and <...> stay.
includes() {
	xargs -r grep -n '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' /dev/null |
		sed 's/^\([^:]*:[0-9]*:\)[^"<]*\(["<][^">]*[">]\).*/\1\2/'
}

# Reads breaches on standard input.
verdict() {
	breaches=$(cat)
	[ -z "$breaches" ] || {
		printf '%s\n' "$breaches"
		return 1
	}
}

# Arrows run down only: what the files of each folder may include.
rule_layers() {
	sources core shell tui | includes | awk -F: '
	# A row for each folder: what its files and those of its subfolders without a row see.  What a
	# row names it also sees the subfolders of; of its own, those without a row.
	function row(folder, sees) {
		may[folder] = " " sees " "
	}
	function row_of(folder) {
		while (!(folder in may) && sub("/[^/]*$", "", folder))
			;
		return folder
	}
	function allows(folder, of) {
		if (row_of(of) == folder)
			return 1
		while (!index(may[folder], " " of " ")) {
			if (!sub("/[^/]*$", "", of))
				return 0
		}
		return 1
	}
	BEGIN {
		row("fedsh", "")
		row("base", "fedsh")
		row("nn", "fedsh base")
		row("data", "fedsh base formats")
		row("plug", "fedsh base")
		row("net", "fedsh base plug")
		row("formats", "fedsh base nn")
		row("conformance", "fedsh base nn data plug net")
		row("train/faults", "fedsh base plug")
		row("train/clients", "fedsh base data net")
		row("train/round", "fedsh base nn data plug net train/faults train/clients")
		row("train/local", "train/round " may["train/round"])
		row("train", "train/local " may["train/local"])
		row("worker", "conformance train/local " may["train/local"])
		row("cluster", "train/local " may["train/local"])
		row("train/schemes", "train" may["train"])
		row("history", "train" may["train"])
		row("session", "history conformance" may["history"])
		row("figures", "fedsh base")
		row("network", "fedsh base")
		row("report", "figures formats session" may["session"])
		row("checkpoint", "session" may["session"])
		row("travel", "checkpoint" may["checkpoint"])
		row("privacy", "session" may["session"])
		row("room", "network report" may["report"])
		row("experiments", "report" may["report"])
		row("tui", "report travel room" may["report"] may["travel"] may["room"])
		row("shell", "room network cluster tui travel checkpoint privacy experiments" may["experiments"])
		# Those who see the members of a session.
		opens["session"] = opens["checkpoint"] = opens["experiments"] = opens["travel"] = 1
	}
	$3 ~ /^"/ {
		layer = $1
		sub("^core/", "", layer)
		sub("/[^/]*$", "", layer)
		layer = row_of(layer)
		header = substr($3, 2, length($3) - 2)
		of = header
		if (!sub("/[^/]*$", "", of))
			of = ""
		if (header ~ /\.c$/)
			print $1 ":" $2 ": includes a source file, " header
		else if (layer == "fedsh" && of == "")
			next
		else if (of == "" || !allows(layer, of))
			print $1 ":" $2 ": includes \"" header "\"; " layer " may include itself," may[layer]
		else if (header == "session/internal.h" && !opens[layer])
			print $1 ":" $2 ": includes \"" header "\"; session.h and status.h are for " layer
	}' | verdict
}

# Libraries behind one door: one source file each.
rule_doors() {
	sources core shell tui plugins | includes |
		awk -F: '
		BEGIN {
			n = split("readline ncurses cblas dlfcn libxsmm utf8proc zip jansson png jpeglib yajl cairo zmq sodium mpi[.]h", library, " ")
		}
		{
			for (i = 1; i <= n; i++)
				if ($3 ~ "[<\"/]" library[i] "(/.*)?(\\.h)?[>\"]$" && !((i, $1) in seen)) {
					seen[i, $1] = 1
					place[i, ++files[i]] = $1 ":" $2
				}
		}
		END {
			for (i = 1; i <= n; i++)
				for (k = 1; files[i] > 1 && k <= files[i]; k++)
					print place[i, k] ": one of " files[i] " files that include " library[i]
		}' | verdict
}

# Plugins see the public headers, the C library and headers of their own folder.
rule_plugins() {
	sources plugins | includes | while IFS=: read -r file line header; do
		case $header in
		'<fedsh/'*) ;;
		'"'*/*) echo "$file:$line: includes $header from another folder" ;;
		'"'*)
			name=${header#?}
			[ -f "$(dirname "$file")/${name%?}" ] ||
				echo "$file:$line: includes $header, which is not in its folder"
			;;
		'<assert.h>' | '<complex.h>' | '<ctype.h>' | '<errno.h>' | '<fenv.h>' | '<float.h>' | \
			'<inttypes.h>' | '<limits.h>' | '<math.h>' | '<stdalign.h>' | '<stdarg.h>' | \
			'<stdatomic.h>' | '<stdbool.h>' | '<stddef.h>' | '<stdint.h>' | '<stdio.h>' | \
			'<stdlib.h>' | '<stdnoreturn.h>' | '<string.h>' | '<tgmath.h>' | '<time.h>' | \
			'<unistd.h>' | '<fcntl.h>' | '<poll.h>' | '<netdb.h>' | '<signal.h>' | '<pthread.h>' | \
			'<sys/'* | '<arpa/'* | '<net/'* | '<netinet/'*) ;;
		*) echo "$file:$line: includes $header; a plugin may use <fedsh/...> and the C library" ;;
		esac
	done | verdict
}

# Every file says its licence in its first three lines; the public headers are 0BSD.
rule_spdx() {
	{
		sources core shell tui plugins tests
		find tests sessions cmake -name '*.sh' -o -name '*.cmake' -o -name '*.fedsh' \
			-o -name '*.py' 2>/dev/null || :
		ls CMakeLists.txt tests/CMakeLists.txt start check .ci/* tests/fuzz/run 2>/dev/null || :
	} | sort -u | xargs awk '
	# A file of one line or two ends before its third.
	function judge() {
		if (file != "" && !said)
			print file ":1: no line \"SPDX-License-Identifier: " licence "\""
	}
	FNR == 1 {
		judge()
		file = FILENAME
		said = 0
		licence = file ~ "^core/fedsh/" ? "0BSD" : "GPL-3.0-or-later"
	}
	FNR <= 3 && $0 ~ "SPDX-License-Identifier: " licence "( \\*/)?$" { said = 1 }
	FNR == 3 { nextfile }
	END { judge() }' | verdict
}

rule_readme() {
	for folder in core core/* plugins plugins/* shell tui tests sessions; do
		[ "$folder" = core/fedsh ] || [ ! -d "$folder" ] || [ -z "$(ls "$folder")" ] ||
			[ -f "$folder/README.md" ] || echo "$folder: has no README.md"
	done | verdict
}

# Versions of clang-format disagree in details: the one of Debian 12 decides.
rule_format() {
	formatter=$(command -v clang-format-14 || command -v clang-format) || {
		echo "skipped: clang-format is not installed"
		exit 77
	}
	"$formatter" --version | grep -q 'version 14\.' || {
		echo "skipped: $("$formatter" --version), the rules are written for version 14"
		exit 77
	}
	sources core shell tui plugins tests | xargs "$formatter" --dry-run -Werror 2>&1 |
		sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error:.*/\1/p' | sort | uniq -c |
		awk '{ print $2 ": differs from clang-format in " $1 " places" }' | verdict
}

# The core never prints and never ends the process, but for the program in core/worker.
rule_quiet() {
	# Comments and strings are blanked, lines keep their numbers.
	sources core | grep -v '^core/worker/' | xargs -r awk '
	FNR == 1 { inside = 0 }
	{
		gsub(/"([^"\\]|\\.)*"/, "\"\"")
		line = ""
		while (length($0)) {
			if (inside) {
				end = index($0, "*/")
				if (!end) break
				$0 = substr($0, end + 2); inside = 0
			} else {
				begin = index($0, "/*")
				if (!begin) { line = line $0; break }
				line = line substr($0, 1, begin - 1)
				$0 = substr($0, begin + 2); inside = 1
			}
		}
		if (line ~ /(^|[^[:alnum:]_])((v?printf|puts|putchar|perror|_?exit|_Exit|abort)[[:space:]]*\(|std(out|err)([^[:alnum:]_]|$))/)
			print FILENAME ":" FNR ": prints or ends the process"
	}' | verdict
}

# The object files of the sources that are here; others are left over from another day.
objects() {
	(cd "$build" && find CMakeFiles -name '*.c.o') | while IFS= read -r object; do
		file=${object#CMakeFiles/*.dir/}
		case $file in
		core/* | shell/* | tui/*) [ ! -f "${file%.o}" ] || printf '%s\n' "$object" ;;
		esac
	done
}

# FILE FILE SYMBOL of what a source file uses of another, by the external symbols of the objects.
uses() {
	objects | (cd "$build" && xargs nm -A -P -g) | awk '
	{
		file = $1
		sub("^CMakeFiles/[^/]*\\.dir/", "", file)
		sub("\\.o:$", "", file)
		if ($3 ~ /^[Uvw]$/)
			needs[file, $2]
		else
			home[$2] = file
	}
	END {
		for (need in needs) {
			split(need, part, SUBSEP)
			if (part[2] in home && home[part[2]] != part[1])
				print part[1], home[part[2]], part[2]
		}
	}' | sort
}

# No circle of source files, and none of folders: a folder is what lies in it itself, without its
# subfolders.  A circle is a strongly connected component of what uses() says (Tarjan 1972).
rule_circles() {
	command -v nm >/dev/null || {
		echo "skipped: nm is not installed"
		exit 77
	}
	[ -n "$(objects)" ] || {
		echo "$build: has no object files of $(pwd)"
		exit 2
	}
	uses | awk '
	function least(a, b) {
		return a < b ? a : b
	}
	function folder(file) {
		sub("/[^/]*$", "", file)
		return file
	}
	function use(kind, from, to, symbol) {
		if (from == to || (from, to) in by)
			return
		by[from, to] = symbol
		target[from, ++targets[from]] = to
		if (!(from in kinds))
			node[++nodes] = from
		kinds[from] = kind
	}
	# A circle is allowed when all of it matches.
	function is_known(members, n,    i, k, fits) {
		for (k = 1; k <= knowns; k++) {
			fits = 1
			for (i = 1; i <= n; i++)
				fits = fits && members[i] ~ known[k]
			if (fits)
				return 1
		}
		return 0
	}
	function report(n,    i, j, text) {
		for (i = 2; i <= n; i++) # in order, whichever was met first
			for (j = i; j > 1 && member[j] < member[j - 1]; j--) {
				text = member[j]; member[j] = member[j - 1]; member[j - 1] = text
			}
		if (is_known(member, n))
			return
		text = ""
		for (i = 2; i <= n; i++)
			text = text " " member[i]
		print member[1] ": in a circle of " n " " kinds[member[1]] " with" text
		for (i = 1; i <= n; i++)
			for (j = 1; j <= n; j++)
				if ((member[i], member[j]) in by)
					print member[i] ": uses " member[j] ", " by[member[i], member[j]]
	}
	function visit(at,    i, to, n) {
		number[at] = low[at] = ++count
		stack[++height] = at
		open[at] = 1
		for (i = 1; i <= targets[at]; i++) {
			to = target[at, i]
			if (!(to in number)) {
				visit(to)
				low[at] = least(low[at], low[to])
			} else if (open[to])
				low[at] = least(low[at], number[to])
		}
		if (low[at] != number[at])
			return
		do {
			to = stack[height--]
			open[to] = 0
			member[++n] = to
		} while (to != at)
		if (n > 1)
			report(n)
	}
	BEGIN {
		# A state machine: the turn of a client, what the server does of it and the scheme
		# that both are steps of call one another, and are one subject in three files.
		known[++knowns] = "^core/train/schemes/split[^/]*\\.c$"
	}
	{
		use("files", $1, $2, $3)
		use("folders", folder($1), folder($2), $3 " (" $1 ")")
	}
	END {
		for (i = 1; i <= nodes; i++)
			if (!(node[i] in number))
				visit(node[i])
	}' | verdict
}

# Names: an external symbol has one home; `fed__` begins those that one library alone uses, `fed_` those
# that others use too; a struct tag stands for one struct.  A library is a folder of core, shell or tui.
rule_names() {
	command -v nm >/dev/null || {
		echo "skipped: nm is not installed"
		exit 77
	}
	[ -n "$(objects)" ] || {
		echo "$build: has no object files of $(pwd)"
		exit 2
	}
	{
		objects | (cd "$build" && xargs nm -A -P -g) |
			sed 's/^CMakeFiles\/[^/]*\.dir\/\(.*\)\.o: /\1 /' | sort | awk '
		function library(file, part) {
			split(file, part, "/")
			return part[1] == "core" ? part[1] "/" part[2] : part[1]
		}
		$3 ~ /^[Uvw]$/ {
			needs[$2] = needs[$2] " " $1
			next
		}
		$2 == "main" { next } # of each program
		$2 in home && home[$2] != $1 { print $1 ": defines " $2 ", as " home[$2] " does" }
		{ home[$2] = $1 }
		END {
			for (symbol in home) {
				if (symbol !~ /^fed_/)
					continue
				others = 0
				n = split(needs[symbol], user, " ")
				for (i = 1; i <= n; i++) {
					if (library(user[i]) == library(home[symbol]))
						continue
					others++
					if (symbol ~ /^fed__/)
						print user[i] ": uses " symbol ", which is private to " library(home[symbol])
				}
				if (!others && symbol !~ /^fed__/ && home[symbol] !~ "^core/network/") # whose users come later
					print home[symbol] ": defines " symbol ", which " library(home[symbol]) \
						" alone uses; such names begin with fed__"
			}
		}' | sort
		sources core shell tui | xargs awk '
		match($0, /^(static )?(const )?(struct|union|enum) [A-Za-z0-9_]+ \{/) {
			tag = substr($0, RSTART, RLENGTH - 2)
			sub(/^.* /, "", tag)
			if (tag in home)
				print FILENAME ":" FNR ": defines the tag " tag ", as " home[tag] " does"
			home[tag] = FILENAME ":" FNR
		}'
	} | verdict
}

rule_length() {
	sources core shell tui plugins tests | xargs -r wc -l |
		awk '$2 != "total" && $1 > 700 { print $2 ":701: " $1 " lines, 700 are allowed" }' | verdict
}

case $rule in
layers | doors | plugins | spdx | readme | format | quiet | circles | names | length) "rule_$rule" ;;
*)
	echo "usage: house.sh layers|doors|plugins|spdx|readme|format|quiet|length [ROOT]" >&2
	echo "       house.sh circles|names ROOT BUILD" >&2
	exit 2
	;;
esac
